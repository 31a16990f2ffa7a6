import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { simPorts } from '../../../std/sim-ports.ts'
import { allAlgorithms } from './authenticator.ts'
import type { JwtAuthenticator } from './configuration.ts'
import type { FetchDocument } from './issuer-keys.ts'
import { createOutsideAuthentication } from './outside-tokens.ts'

export const issuer = 'https://issuer.example.org'
export const ownIssuer = 'https://kubernetes.default.svc.cluster.local'
export const startMs = Date.UTC(2026, 5, 1)

const keys = await generateKeyPair('RS256')
const publicKey = { ...(await exportJWK(keys.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }

/** Issuers on the other end of `fetchDocument`: every host shows the same keys; `more` answers other paths. */
export function provider(more: Readonly<Record<string, (bearer: string | undefined) => Response>> = {}) {
  const asked: string[] = []
  const answers = { discovery: undefined as object | undefined, status: 200 }
  const fetchDocument: FetchDocument = async (url, { bearer }) => {
    asked.push(url)
    const { origin, pathname } = new URL(url)
    if (more[pathname]) return more[pathname](bearer)
    if (pathname === '/keys') return Response.json({ keys: [publicKey] })
    const discovery = answers.discovery ?? { issuer: origin, jwks_uri: `${origin}/keys` }
    return Response.json(discovery, { status: answers.status })
  }
  return { asked, fetchDocument, answers }
}

/** A token of that issuer for the audience `cluster`, good for so long from `startMs` on. */
export function token(claims: object, { key = keys.privateKey, from = issuer, seconds = 600 } = {}) {
  return new SignJWT({ aud: 'cluster', ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
    .setIssuer(from)
    .setIssuedAt(startMs / 1000)
    .setExpirationTime(startMs / 1000 + seconds)
    .sign(key)
}

/** Authentication by `issuer`'s tokens, with a change of its configuration. */
export function authentication(change: Partial<JwtAuthenticator> = {}, from = provider()) {
  const ports = simPorts(1, startMs)
  const outside = createOutsideAuthentication({
    ...{ ownIssuers: [ownIssuer], audiences: ['x', 'y'], serverId: 'apiserver-a', ports },
    fetchDocument: from.fetchDocument,
  })
  const base: JwtAuthenticator = {
    issuer: { url: issuer, audiences: ['cluster'] },
    claimMappings: { username: { claim: 'sub', prefix: 'oidc:' }, groups: { claim: 'roles', prefix: 'r:' } },
  }
  outside.configure({ jwt: [{ ...base, ...change }] }, allAlgorithms)
  return {
    ...ports,
    outside,
    ask: async (text: string | Promise<string>, audiences: readonly string[] = ['x']) =>
      outside.tokens(await text, audiences),
  }
}
