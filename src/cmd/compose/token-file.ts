import type { TokenAuthenticator } from '../../server/authn/authenticator.ts'
import { fileTokens, readTokenFile } from '../../server/authn/token-file.ts'
import type { Ports } from '../../std/ports.ts'
import { UserError } from '../user-error.ts'
import { readConfigured } from './configured-file.ts'

const flag = 'token-auth-file'

/** The tokens of `--token-auth-file`, which is read once, as upstream; undefined without one. */
export function openTokenFile(
  path: string | undefined,
  audiences: readonly string[],
  { log }: Pick<Ports, 'log'>,
): TokenAuthenticator | undefined {
  if (path === undefined) return undefined
  const text = readConfigured(path, flag)
  try {
    return fileTokens(readTokenFile({ path, text, warn: message => log.warn(message) }), audiences)
  } catch (error) {
    throw new UserError(
      `--${flag}: ${path}: ${(error as Error).message}`,
      'Each line is TOKEN,USER,UID or TOKEN,USER,UID,"GROUP,GROUP".',
    )
  }
}
