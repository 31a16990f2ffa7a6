import type { Clock } from '../../std/ports.ts'
import { headerValues, prefixedValues } from '../http/header-values.ts'
import type { FrontProxy } from './authenticator.ts'
import { certificateAuthenticator } from './certificate.ts'

/** What upstream calls --requestheader-allowed-names and its header flags; clusters are set up with these everywhere. */
const names = ['front-proxy-client']
const usernameHeader = 'x-remote-user'
const uidHeader = 'x-remote-uid'
const groupHeader = 'x-remote-group'
const extraPrefix = 'x-remote-extra-'

/**
 * Users named by a proxy that shows a certificate of the request-header authority and of a known name (apiserver
 * pkg/authentication/request/headerrequest).
 */
export function frontProxyUsers(requestHeaderCa: () => string, clock: Pick<Clock, 'nowMs'>): FrontProxy {
  const authenticate = certificateAuthenticator(requestHeaderCa, clock)
  return (context, certificate) => {
    if (!names.includes(certificate.commonName)) return undefined
    const [username] = headerValues(context, usernameHeader)
    if (!username || !authenticate(certificate.raw)) return undefined
    const uid = context.headers[uidHeader]
    const extra = prefixedValues(context, extraPrefix)
    return {
      username,
      ...(uid && { uid }),
      groups: headerValues(context, groupHeader).filter(Boolean),
      ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
    }
  }
}
