import type { TokenSettings } from '../../server/authn/authn.ts'
import { connectExternalSigner, type ExternalSigner } from '../../server/authn/external-signer.ts'
import { staticKeys } from '../../server/authn/token-key.ts'
import { usualLife } from '../../server/authn/token-request.ts'
import type { Pki } from '../../server/pki/pki.ts'
import type { Ports } from '../../std/ports.ts'
import { durationMs } from '../flag-makers.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'

/** What flags say of service account tokens. */
export interface ServiceAccountSource {
  /** The first signs; at least one. */
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  readonly signingKeyFile: string | undefined
  readonly keyFiles: readonly string[]
  readonly signingEndpoint: string | undefined
  readonly keySetUri: string | undefined
  /** 0: no limit. */
  readonly lifeSecondsMax: number
  readonly extendsLife: boolean
}

const lifeSecondsLeast = 3600
const lifeSecondsMost = 2 ** 32

/** Reads the flags; what upstream refuses together is refused. */
export function serviceAccountSource(flags: FlagReader, clusterDomain: string): ServiceAccountSource {
  const named = flags.list('service-account-issuer')
  const issuers = named.length > 0 ? named : [`https://kubernetes.default.svc.${clusterDomain}`]
  const audiences = flags.list('api-audiences')
  const signingKeyFile = flags.optional('service-account-signing-key-file')
  const signingEndpoint = flags.optional('service-account-signing-endpoint')
  const keyFiles = flags.list('service-account-key-file')
  if (signingEndpoint && (signingKeyFile || keyFiles.length > 0))
    throw new UserError(
      `--service-account-signing-endpoint and --service-account-${signingKeyFile ? 'signing-key' : 'key'}-file are mutually exclusive and cannot be set at the same time`,
    )
  const lifeSecondsMax = durationMs(flags.text('service-account-max-token-expiration')) / 1000
  if (lifeSecondsMax !== 0 && (lifeSecondsMax < lifeSecondsLeast || lifeSecondsMax > lifeSecondsMost))
    throw new UserError('the service-account-max-token-expiration must be between 1 hour and 2^32 seconds')
  return {
    ...{ issuers, signingKeyFile, signingEndpoint, keyFiles, lifeSecondsMax },
    audiences: audiences.length > 0 ? audiences : issuers,
    keySetUri: flags.optional('service-account-jwks-uri'),
    extendsLife: flags.yes('service-account-extend-token-expiration'),
  }
}

/** Opens the keys that the flags name; an external signer is let go with `signal`. */
export async function openServiceAccounts(
  source: ServiceAccountSource,
  pki: Pki,
  ports: Ports,
  signal: AbortSignal,
): Promise<TokenSettings> {
  const { issuers, audiences, keySetUri, extendsLife, signingEndpoint } = source
  const extendedSeconds = extendsLife ? usualLife.extendedSeconds : 0
  const common = { issuers, audiences, keySetUri }
  if (signingEndpoint === undefined) {
    const life = { secondsMax: source.lifeSecondsMax, extendedSeconds }
    return { ...common, life, keys: ownKeys(source, pki) }
  }
  const signer = await openSigner(signingEndpoint, ports)
  signal.addEventListener('abort', () => signer.close(), { once: true })
  const secondsMax = lifeWith(signer, source)
  const life = { secondsMax, extendedSeconds: Math.min(extendedSeconds, signer.lifeSecondsMax) }
  return { ...common, life, keys: signer }
}

function ownKeys({ signingKeyFile, keyFiles }: ServiceAccountSource, { serviceAccountKey }: Pki) {
  const further = keyFiles.map(path => readConfigured(path, 'service-account-key-file'))
  const signing =
    signingKeyFile === undefined
      ? serviceAccountKey
      : readConfigured(signingKeyFile, 'service-account-signing-key-file')
  try {
    return staticKeys(signing, further)
  } catch (error) {
    const flags = [
      ...(signingKeyFile ? ['service-account-signing-key-file'] : []),
      'service-account-key-file',
    ]
    throw new UserError(`--${flags.join(', --')}: ${(error as Error).message}`)
  }
}

async function openSigner(path: string, ports: Ports): Promise<ExternalSigner> {
  try {
    return await connectExternalSigner(path, ports)
  } catch (error) {
    throw new UserError(`--service-account-signing-endpoint: ${(error as Error).message}`)
  }
}

function lifeWith({ lifeSecondsMax }: ExternalSigner, source: ServiceAccountSource): number {
  if (source.lifeSecondsMax > lifeSecondsMax)
    throw new UserError(
      `service-account-max-token-expiration cannot be set longer than the token expiration supported by service-account-signing-endpoint: ${source.lifeSecondsMax}s > ${lifeSecondsMax}s`,
    )
  return source.lifeSecondsMax || lifeSecondsMax
}
