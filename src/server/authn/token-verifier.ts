import { compactVerify, decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import { messageOf } from '../../std/message.ts'
import type { TokenKeys } from './token-key.ts'

/** A token's claims after its signature was found good; times and audiences are not looked at yet. */
export type VerifiedClaims = JWTPayload & Readonly<Record<string, unknown>>

export type SignatureVerdict =
  | { readonly kind: 'verified'; readonly claims: VerifiedClaims }
  | { readonly kind: 'invalid'; readonly reason: string }
  | { readonly kind: 'unknown' }

const rememberedMax = 1024

/**
 * Checks signatures of JSON web tokens of the given issuers with the algorithm of the key. Good tokens are remembered,
 * boundedly, for as long as the keys stay: a signature does not go bad, and all that can (times, objects, audiences) is
 * checked each time by the caller, so a revocation works at once.
 */
export function createTokenVerifier(issuers: readonly string[], keys: TokenKeys) {
  const remembered = new Map<string, VerifiedClaims>()
  let seen = keys.all()
  return async function verifySignature(token: string): Promise<SignatureVerdict> {
    if (seen !== keys.all()) remembered.clear()
    seen = keys.all()
    const known = remembered.get(token)
    if (known) return { kind: 'verified', claims: known }
    const verdict = await verify(token, issuers, keys)
    if (verdict.kind !== 'verified') return verdict
    if (remembered.size >= rememberedMax) remembered.delete(remembered.keys().next().value!)
    remembered.set(token, verdict.claims)
    return verdict
  }
}

async function verify(token: string, issuers: readonly string[], keys: TokenKeys): Promise<SignatureVerdict> {
  if (!hasIssuer(token, issuers)) return { kind: 'unknown' }
  const candidates = await keys.find(decodeProtectedHeader(token).kid)
  if (candidates.length === 0) return { kind: 'invalid', reason: 'invalid signature, no keys found' }
  let reason = ''
  for (const { key, algorithm } of candidates) {
    try {
      const { payload } = await compactVerify(token, key, { algorithms: [algorithm] })
      return { kind: 'verified', claims: JSON.parse(new TextDecoder().decode(payload)) }
    } catch (error) {
      reason = messageOf(error)
    }
  }
  return { kind: 'invalid', reason }
}

/** The issuer is read before the signature is checked, only to leave other issuers' tokens to others. */
function hasIssuer(token: string, issuers: readonly string[]): boolean {
  try {
    return issuers.includes(decodeJwt(token).iss ?? '')
  } catch (error) {
    if (error instanceof Error) return false
    throw error
  }
}
