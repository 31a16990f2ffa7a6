import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import type { Clock } from '../../../std/ports.ts'
import type { Issuer } from './configuration.ts'

/** GETs a document over TLS. */
export type FetchDocument = (
  url: string,
  options: {
    /** PEM; undefined: the system's authorities are trusted. */
    readonly ca: string | undefined
    readonly signal?: AbortSignal
    readonly bearer?: string
  },
) => Promise<Response>

/** Networks that an issuer may be said to be in (`egressSelectorType`). */
export const issuerNetworks = ['controlplane', 'cluster'] as const
export type IssuerNetwork = (typeof issuerNetworks)[number]

export interface KeysSetup {
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly fetchDocument: FetchDocument
  /** Told each fetched set of keys; undefined when it could not be had. */
  readonly fetched?: (text: string | undefined) => void
}

const discoveryRetryMs = 10_000
/** A key that is not known is looked for at once, but not by each of a flood of tokens. */
const keysCooldownMs = 1000

/** Finds the key set of an issuer by discovery when it is asked for; after a failure not before ten seconds have passed. */
export function issuerKeys(setup: KeysSetup, issuer: Issuer): () => Promise<JWTVerifyGetKey> {
  const { clock } = setup
  let found: Promise<JWTVerifyGetKey> | undefined
  let failed: { readonly atMs: number; readonly error: unknown } | undefined
  return () => {
    if (failed && clock.monotonicMs() - failed.atMs < discoveryRetryMs) return Promise.reject(failed.error)
    found ??= discover(setup, issuer).catch(error => {
      found = undefined
      failed = { atMs: clock.monotonicMs(), error }
      throw error
    })
    return found
  }
}

async function discover({ fetchDocument, fetched }: KeysSetup, issuer: Issuer): Promise<JWTVerifyGetKey> {
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
  const fetchKeys = (url: string, signal: AbortSignal) => fetchDocument(url, { ca, signal })
  return createRemoteJWKSet(new URL(provider.jwks_uri), {
    [customFetch]: async (url, { signal }) =>
      fetched ? await told(fetchKeys(String(url), signal), fetched) : fetchKeys(String(url), signal),
    cooldownDuration: keysCooldownMs,
  })
}

async function told(asked: Promise<Response>, fetched: NonNullable<KeysSetup['fetched']>): Promise<Response> {
  let keys: string | undefined
  try {
    const answer = await asked
    const text = await answer.text()
    if (answer.status === 200) keys = JSON.parse(text) && text
    return new Response(text, answer)
  } finally {
    fetched(keys)
  }
}
