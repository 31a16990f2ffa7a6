import { timingSafeEqual } from 'node:crypto'
import type { Node, Pod, Secret, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Clock } from '../../std/ports.ts'
import { quoteList } from '../authz/covers.ts'
import type { UserInfo } from '../context.ts'
import type { Lister } from '../lister.ts'
import type { TokenAuthenticator, TokenVerdict } from './authenticator.ts'
import { type ClaimReference, type KubernetesClaim, type LegacyClaims, legacyIssuer } from './claims.ts'
import { credentialIdKey, nodeNameKey, nodeUidKey, podNameKey, podUidKey } from './extra.ts'
import { serviceAccountUser, splitServiceAccountUsername } from './identity.ts'
import type { TokenKeys } from './token-key.ts'
import type { TokenTrace, TokenUses } from './token-uses.ts'
import { createTokenVerifier, type VerifiedClaims } from './token-verifier.ts'

/** What tokens can be bound to: a token dies with its object. */
export interface TokenObjects {
  readonly serviceAccounts: Lister<ServiceAccount>
  readonly secrets: Lister<Secret>
  readonly pods: Lister<Pod>
  readonly nodes: Lister<Node>
}

export interface ServiceAccountTokenOptions {
  /** Tokens of each of them count. */
  readonly issuers: readonly string[]
  readonly keys: TokenKeys
  readonly objects: TokenObjects
  readonly uses: TokenUses
  /** The API server's own audiences; what a token without audiences is good for. */
  readonly audiences: readonly string[]
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Clocks may differ by this much (go-jose DefaultLeeway). */
const leewaySeconds = 60

/** Why a token is not valid, in upstream's words. */
class InvalidToken extends Error {}

/** Tokens made by TokenRequest (pkg/serviceaccount/claims.go) and those in Secrets (legacy.go). */
export function serviceAccountTokens(options: ServiceAccountTokenOptions): TokenAuthenticator {
  const verifySignature = createTokenVerifier([...options.issuers, legacyIssuer], options.keys)
  return async function authenticateServiceAccount(token, accepted) {
    const verdict = await verifySignature(token)
    if (verdict.kind !== 'verified') return verdict
    const trace: TokenTrace = { annotations: {}, warnings: [] }
    try {
      return validate({ token, claims: verdict.claims, accepted, trace }, options)
    } catch (error) {
      if (error instanceof InvalidToken) return { kind: 'invalid', reason: error.message, trace }
      throw error
    }
  }
}

interface ShownToken {
  readonly token: string
  readonly claims: VerifiedClaims
  readonly accepted: readonly string[]
  readonly trace: TokenTrace
}

function validate(shown: ShownToken, options: ServiceAccountTokenOptions): TokenVerdict {
  const { claims, accepted, trace } = shown
  const named = [claims.aud ?? []].flat()
  if (named.length === 0) options.uses.withoutAudience(claims.sub ?? '', trace)
  const audiences = named.length ? named : options.audiences
  const shared = audiences.filter(audience => accepted.includes(audience))
  if (shared.length === 0) {
    throw new InvalidToken(
      `token audiences ${quoteList(audiences)} is invalid for the target audiences ${quoteList(accepted)}`,
    )
  }
  const user = claims.iss === legacyIssuer ? validateLegacy(shown, options) : validateBound(shown, options)
  return { kind: 'user', user, audiences: shared, trace }
}

function validateBound(
  { claims, trace }: ShownToken,
  { objects, clock, uses }: ServiceAccountTokenOptions,
): UserInfo {
  const nowSeconds = clock.nowMs() / 1000
  checkTimes(claims, nowSeconds)
  const {
    namespace = '',
    serviceaccount,
    pod,
    secret,
    node,
    warnafter,
  } = (claims['kubernetes.io'] ?? {}) as KubernetesClaim
  const deletedBeforeMs = (nowSeconds - leewaySeconds) * 1000
  const name = serviceaccount?.name ?? ''
  const account = objects.serviceAccounts.get(namespace, name)
  if (!account) throw new InvalidToken(`serviceaccounts "${name}" not found`)
  checkUid('service account', account, serviceaccount ?? {})
  if (deleted(account, deletedBeforeMs)) {
    throw new InvalidToken(`service account ${namespace}/${name} has been deleted`)
  }
  const check = (kind: string, reference: ClaimReference, object: KubeObject | undefined) => {
    if (!object) throw new InvalidToken('service account token has been invalidated')
    checkUid(kind, object, reference)
    if (deleted(object, deletedBeforeMs)) throw new InvalidToken('service account token has been invalidated')
  }
  if (secret) check('secret', secret, objects.secrets.get(namespace, secret.name ?? ''))
  if (pod) check('pod', pod, objects.pods.get(namespace, pod.name ?? ''))
  // A pod's token names its node for information; only a token bound to the node itself dies with it.
  if (node && !pod) check('node', node, objects.nodes.get('', node.name ?? ''))
  if (warnafter) uses.extended(claims.sub ?? '', warnafter, trace)
  return { ...serviceAccountUser(namespace, name, serviceaccount?.uid), extra: extraOf(claims, pod, node) }
}

function checkTimes({ exp, nbf, iat }: VerifiedClaims, nowSeconds: number): void {
  if (nbf !== undefined && nowSeconds + leewaySeconds < nbf) {
    throw new InvalidToken('service account token is not valid yet')
  }
  if (exp !== undefined && nowSeconds - leewaySeconds > exp)
    throw new InvalidToken('service account token has expired')
  if (iat !== undefined && nowSeconds + leewaySeconds < iat) {
    throw new InvalidToken('service account token is issued in the future')
  }
}

const claimNames: Readonly<Record<string, string>> = {
  'service account': 'claim',
  secret: 'service account secret ref claim',
  pod: 'service account pod ref claim',
  node: 'service account node ref claim',
}

function checkUid(kind: string, { metadata }: KubeObject, reference: ClaimReference): void {
  if (metadata.uid === reference.uid) return
  throw new InvalidToken(
    `${kind} UID (${metadata.uid}) does not match ${claimNames[kind]} (${reference.uid})`,
  )
}

function deleted({ metadata }: KubeObject, beforeMs: number): boolean {
  return metadata.deletionTimestamp !== undefined && Date.parse(metadata.deletionTimestamp) < beforeMs
}

function extraOf(claims: VerifiedClaims, pod: ClaimReference | undefined, node: ClaimReference | undefined) {
  const extra: Record<string, readonly string[]> = {}
  const put = (key: string, value: string | undefined) => {
    if (value) extra[key] = [value]
  }
  put(credentialIdKey, claims.jti && `JTI=${claims.jti}`)
  put(podNameKey, pod?.name)
  put(podUidKey, pod?.uid)
  put(nodeNameKey, node?.name)
  put(nodeUidKey, node?.uid)
  return extra
}

const invalidSinceLabel = 'kubernetes.io/legacy-token-invalid-since'

function validateLegacy(
  { token, claims, trace }: ShownToken,
  { objects, uses }: ServiceAccountTokenOptions,
): UserInfo {
  const { namespace, secretName, name, uid } = legacyNames(claims)
  const secret = objects.secrets.get(namespace, secretName)
  if (!secret || secret.metadata.deletionTimestamp) throw new InvalidToken('Token has been invalidated')
  if (!sameText(Buffer.from(secret.data?.token ?? '', 'base64').toString(), token)) {
    throw new InvalidToken("Token does not match server's copy")
  }
  const account = objects.serviceAccounts.get(namespace, name)
  if (!account) throw new InvalidToken(`serviceaccounts "${name}" not found`)
  if (account.metadata.deletionTimestamp) {
    throw new InvalidToken(`ServiceAccount ${namespace}/${name} has been deleted`)
  }
  if (account.metadata.uid !== uid) {
    throw new InvalidToken(`ServiceAccount UID (${account.metadata.uid}) does not match claim (${uid})`)
  }
  if (secret.metadata.labels?.[invalidSinceLabel]) {
    uses.invalidated(secret, trace)
    throw new InvalidToken(
      `the token in secret ${namespace}/${secretName} for service account ${namespace}/${name} has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalidSinceLabel}' label from the secret to temporarily allow use of this token`,
    )
  }
  uses.ofSecret(secret, account, trace)
  return serviceAccountUser(namespace, name, uid)
}

function legacyNames(claims: VerifiedClaims) {
  const legacy = claims as LegacyClaims
  const namespace = legacy['kubernetes.io/serviceaccount/namespace']
  const secretName = legacy['kubernetes.io/serviceaccount/secret.name']
  const name = legacy['kubernetes.io/serviceaccount/service-account.name']
  const uid = legacy['kubernetes.io/serviceaccount/service-account.uid']
  if (!claims.sub) throw new InvalidToken('sub claim is missing')
  if (!namespace) throw new InvalidToken('namespace claim is missing')
  if (!secretName) throw new InvalidToken('secretName claim is missing')
  if (!name) throw new InvalidToken('serviceAccountName claim is missing')
  if (!uid) throw new InvalidToken('serviceAccountUID claim is missing')
  const subject = splitServiceAccountUsername(claims.sub)
  if (subject?.namespace !== namespace || subject.name !== name)
    throw new InvalidToken('sub claim is invalid')
  return { namespace, secretName, name, uid }
}

/** Compares in a time that does not tell how much is alike. */
export function sameText(a: string, b: string): boolean {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
