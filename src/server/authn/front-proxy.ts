import type { Clock } from '../../std/ports.ts'
import type { RequestContext } from '../context.ts'
import { headerValues, prefixedValues } from '../http/header-values.ts'
import type { FrontProxy } from './authenticator.ts'
import { certificateAuthenticator } from './certificate.ts'

/** Which proxies may name users, and in which headers (kube-apiserver's flags `--requestheader-*`); headers in any case. */
export interface RequestHeaders {
  /** Common names of the certificates that proxies show; empty: any that the authority has signed. */
  readonly allowedNames: readonly string[]
  /** Of these the first that has a value counts; so with `uid`. */
  readonly username: readonly string[]
  readonly uid: readonly string[]
  /** The values of all of these count, as with `extraPrefix`. */
  readonly group: readonly string[]
  readonly extraPrefix: readonly string[]
}

/** Clusters are set up with these everywhere. */
export const usualRequestHeaders: RequestHeaders = {
  allowedNames: ['front-proxy-client'],
  username: ['X-Remote-User'],
  uid: ['X-Remote-Uid'],
  group: ['X-Remote-Group'],
  extraPrefix: ['X-Remote-Extra-'],
}

/**
 * Users named by a proxy that shows a certificate of the request-header authority and of a known name (apiserver
 * pkg/authentication/request/headerrequest).
 */
export function frontProxyUsers(
  requestHeaderCa: () => string,
  clock: Pick<Clock, 'nowMs'>,
  rules: RequestHeaders = usualRequestHeaders,
): FrontProxy {
  const authenticate = certificateAuthenticator(requestHeaderCa, clock)
  const { allowedNames } = rules
  const [nameHeaders, uidHeaders, groupHeaders] = [
    lower(rules.username),
    lower(rules.uid),
    lower(rules.group),
  ]
  const extraPrefixes = lower(rules.extraPrefix)
  return (context, certificate) => {
    if (allowedNames.length > 0 && !allowedNames.includes(certificate.commonName)) return undefined
    const username = firstValue(context, nameHeaders)
    if (!username || !authenticate(certificate.raw)) return undefined
    const uid = firstValue(context, uidHeaders)
    const extra = extrasOf(context, extraPrefixes)
    return {
      username,
      ...(uid && { uid }),
      groups: groupHeaders.flatMap(name => headerValues(context, name)).filter(Boolean),
      ...(extra.size > 0 && { extra: Object.fromEntries(extra) }),
    }
  }
}

/**
 * Whether a header speaks of users in a way that only proxies may, besides the usual `X-Remote-*`; undefined where no
 * others are configured.
 */
export function furtherClaims(rules: RequestHeaders): ((name: string) => boolean) | undefined {
  const isUsual = (name: string) => name.startsWith('x-remote-')
  const names = lower([...rules.username, ...rules.uid, ...rules.group]).filter(name => !isUsual(name))
  const prefixes = lower(rules.extraPrefix).filter(name => !isUsual(name))
  if (names.length + prefixes.length === 0) return undefined
  return name => names.includes(name) || prefixes.some(prefix => name.startsWith(prefix))
}

type Heard = Pick<RequestContext, 'headers' | 'rawHeaders'>

function firstValue(context: Heard, names: readonly string[]): string | undefined {
  for (const name of names) {
    const [value] = headerValues(context, name)
    if (value) return value
  }
  return undefined
}

function extrasOf(context: Heard, prefixes: readonly string[]): Map<string, string[]> {
  const extra = new Map<string, string[]>()
  for (const prefix of prefixes)
    for (const [key, values] of prefixedValues(context, prefix))
      extra.set(key, [...(extra.get(key) ?? []), ...values])
  return extra
}

function lower(names: readonly string[]): readonly string[] {
  return names.map(name => name.toLowerCase())
}
