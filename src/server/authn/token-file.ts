import type { UserInfo } from '../context.ts'
import type { TokenAuthenticator } from './authenticator.ts'

const columnsMin = 3

export interface TokenFile {
  readonly path: string
  readonly text: string
  /** Told what is odd and not wrong. */
  readonly warn: (message: string) => void
}

/**
 * Reads the file of `--token-auth-file`: token, user name, UID and, where there are any, groups in one column (apiserver
 * pkg/authentication/token/tokenfile). Throws `Error`: upstream's where a column is missing, the library's for what is no CSV.
 */
export function readTokenFile({ path, text, warn }: TokenFile): ReadonlyMap<string, UserInfo> {
  const users = new Map<string, UserInfo>()
  for (const [index, record] of csvRecords(text).entries()) {
    const [token = '', username = '', uid = '', groups] = record
    const number = `in token file '${path}', record number '${index + 1}'`
    if (record.length < columnsMin)
      throw new Error(
        `token file '${path}' must have at least ${columnsMin} columns (token, user name, user uid), found ${record.length}`,
      )
    if (token === '') {
      warn(`empty token has been found ${number}`)
      continue
    }
    if (users.has(token)) warn(`duplicate token has been found ${number}`)
    users.set(token, { username, ...(uid && { uid }), groups: groups?.split(',') ?? [] })
  }
  return users
}

function csvRecords(text: string): string[][] {
  // Only a server that has such a file loads the library.
  const { parse } = require('csv-parse/sync') as typeof import('csv-parse/sync')
  return parse(text, { relax_column_count: true, skip_empty_lines: true, record_delimiter: ['\r\n', '\n'] })
}

/** Tokens that a file holds; they are good for every audience of this server. */
export function fileTokens(
  users: ReadonlyMap<string, UserInfo>,
  implicitAudiences: readonly string[],
): TokenAuthenticator {
  return async (token, audiences) => {
    const user = users.get(token)
    const accepted = audiences.filter(each => implicitAudiences.includes(each))
    return user && accepted.length > 0 ? { kind: 'user', user, audiences: accepted } : { kind: 'unknown' }
  }
}
