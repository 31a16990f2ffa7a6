import type { JWTVerifyGetKey } from 'jose'
import type { Clock, Logger } from '../../../std/ports.ts'
import type { TokenAuthenticator, TokenVerdict } from '../authenticator.ts'
import type { JwtAuthenticator } from './configuration.ts'
import { claimResolver } from './distributed.ts'
import { type FetchDocument, issuerKeys } from './issuer-keys.ts'
import { ClaimError, type Claims, createClaimMapper } from './mapping.ts'
import type { JwtMeter } from './meter.ts'
import { untrustedIssuer } from './untrusted-issuer.ts'
import { verifiedClaims } from './verify.ts'

/** Signing algorithms that structured configuration accepts; none of them shares a secret. */
export const allAlgorithms: readonly string[] = [
  ...['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
]

export interface JwtSetup {
  readonly authenticator: JwtAuthenticator
  readonly algorithms: readonly string[]
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly log: Logger
  readonly fetchDocument: FetchDocument
  readonly meter: JwtMeter
}

/**
 * Tokens of an outside issuer (OpenID Connect; apiserver plugin/pkg/authenticator/token/oidc). Its keys are fetched
 * when its first token comes and again when a token names a key that is not known yet.
 */
export function jwtTokens(setup: JwtSetup): TokenAuthenticator {
  const { authenticator, clock, meter } = setup
  const { issuer = {} } = authenticator
  const toUser = createClaimMapper(authenticator)
  const keys = keysOf(setup)
  const claims = claimsOf(setup)
  const verdictOf = async (token: string, audiences: readonly string[]): Promise<TokenVerdict> => {
    try {
      return { kind: 'user', user: toUser(await claims(token, await keys())), audiences }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return {
        kind: 'invalid',
        reason: error instanceof ClaimError ? reason : `oidc: verify token: ${reason}`,
      }
    }
  }
  return async (token, audiences) => {
    if (issuerOf(token) !== issuer.url) return { kind: 'unknown' }
    const startMs = clock.monotonicMs()
    const verdict = await verdictOf(token, audiences)
    const seconds = (clock.monotonicMs() - startMs) / 1000
    meter.authenticated(issuer.url ?? '', verdict.kind === 'user' ? 'success' : 'failure', seconds)
    return verdict
  }
}

/** The claims of a verified token, with groups fetched where they lie elsewhere. */
function claimsOf({ authenticator, algorithms, clock, fetchDocument }: JwtSetup) {
  const { issuer = {}, claimMappings } = authenticator
  const groups = claimMappings?.groups?.claim
  const complete = groups
    ? claimResolver(groups, { issuer, algorithms, clock, fetchDocument })
    : (claims: Claims) => claims
  return async (token: string, keys: JWTVerifyGetKey) => {
    const to = { keys, algorithms, nowMs: clock.nowMs(), audiences: issuer.audiences ?? [] }
    return complete(await verifiedClaims(token, to))
  }
}

/** The issuer is read before the signature is checked, only to leave other issuers' tokens to others. */
function issuerOf(token: string): string | undefined {
  try {
    return untrustedIssuer(token)
  } catch {
    // Somebody else's token, whatever it is.
    return undefined
  }
}

function keysOf({ authenticator: { issuer = {} }, clock, log, fetchDocument, meter }: JwtSetup) {
  const { url = '' } = issuer
  const fetched = (text: string | undefined) => meter.fetchedKeys(url, text)
  const keys = issuerKeys({ clock, fetchDocument, fetched }, issuer)
  let told: unknown
  return () =>
    keys().catch(cause => {
      if (cause !== told) log.error('an issuer of tokens cannot be asked', { url, reason: String(cause) })
      told = cause
      throw new ClaimError('oidc: authenticator not initialized', { cause })
    })
}
