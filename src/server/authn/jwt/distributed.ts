import { STATUS_CODES } from 'node:http'
import type { JWTVerifyGetKey } from 'jose'
import { quote } from '../../../machinery/meta/quote.ts'
import type { Clock } from '../../../std/ports.ts'
import { createAnswerCache } from '../../remote-review/ask-again.ts'
import { fetchFailure } from '../../webhook-client/failure.ts'
import type { Issuer } from './configuration.ts'
import { type FetchDocument, issuerKeys } from './issuer-keys.ts'
import { ClaimError, type Claims } from './mapping.ts'
import { untrustedIssuer } from './untrusted-issuer.ts'
import { verifiedClaims } from './verify.ts'

export interface ResolverSetup {
  /** Of the tokens that point elsewhere: what it trusts, and whom tokens must be for. */
  readonly issuer: Issuer
  readonly algorithms: readonly string[]
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly fetchDocument: FetchDocument
}

/** Where a claim is to be had (OpenID Connect Core 5.6.2). */
export interface ClaimSource {
  readonly endpoint?: string
  readonly access_token?: string
}

/** Upstream keeps what it found out of a token for so long. */
const keptMs = 10_000
const keptMax = 4096
const issuersMax = 64
/** The last of the 2xx that Go names. */
const goodStatusMax = 226

/**
 * Completes verified claims by `claim` where they only say where it is to be had: a token of any issuer that shows its
 * keys under the same authority, for the same audiences (apiserver plugin/pkg/authenticator/token/oidc). Rejects with
 * `ClaimError`.
 */
export function claimResolver(claim: string, setup: ResolverSetup): (claims: Claims) => Promise<Claims> {
  const kept = createAnswerCache<{ readonly value: unknown }>(setup.clock, keptMax)
  const asking = new Map<string, Promise<unknown>>()
  const keysOf = keysByIssuer(setup)
  const resolve = (source: ClaimSource, key: string) =>
    resolveClaim(claim, source, setup, keysOf)
      .then(value => {
        kept.put(key, { value }, keptMs)
        return value
      })
      .finally(() => asking.delete(key))
  const ask = (source: ClaimSource, key: string) => {
    const asked = asking.get(key) ?? resolve(source, key)
    asking.set(key, asked)
    return asked
  }
  return async claims => {
    try {
      const source = sourceOf(claims, claim)
      if (!source?.endpoint) return claims
      const key = JSON.stringify([source.endpoint, source.access_token])
      const { value } = kept.get(key) ?? { value: await ask(source, key) }
      return { ...claims, [claim]: value }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new ClaimError(`oidc: could not expand distributed claims: ${reason}`, { cause: error })
    }
  }
}

/** Whence the claim comes; undefined when it is here already, or nowhere. */
function sourceOf(claims: Claims, claim: string): ClaimSource | undefined {
  if (Object.hasOwn(claims, claim) || !Object.hasOwn(claims, '_claim_names')) return undefined
  if (!Object.hasOwn(claims, '_claim_sources')) throw new Error('oidc: no claim sources')
  // Their types were looked at with the token.
  const names = new Map(Object.entries((claims._claim_names ?? {}) as Record<string, string>))
  const sources = new Map(Object.entries((claims._claim_sources ?? {}) as Record<string, ClaimSource>))
  const name = names.get(claim)
  return name === undefined ? undefined : sources.get(name)
}

type KeysOf = (issuer: string) => Promise<JWTVerifyGetKey>

async function resolveClaim(
  claim: string,
  source: ClaimSource,
  setup: ResolverSetup,
  keysOf: KeysOf,
): Promise<unknown> {
  const token = await fetchToken(claim, source, setup)
  const from = issuerOf(token, claim, source)
  const keys = await keysOf(from)
  const { algorithms, clock, issuer } = setup
  const told = await verifiedClaims(token.replaceAll(/\s/g, ''), {
    ...{ keys, algorithms, nowMs: clock.nowMs(), audiences: issuer.audiences ?? [] },
  }).catch(error => {
    throw new Error(`verify distributed claim token: ${(error as Error).message}`, { cause: error })
  })
  if (Object.hasOwn(told, claim)) return told[claim]
  const at = quote(source.endpoint ?? '')
  throw new Error(`jwt returned by distributed claim endpoint ${at} did not contain claim: ${claim}`)
}

async function fetchToken(
  claim: string,
  { endpoint = '', access_token: bearer }: ClaimSource,
  { fetchDocument, issuer }: ResolverSetup,
): Promise<string> {
  const failed = (reason: string, cause?: unknown) =>
    new Error(`while getting distributed claim ${quote(claim)}: ${reason}`, { cause })
  const answer = await fetchDocument(endpoint, {
    ca: issuer.certificateAuthority,
    ...(bearer && { bearer }),
  }).catch(error => {
    throw failed(`Get ${quote(endpoint)}: ${fetchFailure(endpoint, error)}`, error)
  })
  const { status } = answer
  if (status >= 200 && status <= goodStatusMax) return answer.text()
  throw failed(`error while getting distributed claim JWT: ${status} ${STATUS_CODES[status] ?? ''}`)
}

function issuerOf(token: string, claim: string, { endpoint }: ClaimSource): string {
  try {
    return untrustedIssuer(token)
  } catch (error) {
    throw new Error(
      `getting untrusted issuer from endpoint ${endpoint} failed for claim ${quote(claim)}: ${(error as Error).message}`,
      { cause: error },
    )
  }
}

/** Keys of whoever tokens turn out to be from; few, and those that came first go first. */
function keysByIssuer({ issuer, clock, fetchDocument }: ResolverSetup): KeysOf {
  const known = new Map<string, () => Promise<JWTVerifyGetKey>>()
  const { certificateAuthority } = issuer
  return url => {
    const asIssuer: Issuer =
      url === issuer.url ? issuer : { url, ...(certificateAuthority && { certificateAuthority }) }
    const keys = known.get(url) ?? issuerKeys({ clock, fetchDocument }, asIssuer)
    known.set(url, keys)
    const [oldest] = known.keys()
    if (known.size > issuersMax && oldest !== undefined) known.delete(oldest)
    return keys().catch(error => {
      throw new Error(
        `verifying untrusted issuer ${url} failed: verifier not initialized for issuer: ${quote(url)}`,
        { cause: error },
      )
    })
  }
}
