import { createRemoteJWKSet, customFetch, decodeJwt, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../../std/ports.ts'
import type { TokenAuthenticator, TokenVerdict } from '../authenticator.ts'
import type { Issuer, JwtAuthenticator } from './configuration.ts'
import { ClaimError, type ClaimMapper, createClaimMapper } from './mapping.ts'
import { verifiedClaims } from './verify.ts'

/** Signing algorithms that structured configuration accepts; none of them shares a secret. */
export const allAlgorithms: readonly string[] = [
  ...['ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
]

/** GETs a document over TLS. */
export type FetchDocument = (
  url: string,
  options: { readonly ca: string | undefined; readonly signal?: AbortSignal },
) => Promise<Response>

export interface JwtSetup {
  readonly authenticator: JwtAuthenticator
  readonly algorithms: readonly string[]
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly fetchDocument: FetchDocument
}

const discoveryRetryMs = 10_000
/** A key that is not known is looked for at once, but not by each of a flood of tokens. */
const keysCooldownMs = 1000

/**
 * Tokens of an outside issuer (OpenID Connect; apiserver plugin/pkg/authenticator/token/oidc). Its keys are fetched
 * when its first token comes and again when a token names a key that is not known yet.
 */
export function jwtTokens(setup: JwtSetup): TokenAuthenticator {
  const { authenticator } = setup
  const { issuer = {} } = authenticator
  const toUser = createClaimMapper(authenticator)
  const keys = issuerKeys(setup, issuer)
  return async (token, audiences) => {
    if (issuerOf(token) !== issuer.url) return { kind: 'unknown' }
    try {
      return await verdictOf({ setup, issuer, token, toUser, keys: await keys(), audiences })
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return {
        kind: 'invalid',
        reason: error instanceof ClaimError ? reason : `oidc: verify token: ${reason}`,
      }
    }
  }
}

interface Examination {
  readonly setup: JwtSetup
  readonly issuer: Issuer
  readonly token: string
  readonly toUser: ClaimMapper
  readonly keys: JWTVerifyGetKey
  readonly audiences: readonly string[]
}

async function verdictOf({
  setup,
  issuer,
  token,
  toUser,
  keys,
  audiences,
}: Examination): Promise<TokenVerdict> {
  const claims = await verifiedClaims(token, {
    ...{ keys, algorithms: setup.algorithms, nowMs: setup.clock.nowMs() },
    audiences: issuer.audiences ?? [],
  })
  return { kind: 'user', user: toUser(claims), audiences }
}

/** The issuer is read before the signature is checked, only to leave other issuers' tokens to others. */
function issuerOf(token: string): string | undefined {
  try {
    return decodeJwt(token).iss
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

/** Finds the key set by discovery; after a failure not before ten seconds have passed. */
function issuerKeys({ clock, fetchDocument }: JwtSetup, issuer: Issuer): () => Promise<JWTVerifyGetKey> {
  let found: Promise<JWTVerifyGetKey> | undefined
  let failed: { readonly atMs: number; readonly error: Error } | undefined
  return () => {
    if (failed && clock.monotonicMs() - failed.atMs < discoveryRetryMs) return Promise.reject(failed.error)
    found ??= discover(issuer, fetchDocument).catch(cause => {
      found = undefined
      const error = new ClaimError('oidc: authenticator not initialized', { cause })
      failed = { atMs: clock.monotonicMs(), error }
      throw error
    })
    return found
  }
}

async function discover(issuer: Issuer, fetchDocument: FetchDocument): Promise<JWTVerifyGetKey> {
  const ca = issuer.certificateAuthority
  const wellKnown = `${(issuer.url ?? '').replace(/\/$/, '')}/.well-known/openid-configuration`
  const answer = await fetchDocument(issuer.discoveryURL || wellKnown, { ca })
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`)
  const provider = (await answer.json()) as { issuer?: string; jwks_uri?: string }
  if (provider.issuer !== issuer.url)
    throw new Error(
      `oidc: issuer did not match the issuer returned by provider, expected "${issuer.url}" got "${provider.issuer}"`,
    )
  if (!provider.jwks_uri) throw new Error('provider did not return JWKS URL')
  return createRemoteJWKSet(new URL(provider.jwks_uri), {
    [customFetch]: (url, { signal }) => fetchDocument(String(url), { ca, signal }),
    cooldownDuration: keysCooldownMs,
  })
}
