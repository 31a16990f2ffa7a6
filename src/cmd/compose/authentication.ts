import { readFileSync, unwatchFile, watchFile } from 'node:fs'
import { allAlgorithms, type FetchDocument } from '../../server/authn/jwt/authenticator.ts'
import {
  type AuthenticationConfiguration,
  readAuthenticationConfiguration,
} from '../../server/authn/jwt/configuration.ts'
import { oidcAuthenticator } from '../../server/authn/jwt/oidc-flags.ts'
import {
  createOutsideAuthentication,
  type OutsideAuthentication,
} from '../../server/authn/jwt/outside-tokens.ts'
import type { Ports } from '../../std/ports.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'

/** Where outside authentication comes from: a file, flags or nothing. */
export interface AuthenticationSource {
  readonly path: string | undefined
  readonly fromFlags: AuthenticationConfiguration
  readonly algorithms: readonly string[]
}

const reloadMs = 60_000
const fetchTimeoutMs = 30_000

/** Reads the flags; both ways at once are refused, as upstream does. */
export function authenticationSource(flags: FlagReader): AuthenticationSource {
  const path = flags.optional('authentication-config')
  const issuerUrl = flags.optional('oidc-issuer-url')
  const clientId = flags.optional('oidc-client-id')
  if (path && (issuerUrl || clientId))
    throw new UserError('--authentication-config and --oidc-* flags are mutually exclusive')
  if ((issuerUrl === undefined) !== (clientId === undefined))
    throw new UserError('--oidc-issuer-url and --oidc-client-id must be specified together')
  if (issuerUrl === undefined || clientId === undefined)
    return { path, fromFlags: {}, algorithms: allAlgorithms }
  const caFile = flags.optional('oidc-ca-file')
  const authenticator = oidcAuthenticator({
    issuerUrl,
    clientId,
    usernameClaim: flags.text('oidc-username-claim'),
    usernamePrefix: flags.optional('oidc-username-prefix'),
    groupsClaim: flags.optional('oidc-groups-claim'),
    groupsPrefix: flags.optional('oidc-groups-prefix'),
    requiredClaims: flags.list('oidc-required-claim'),
    authority: caFile === undefined ? undefined : readText(caFile, 'oidc-ca-file'),
  })
  return { path, fromFlags: { jwt: [authenticator] }, algorithms: flags.list('oidc-signing-algs') }
}

/** Outside authentication as configured; the file is read again when it changes, and a bad one changes nothing. */
export function openOutsideAuthentication(
  { path, fromFlags, algorithms }: AuthenticationSource,
  ownIssuers: readonly string[],
  ports: Ports,
  signal: AbortSignal,
): OutsideAuthentication {
  const outside = createOutsideAuthentication({ ownIssuers, clock: ports.clock, fetchDocument })
  const read = () =>
    path === undefined ? fromFlags : readAuthenticationConfiguration(readText(path, 'authentication-config'))
  try {
    outside.configure(read(), algorithms)
  } catch (error) {
    if (error instanceof UserError) throw error
    throw new UserError(`${path ?? '--oidc-*'}: ${(error as Error).message}`)
  }
  if (path !== undefined) follow(path, signal, () => reload(outside, read, algorithms, ports))
  return outside
}

function reload(
  outside: OutsideAuthentication,
  read: () => AuthenticationConfiguration,
  algorithms: readonly string[],
  { log }: Ports,
): void {
  try {
    outside.configure(read(), algorithms)
    log.info('authentication configuration taken anew')
  } catch (error) {
    log.error('the changed authentication configuration is not usable; the one before stays', {
      error: (error as Error).message,
    })
  }
}

function follow(path: string, signal: AbortSignal, changed: () => void): void {
  watchFile(path, { interval: reloadMs, persistent: false }, changed)
  signal.addEventListener('abort', () => unwatchFile(path, changed), { once: true })
}

function readText(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UserError(`--${flag}: ${(error as Error).message}`, 'Check the path.')
  }
}

const fetchDocument: FetchDocument = (url, { ca, signal }) => {
  const timeout = AbortSignal.timeout(fetchTimeoutMs)
  return fetch(url, {
    signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    ...(ca !== undefined && { tls: { ca } }),
  })
}
