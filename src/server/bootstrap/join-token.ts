import type { Secret } from '../../api/types/core-v1.gen.ts'
import { assert } from '../../std/assert.ts'
import type { Random } from '../../std/ports.ts'
import {
  bootstrapTokenNamespace,
  bootstrapTokenSecretName,
  bootstrapTokenType,
  parseBootstrapToken,
} from '../authn/bootstrap-token.ts'
import { publicKeyHash } from '../pki/certificate.ts'

/** kubeadm's token: `id` is public, `secret` is not. */
export interface BootstrapToken {
  readonly id: string
  readonly secret: string
}

/** What a person hands to a joining node: who may join, and which server to trust. */
export interface JoinToken extends BootstrapToken {
  /** SHA-256 of the cluster CA's public key; without it the node trusts the first answer. */
  readonly caHash?: string
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789'
const prefix = 'K10'
const joinPattern = /^K10([0-9a-f]{64})::(.+)$/

/** A new token with 82 bits of chance in its secret; `random` must be the system's. */
export function newBootstrapToken(random: Pick<Random, 'bytes'>): BootstrapToken {
  return { id: letters(random, 6), secret: letters(random, 16) }
}

/** Bytes that would favour some letters are thrown away. */
function letters(random: Pick<Random, 'bytes'>, length: number): string {
  const fairMax = 256 - (256 % alphabet.length)
  let text = ''
  while (text.length < length) {
    for (const byte of random.bytes(length)) if (byte < fairMax) text += alphabet[byte % alphabet.length]
  }
  return text.slice(0, length)
}

/** `K10<hash>::<id>.<secret>`: the bearer token with the hash of the CA's public key in front. */
export function formatJoinToken(token: BootstrapToken, caCertificate: string): string {
  return `${prefix}${publicKeyHash(caCertificate)}::${token.id}.${token.secret}`
}

/** Reads `K10<hash>::<id>.<secret>` or a bare `<id>.<secret>`. Throws a sentence for a person when it is neither. */
export function parseJoinToken(text: string): JoinToken {
  const [, caHash, rest] = joinPattern.exec(text.trim()) ?? []
  const token = parseBootstrapToken(rest ?? text.trim())
  if (token) return { ...token, ...(caHash !== undefined && { caHash }) }
  throw new Error(
    'the token is not of the form abcdef.0123456789abcdef or K10<CA hash>::abcdef.0123456789abcdef: make one with "hutch token create"',
  )
}

/** The bearer token of a join token. */
export function bearerOf({ id, secret }: BootstrapToken): string {
  return `${id}.${secret}`
}

export interface TokenSecretOptions {
  readonly description?: string
  /** RFC 3339; absent: for ever. */
  readonly expiration?: string
  /** Each begins with `system:bootstrappers:`. */
  readonly extraGroups?: readonly string[]
}

/** The Secret that makes a token known to the cluster. */
export function tokenSecret(token: BootstrapToken, options: TokenSecretOptions = {}): Secret {
  const plain: Record<string, string> = {
    'token-id': token.id,
    'token-secret': token.secret,
    'usage-bootstrap-authentication': 'true',
    'usage-bootstrap-signing': 'true',
    ...(options.description && { description: options.description }),
    ...(options.expiration && { expiration: options.expiration }),
    ...(options.extraGroups?.length && { 'auth-extra-groups': options.extraGroups.join(',') }),
  }
  const data = Object.entries(plain).map(([key, value]) => [key, Buffer.from(value).toString('base64')])
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: bootstrapTokenSecretName(token.id), namespace: bootstrapTokenNamespace },
    type: bootstrapTokenType,
    data: Object.fromEntries(data),
  }
}

/**
 * The CA that a joining node may trust: what the server answers at `/cacerts`, if it has the hash that the token
 * names. Throws when it has another one: somebody else answered.
 */
export function trustedCa(answered: string, token: JoinToken): string {
  assert(answered.includes('BEGIN CERTIFICATE'), 'a CA is PEM')
  if (token.caHash === undefined || publicKeyHash(answered) === token.caHash) return answered
  throw new Error('the server at this address is not the one that the token is for: its CA has another hash')
}
