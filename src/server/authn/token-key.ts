import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'

/** A public key that tokens are verified with. */
export interface VerificationKey {
  /** SHA-256 of the key's SPKI form, base64url: upstream's key id, so tokens survive a move to or from it. */
  readonly id: string
  readonly key: KeyObject
}

export interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
}

/** The only algorithm that is ever accepted; the token's header does not choose. */
export const tokenAlgorithm = 'RS256'

/** Reads the RSA private key that signs tokens (PKCS #8 PEM). */
export function signingKey(pem: string): SigningKey {
  return { ...verificationKey(pem), privateKey: createPrivateKey(pem) }
}

/** Reads a public key, or the public half of a private one (PEM). */
export function verificationKey(pem: string): VerificationKey {
  const key = createPublicKey(pem)
  const id = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  return { id, key }
}

/** The document behind `/openid/v1/jwks`. */
export function jsonWebKeySet(keys: readonly VerificationKey[]): string {
  const members = keys.map(({ id, key }) => {
    const { kty, n, e } = key.export({ format: 'jwk' })
    return { use: 'sig', kty, kid: id, alg: tokenAlgorithm, n, e }
  })
  return JSON.stringify({ keys: members })
}

/** The document behind `/.well-known/openid-configuration`. */
export function openidConfiguration(issuer: string, jwksUri: string): string {
  return JSON.stringify({
    issuer,
    jwks_uri: jwksUri,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [tokenAlgorithm],
  })
}

/** Both documents may be cached for an hour, as upstream's. */
export const openidCacheControl = 'public, max-age=3600'
