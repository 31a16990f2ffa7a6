import type { RequestHeaders } from '../authn/front-proxy.ts'
import type { UserInfo } from '../context.ts'

/** How this server shows itself to servers behind it, and what they need to know it by. */
export interface FrontProxy {
  /** PEM; the client certificate that is allowed to speak for users. */
  readonly cert: string
  readonly key: string
  /** PEM; who signs that certificate. */
  readonly requestHeaderCa: string
  /** PEM; who signs users' certificates. */
  readonly clientCa: string
  /** Which proxies they may believe, and what of them. Default: the usual. */
  readonly requestHeaders?: RequestHeaders
}

export type ProxyHeaders = Readonly<Record<string, string | readonly string[]>>

/** Whose request this is, for a server that believes the front proxy's certificate (client-go SetAuthProxyHeaders). */
export function userHeaders({ username, uid, groups, extra = {} }: UserInfo): ProxyHeaders {
  const headers: Record<string, string | readonly string[]> = { 'x-remote-user': username }
  if (uid) headers['x-remote-uid'] = uid
  if (groups.length > 0) headers['x-remote-group'] = groups
  for (const [key, values] of Object.entries(extra)) headers[`x-remote-extra-${escapeKey(key)}`] = values
  return headers
}

/** Everything that is no header token is percent-encoded, and so is the percent sign. */
function escapeKey(key: string): string {
  return key
    .toLowerCase()
    .replace(/[^a-z0-9!#$&'*+.^_`|~-]/g, text =>
      encodeURIComponent(text).replace(/\(/g, '%28').replace(/\)/g, '%29'),
    )
}
