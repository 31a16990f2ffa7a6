import { type KeyPair, keyMatches } from '../../server/pki/certificate.ts'
import type { FlagReader } from '../server-flags.ts'
import { UserError } from '../user-error.ts'
import { type ConfiguredFile, openConfiguredFile, readConfigured } from './configured-file.ts'

/** A certificate and its key in files, by the flags that name them. */
export interface KeyPairFiles {
  readonly certificate: Pick<ConfiguredFile, 'path' | 'flag'>
  readonly key: Pick<ConfiguredFile, 'path' | 'flag'>
}

/** The files of two flags that go together; undefined where neither is given. */
export function keyPairFiles(
  flags: FlagReader,
  certificateFlag: string,
  keyFlag: string,
): KeyPairFiles | undefined {
  const [certificate, key] = [flags.optional(certificateFlag), flags.optional(keyFlag)]
  if ((certificate === undefined) !== (key === undefined))
    throw new UserError(`--${certificateFlag} and --${keyFlag} go together`, 'Give both, or neither.', 2)
  if (certificate === undefined || key === undefined) return undefined
  return { certificate: { path: certificate, flag: certificateFlag }, key: { path: key, flag: keyFlag } }
}

/** Gives the pair to `take` now and whenever it changes; two that do not belong together change nothing. */
export async function openKeyPair(
  { certificate, key }: KeyPairFiles,
  take: (pair: KeyPair) => void,
  ports: Parameters<typeof openConfiguredFile>[1],
  signal: AbortSignal,
): Promise<void> {
  const apply = () => {
    const pair = {
      certificate: readConfigured(certificate.path, certificate.flag),
      key: readConfigured(key.path, key.flag),
    }
    if (!keyMatches(pair)) throw new Error('the private key does not match the certificate')
    take(pair)
  }
  for (const file of [certificate, key]) await openConfiguredFile({ ...file, apply }, ports, signal)
}
