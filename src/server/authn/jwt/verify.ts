import { compactVerify, decodeProtectedHeader, errors, type JWTVerifyGetKey } from 'jose'
import { quote } from '../../../machinery/meta/quote.ts'
import { quoteList } from '../../authz/covers.ts'
import type { Claims } from './mapping.ts'

export interface Verification {
  readonly keys: JWTVerifyGetKey
  readonly algorithms: readonly string[]
  /** A token must be for one of them. */
  readonly audiences: readonly string[]
  readonly nowMs: number
}

/** Clocks may be this much apart where a token says when it begins; its end is its end. */
const leewaySeconds = 60
const texts = ['iss', 'sub', 'nonce', 'at_hash'] as const
const times = ['exp', 'iat', 'nbf'] as const

/**
 * The claims of a token whose time has come, whose signature is good and that is for us (go-oidc 2 `Verify`). Throws
 * `Error` with upstream's text; what costs least is looked at first, as there.
 */
export async function verifiedClaims(token: string, to: Verification): Promise<Claims> {
  const claims = payloadOf(token)
  checkTypes(claims)
  checkSources(claims)
  const audiences = [claims.aud ?? []].flat() as string[]
  const isForUs = audiences.some(audience => to.audiences.includes(audience))
  // go-oidc knows one audience and looks at it at once; where there are several they are looked at in the end.
  const [only, ...others] = to.audiences
  if (!isForUs && only !== undefined && others.length === 0)
    throw new Error(`oidc: expected audience ${quote(only)} got ${quoteList(audiences)}`)
  checkTimes(claims, to.nowMs / 1000)
  const { alg = '' } = decodeProtectedHeader(token)
  if (!to.algorithms.includes(alg))
    throw new Error(
      `oidc: id token signed with unsupported algorithm, expected ${quoteList(to.algorithms)} got ${quote(alg)}`,
    )
  await checkSignature(token, to)
  if (!isForUs)
    throw new Error(
      `oidc: expected audience in ${quoteList(to.audiences.toSorted())} got ${quoteList(audiences)}`,
    )
  return claims
}

function payloadOf(token: string): Claims {
  const [, payload = ''] = token.split('.')
  const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString())
  if (typeof claims === 'object' && claims && !Array.isArray(claims)) return claims as Claims
  throw new Error('oidc: failed to unmarshal claims: json: cannot unmarshal the payload into an object')
}

function checkTypes(claims: Claims): void {
  for (const name of texts) if (!isText(claims[name])) throw unlike(name, claims[name], 'string')
  const { aud } = claims
  const isList = Array.isArray(aud) && aud.every(each => typeof each === 'string')
  if (!isList && !isText(aud)) throw unlike('aud', aud, 'oidc.audience')
  for (const name of times) {
    const value = claims[name]
    if (value !== undefined && value !== null && typeof value !== 'number')
      throw unlike(name, value, 'json.Number')
  }
}

/** Claims that are to be had elsewhere: each is of a source that is named. */
function checkSources({ _claim_names: names, _claim_sources: sources }: Claims): void {
  checkEntries('_claim_names', names, 'string', name => typeof name === 'string')
  checkEntries('_claim_sources', sources, 'oidc.claimSource', isRecord)
  for (const source of Object.values(sources ?? {}) as Record<string, unknown>[])
    for (const field of ['endpoint', 'access_token'])
      if (!isText(source?.[field]))
        throw unlike(`_claim_sources.${field}`, source[field], 'string', 'claimSource')
  for (const name of Object.values(names ?? {}) as string[]) {
    if (!name) throw new Error('oidc: failed to obtain source from claim name')
    if (!Object.hasOwn(sources ?? {}, name)) throw new Error('oidc: source does not exist')
  }
}

function checkEntries(
  field: string,
  value: unknown,
  type: string,
  isGood: (entry: unknown) => boolean,
): void {
  if (value === undefined || value === null) return
  if (!isRecord(value)) throw unlike(field, value, `map[string]${type}`)
  const bad = Object.values(value).find(entry => entry !== null && !isGood(entry))
  if (bad !== undefined) throw unlike(field, bad, type)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isText(value: unknown): boolean {
  return value === undefined || value === null || typeof value === 'string'
}

function unlike(field: string, value: unknown, type: string, struct = 'idToken'): Error {
  const found = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value
  return new Error(
    `oidc: failed to unmarshal claims: json: cannot unmarshal ${found} into Go struct field ${struct}.${field} of type ${type}`,
  )
}

function checkTimes({ exp, nbf }: Claims, nowSeconds: number): void {
  if (typeof exp !== 'number' || exp < nowSeconds)
    throw new Error(
      `oidc: token is expired (Token Expiry: ${goTime(typeof exp === 'number' ? exp : undefined)})`,
    )
  if (typeof nbf === 'number' && nowSeconds + leewaySeconds < nbf)
    throw new Error(
      `oidc: current time ${goTime(nowSeconds)} before the nbf (not before) time: ${goTime(nbf)}`,
    )
}

async function checkSignature(token: string, { keys, algorithms }: Verification): Promise<void> {
  try {
    await compactVerify(token, keys as Parameters<typeof compactVerify>[1], { algorithms: [...algorithms] })
  } catch (error) {
    const isBad =
      error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey
    const reason = isBad ? 'failed to verify id token signature' : (error as Error).message
    throw new Error(`failed to verify signature: ${reason}`, { cause: error })
  }
}

/** A moment as Go prints it; none is the first of all. */
function goTime(seconds: number | undefined): string {
  if (seconds === undefined) return '0001-01-01 00:00:00 +0000 UTC'
  const [date = '', time = ''] = new Date(Math.floor(seconds) * 1000).toISOString().split('T')
  return `${date} ${time.slice(0, 8)} +0000 UTC`
}
