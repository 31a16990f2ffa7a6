import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'

/** A public key that tokens are verified with. */
export interface VerificationKey {
  /** SHA-256 of the key's SPKI form, base64url: upstream's key id, so tokens survive a move to or from it. */
  readonly id: string
  readonly key: KeyObject
  /** The only algorithm that is accepted with this key; the token's header does not choose. */
  readonly algorithm: string
  /** Verifies tokens of old, and is not told to relying parties. */
  readonly isUnpublished?: boolean
}

interface SigningKey extends VerificationKey {
  readonly privateKey: KeyObject
}

/** Who signs tokens of service accounts, and whose signatures count. */
export interface TokenKeys {
  /** A token with these claims. Rejects when nobody signs. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
  /** Those of this id; all without one. */
  find(id: string | undefined): Promise<readonly VerificationKey[]>
  /** All of them: another list once they have changed. */
  all(): readonly VerificationKey[]
  /** For how long others may keep what they have read of them. */
  cacheSeconds(): number
}

const cacheSeconds = 3600

/** A private key (PEM) that signs, and further public ones (PEM, several in a text) that were used before. */
export function staticKeys(signingPem: string, further: readonly string[] = []): TokenKeys {
  const signing = signingKey(signingPem)
  const earlier = further.flatMap(verificationKeys).filter(({ id }) => id !== signing.id)
  const keys: readonly VerificationKey[] = [signing, ...earlier]
  const header = { alg: signing.algorithm, kid: signing.id }
  return {
    sign: claims => new SignJWT(claims).setProtectedHeader(header).sign(signing.privateKey),
    find: async id => keysOf(keys, id),
    all: () => keys,
    cacheSeconds: () => cacheSeconds,
  }
}

export function keysOf(keys: readonly VerificationKey[], id: string | undefined): readonly VerificationKey[] {
  return id ? keys.filter(key => key.id === id) : keys
}

/** Reads the private key that signs tokens, RSA or on a NIST curve. Throws when it is none. */
function signingKey(pem: string): SigningKey {
  return { ...verificationKey(createPublicKey(pem)), privateKey: createPrivateKey(pem) }
}

const pemBlock = /-----BEGIN ([A-Z0-9 ]+)-----[^-]*-----END \1-----/g

/** The public keys of a PEM text, or public halves of private ones and of certificates. Throws when there is none. */
export function verificationKeys(pem: string): VerificationKey[] {
  const blocks = [...pem.matchAll(pemBlock)].filter(([, kind = '']) => !kind.endsWith('PARAMETERS'))
  if (blocks.length === 0) throw new Error('data does not contain any valid RSA or ECDSA public keys')
  return blocks.map(([block]) => verificationKey(createPublicKey(block)))
}

function verificationKey(key: KeyObject): VerificationKey {
  const id = createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
  return { id, key, algorithm: algorithmOf(key) }
}

const curveAlgorithms: Readonly<Record<string, string>> = {
  'P-256': 'ES256',
  'P-384': 'ES384',
  'P-521': 'ES512',
}

/** How this key signs. Throws for keys that are neither RSA nor on a NIST curve. */
export function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  const { crv = '' } = key.asymmetricKeyType === 'ec' ? key.export({ format: 'jwk' }) : {}
  const algorithm = curveAlgorithms[String(crv)]
  if (!algorithm)
    throw new Error('unknown public key type, must be RSA, or ECDSA with curve 256, 384, or 521')
  return algorithm
}

/** What relying parties read. */
export interface KeyDocuments {
  /** `/openid/v1/jwks`, application/jwk-set+json. */
  readonly keySet: string
  /** `/.well-known/openid-configuration`, application/json. */
  readonly configuration: string
}

/** Prints both documents, anew once the keys have changed. */
export function keyDocuments(keys: TokenKeys, issuer: string, keySetUri: string): () => KeyDocuments {
  let of: readonly VerificationKey[] | undefined
  let documents: KeyDocuments
  return () => {
    const now = keys.all()
    if (of === now) return documents
    of = now
    const published = now.filter(({ isUnpublished }) => !isUnpublished)
    const configuration = {
      issuer,
      jwks_uri: keySetUri,
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: [...new Set(published.map(key => key.algorithm))].sort(),
    }
    documents = {
      keySet: JSON.stringify({ keys: published.map(memberOf) }),
      configuration: JSON.stringify(configuration),
    }
    return documents
  }
}

function memberOf({ id, key, algorithm }: VerificationKey) {
  const { kty, crv, n, e, x, y } = key.export({ format: 'jwk' })
  return { use: 'sig', kty, kid: id, ...(crv && { crv }), alg: algorithm, ...(crv ? { x, y } : { n, e }) }
}
