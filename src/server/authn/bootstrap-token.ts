import type { Secret } from '../../api/types/core-v1.gen.ts'
import type { Clock } from '../../std/ports.ts'
import type { Lister } from '../lister.ts'
import type { TokenAuthenticator } from './authenticator.ts'
import { sameText } from './service-account.ts'

export const bootstrapTokenType = 'bootstrap.kubernetes.io/token'
export const bootstrapTokenNamespace = 'kube-system'
const bootstrappersGroup = 'system:bootstrappers'

const tokenPattern = /^([a-z0-9]{6})\.([a-z0-9]{16})$/
const groupPattern = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/** `abcdef.0123456789abcdef` → its id and secret; undefined when it does not look like one. */
export function parseBootstrapToken(
  token: string,
): { readonly id: string; readonly secret: string } | undefined {
  const [, id, secret] = tokenPattern.exec(token) ?? []
  return id && secret ? { id, secret } : undefined
}

/** Where the token with this id is kept. */
export function bootstrapTokenSecretName(id: string): string {
  return `bootstrap-token-${id}`
}

/**
 * Tokens with which nodes join, kept as Secrets in kube-system
 * (plugin/pkg/auth/authenticator/token/bootstrap). A token that is wrong in any way is simply unknown.
 */
export function bootstrapTokens(
  secrets: Lister<Secret>,
  clock: Pick<Clock, 'nowMs'>,
  audiences: readonly string[],
): TokenAuthenticator {
  return async function authenticateBootstrapToken(token, accepted) {
    const parsed = parseBootstrapToken(token)
    if (!parsed) return { kind: 'unknown' }
    const kept = secrets.get(bootstrapTokenNamespace, bootstrapTokenSecretName(parsed.id))
    const groups = kept && usableGroups(kept, parsed, clock.nowMs())
    const shared = audiences.filter(audience => accepted.includes(audience))
    if (!groups || shared.length === 0) return { kind: 'unknown' }
    return { kind: 'user', user: { username: `system:bootstrap:${parsed.id}`, groups }, audiences: shared }
  }
}

/** The token's groups, or undefined when the Secret does not allow this token now. */
function usableGroups(
  secret: Secret,
  token: { readonly id: string; readonly secret: string },
  nowMs: number,
): readonly string[] | undefined {
  if (secret.metadata.deletionTimestamp || secret.type !== bootstrapTokenType) return undefined
  const read = (key: string) => Buffer.from(secret.data?.[key] ?? '', 'base64').toString()
  if (!sameText(read('token-secret'), token.secret) || read('token-id') !== token.id) return undefined
  if (expired(read('expiration'), nowMs) || read('usage-bootstrap-authentication') !== 'true')
    return undefined
  const extra = read('auth-extra-groups').split(',').filter(Boolean)
  if (!extra.every(group => groupPattern.test(group))) return undefined
  return [...new Set([bootstrappersGroup, ...extra])].sort()
}

/** An unreadable date has passed: a typing error must not make a token live for ever. */
function expired(expiration: string, nowMs: number): boolean {
  return expiration !== '' && !(Date.parse(expiration) > nowMs)
}
