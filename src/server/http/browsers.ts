import { goRegExp } from '../../machinery/regexp/go-regexp.ts'

/** What pages of other origins may do, and that browsers come over TLS alone. */
export interface BrowserRules {
  /** Patterns in Go's syntax; none: no origin is answered. */
  readonly allowedOrigins: readonly string[]
  /** `max-age=31536000`, `includeSubDomains`, `preload`; none: nothing is said. */
  readonly transportSecurity: readonly string[]
}

/** What an answer says to browsers besides. */
export interface BrowserAnswer {
  readonly headers: Readonly<Record<string, string>>
  /** The origin may ask, so that a preflight request is answered here (`204`). */
  readonly isAllowed: boolean
}

/** Upstream's WithCORS and WithHSTS (apiserver pkg/server/filters); undefined where there is nothing to say. */
export function createBrowserAnswers({
  allowedOrigins,
  transportSecurity,
}: BrowserRules): ((origin: string | undefined) => BrowserAnswer) | undefined {
  if (allowedOrigins.length + transportSecurity.length === 0) return undefined
  const secured = transportSecurity.length > 0 && {
    'strict-transport-security': transportSecurity.join('; '),
  }
  const plain: BrowserAnswer = { headers: { ...secured }, isAllowed: false }
  const patterns = allowedOrigins.flatMap(text => {
    const compiled = goRegExp(text)
    return 'regExp' in compiled ? [compiled.regExp] : []
  })
  return origin => {
    if (!origin || !patterns.some(pattern => pattern.test(origin))) return plain
    return {
      headers: { ...plain.headers, 'access-control-allow-origin': origin, ...allowances },
      isAllowed: true,
    }
  }
}

const allowances = {
  'access-control-allow-methods': 'POST, GET, OPTIONS, PUT, DELETE, PATCH',
  'access-control-allow-headers':
    'Content-Type, Content-Length, Accept-Encoding, X-CSRF-Token, Authorization, X-Requested-With, If-Modified-Since',
  'access-control-expose-headers': 'Date',
  'access-control-allow-credentials': 'true',
}

/** What is wrong with a pattern of origins; upstream wants it tied to the start and the end of the host (CVE-2022-1996). */
export function originFault(pattern: string): string | undefined {
  const compiled = goRegExp(pattern)
  if ('fault' in compiled) return compiled.fault
  const isPinned = /\^|\/\//.test(pattern) && /[$:]/.test(pattern)
  return isPinned ? undefined : 'regular expression does not pin to start/end of host in the origin header'
}

export function transportSecurityFault(directive: string): string | undefined {
  const isKnown = /^(?:includeSubDomains|preload|max-age=[^=]*)$/.test(directive)
  return isKnown ? undefined : 'allowed values: max-age=expireTime, includeSubDomains, preload'
}
