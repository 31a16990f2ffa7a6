import type { Authenticator, PeerCertificate, RequestContext, UserInfo } from '../context.ts'
import { inKeyOrder } from './extra.ts'
import type { TokenTrace } from './token-uses.ts'

/** Turns what callers show into users. */
export interface Authentication {
  /** For the chain: undefined (401) for a credential that is shown and wrong. */
  readonly authenticate: Authenticator
  /** The answer to a TokenReview: never throws for a bad token. */
  reviewToken(token: string, audiences?: readonly string[]): Promise<TokenVerdict>
}

/** What one kind of token says about a bearer token. */
export type TokenVerdict =
  | {
      readonly kind: 'user'
      readonly user: UserInfo
      readonly audiences: readonly string[]
      readonly trace?: TokenTrace
    }
  /** Ours, but not valid; `reason` is upstream's text. */
  | { readonly kind: 'invalid'; readonly reason: string; readonly trace?: TokenTrace }
  /** Not a token of this kind. */
  | { readonly kind: 'unknown' }

/** One kind of bearer token. `audiences` are those that the caller accepts. */
export type TokenAuthenticator = (token: string, audiences: readonly string[]) => Promise<TokenVerdict>

/** The user of a client certificate (anonymous when it names none), or undefined when it is not valid. */
export type CertificateAuthenticator = (certificate: Uint8Array) => UserInfo | undefined

/** The user that a trusted front proxy names in headers; undefined when the caller is no such proxy or names nobody. */
export type FrontProxy = (context: RequestContext, certificate: PeerCertificate) => UserInfo | undefined

export interface AuthenticationOptions {
  readonly certificates: CertificateAuthenticator
  /** Asked first: another server that has authenticated the caller, and says whom. */
  readonly frontProxy?: FrontProxy
  /** Asked in order; the first that knows the token's user decides. */
  readonly tokens: readonly TokenAuthenticator[]
  /** What a token that names no audience is good for: the API server itself. */
  readonly audiences: readonly string[]
}

const authenticatedGroup = 'system:authenticated'
const unauthenticatedGroup = 'system:unauthenticated'
export const anonymousUser: UserInfo = { username: 'system:anonymous', groups: [unauthenticatedGroup] }

export function createAuthentication(options: AuthenticationOptions): Authentication {
  const review = (token: string, audiences: readonly string[]) =>
    firstVerdict(options.tokens, token, audiences)
  const byCertificate = (context: RequestContext, certificate: PeerCertificate) =>
    options.frontProxy?.(context, certificate) ?? options.certificates(certificate.raw)
  return {
    async authenticate(context) {
      const { credential } = context
      const shown =
        credential.kind === 'certificate' ? byCertificate(context, credential.certificate) : undefined
      if (shown && shown !== anonymousUser) return shown
      const token = 'token' in credential ? credential.token : undefined
      if (token === undefined) return shown
      const verdict = await review(token, options.audiences)
      leaveTrace(context, verdict)
      return verdict.kind === 'user' ? verdict.user : undefined
    },
    async reviewToken(token, audiences = options.audiences) {
      const verdict = await review(token, audiences.length ? audiences : options.audiences)
      return verdict.kind === 'user' ? { ...verdict, user: withAuthenticated(verdict.user) } : verdict
    },
  }
}

/** What a token's use is to be known by goes to the request that it came with. */
export function leaveTrace(
  context: Pick<RequestContext, 'auditAnnotations' | 'warnings'>,
  verdict: TokenVerdict,
): void {
  if (verdict.kind === 'unknown' || !verdict.trace) return
  const { annotations, warnings } = verdict.trace
  context.warnings.push(...warnings)
  for (const [key, value] of Object.entries(annotations)) {
    context.auditAnnotations ??= new Map()
    context.auditAnnotations.set(key, value)
  }
}

/**
 * The first that knows a user decides; a token that one finds bad may be another's good one, and if it is nobody's all that
 * was found is told (apiserver pkg/authentication/token/union).
 */
export async function firstVerdict(
  tokens: readonly TokenAuthenticator[],
  token: string,
  audiences: readonly string[],
): Promise<TokenVerdict> {
  let bad: Extract<TokenVerdict, { readonly kind: 'invalid' }> | undefined
  for (const authenticate of tokens) {
    const verdict = await authenticate(token, audiences)
    if (verdict.kind === 'user') return verdict
    if (verdict.kind === 'unknown' || bad?.reason === verdict.reason) continue
    bad = bad ? { ...bad, reason: `${bad.reason}, ${verdict.reason}` } : verdict
  }
  return bad ?? { kind: 'unknown' }
}

/** Everybody who is somebody is a member of `system:authenticated` (apiserver pkg/authentication/group). */
export function withAuthenticated(user: UserInfo): UserInfo {
  if (user.username === anonymousUser.username) return user
  if (user.groups.includes(authenticatedGroup) || user.groups.includes(unauthenticatedGroup)) return user
  return { ...user, groups: [...user.groups, authenticatedGroup] }
}

/** authentication.k8s.io/v1 TokenReviewStatus for a verdict, with upstream's error texts. */
export function tokenReviewStatus(verdict: TokenVerdict) {
  if (verdict.kind === 'user') {
    const { username, uid, groups, extra } = verdict.user
    return {
      authenticated: true,
      user: { username, ...(uid && { uid }), groups, ...(extra && { extra: inKeyOrder(extra) }) },
      audiences: verdict.audiences,
    }
  }
  const error =
    verdict.kind === 'invalid' ? `[invalid bearer token, ${verdict.reason}]` : 'invalid bearer token'
  return { user: {}, error }
}
