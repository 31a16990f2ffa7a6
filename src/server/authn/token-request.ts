import type { BoundObjectReference, TokenRequest } from '../../api/types/authentication-v1.gen.ts'
import type { Node, Pod, Secret, ServiceAccount } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { badRequest, conflict, internalError, invalid, notFound } from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { own } from '../../std/own.ts'
import type { Clock, Random } from '../../std/ports.ts'
import { serviceAccountUsername } from '../authz/binding-index.ts'
import type { Lister } from '../lister.ts'
import { type KubernetesClaim, legacyClaims, legacyIssuer, referenceTo } from './claims.ts'
import type { TokenObjects } from './service-account.ts'
import type { TokenKeys } from './token-key.ts'

const kind = { group: 'authentication.k8s.io', kind: 'TokenRequest' }
const tokenRequests = { group: kind.group, resource: kind.kind }
const lifeSecondsMin = 600
const lifeSecondsMax = 2 ** 32
const lifeSecondsDefault = 3600
/** Kubelets ask for exactly this; such tokens live longer and are only reported as stale after it. */
const warnOnlyLifeSeconds = 3607

/** How long tokens live. */
export interface TokenLife {
  /** Longer ones are shortened, with a warning; 0: none is. */
  readonly secondsMax: number
  /** What kubelets are given for their pods; 0: what they ask for. */
  readonly extendedSeconds: number
}

/** Tokens of any length, those of kubelets for a year. */
export const usualLife: TokenLife = { secondsMax: 0, extendedSeconds: 365 * 24 * 3600 }

export interface TokenIssuerOptions {
  readonly issuer: string
  readonly keys: TokenKeys
  readonly life: TokenLife
  readonly audiences: readonly string[]
  readonly objects: TokenObjects
  readonly clock: Pick<Clock, 'nowMs'>
  readonly random: Pick<Random, 'uuid'>
}

export interface TokenIssuer {
  /** POST serviceaccounts/NAME/token: the request with its status filled in. */
  request(namespace: string, name: string, body: TokenRequest, caller?: TokenCaller): Promise<TokenRequest>
  /** The token that belongs into a Secret of type kubernetes.io/service-account-token; it does not expire. */
  legacyToken(serviceAccount: ServiceAccount, secretName: string): Promise<string>
}

interface TokenCaller {
  /** Takes what the sender should know. */
  readonly warnings?: string[]
  /** Sees the request with its defaults before what it is bound to is looked up; throws to refuse it. */
  readonly admit?: (request: TokenRequest) => Promise<void>
}

/** Issues tokens of service accounts (pkg/registry/core/serviceaccount/storage/token.go). */
export function createTokenIssuer(options: TokenIssuerOptions): TokenIssuer {
  return {
    request: (namespace, name, body, caller = {}) => requestToken(options, { namespace, name }, body, caller),
    legacyToken: (serviceAccount, secretName) =>
      options.keys.sign({ iss: legacyIssuer, ...legacyClaims(serviceAccount, secretName) }),
  }
}

async function requestToken(
  options: TokenIssuerOptions,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  body: TokenRequest,
  { warnings = [], admit }: TokenCaller,
): Promise<TokenRequest> {
  checkNames(body, namespace, name)
  const account = found(options.objects.serviceAccounts, 'serviceaccounts', namespace, name)
  const nowMs = options.clock.nowMs()
  const asked = completed(body, account, { audiences: options.audiences, nowMs })
  checkLife(asked)
  await admit?.(asked)
  const bound = boundObjects(options.objects, asked.spec.boundObjectRef, { namespace, name })
  const request = shortened(asked, options.life, warnings)
  const lifeSeconds = request.spec.expirationSeconds ?? lifeSecondsDefault
  const extended = extendedLife(options, request, bound)
  const nowSeconds = Math.floor(nowMs / 1000)
  const claim: KubernetesClaim = {
    namespace,
    ...(bound.node && { node: referenceTo(bound.node) }),
    ...(bound.pod && { pod: referenceTo(bound.pod) }),
    ...(bound.secret && { secret: referenceTo(bound.secret) }),
    serviceaccount: referenceTo(account),
    ...(extended > 0 && { warnafter: nowSeconds + lifeSeconds }),
  }
  const token = await sign(options.keys, {
    aud: request.spec.audiences,
    exp: nowSeconds + (extended || lifeSeconds),
    iat: nowSeconds,
    iss: options.issuer,
    jti: options.random.uuid(),
    'kubernetes.io': claim,
    nbf: nowSeconds,
    sub: serviceAccountUsername(namespace, name),
  })
  return { ...request, status: { token, expirationTimestamp: toTimestamp(nowMs + lifeSeconds * 1000) } }
}

async function sign(keys: TokenKeys, claims: Record<string, unknown>): Promise<string> {
  try {
    return await keys.sign(claims)
  } catch (error) {
    throw internalError(`failed to generate token: ${(error as Error).message}`)
  }
}

/** No token lives longer than the server lets any live. */
function shortened(request: TokenRequest, { secondsMax }: TokenLife, warnings: string[]): TokenRequest {
  const seconds = request.spec.expirationSeconds ?? lifeSecondsDefault
  if (secondsMax === 0 || seconds <= secondsMax) return request
  warnings.push(`requested expiration of ${seconds} seconds shortened to ${secondsMax} seconds`)
  return { ...request, spec: { ...request.spec, expirationSeconds: secondsMax } }
}

/** Seconds that a kubelet's token lives beyond what was asked for; 0 for other tokens. */
function extendedLife(
  { life, audiences }: Pick<TokenIssuerOptions, 'life' | 'audiences'>,
  { spec }: TokenRequest,
  { pod }: BoundObjects,
): number {
  const isKubelets = pod !== undefined && spec.expirationSeconds === warnOnlyLifeSeconds
  return isKubelets && spec.audiences.every(audience => audiences.includes(audience))
    ? life.extendedSeconds
    : 0
}

function checkNames({ metadata }: TokenRequest, namespace: string, name: string): void {
  const errors = createFieldErrors()
  if (metadata?.name && metadata.name !== name) {
    errors.invalid('metadata.name', metadata.name, 'must match the service account name if specified')
  } else if (metadata?.namespace && metadata.namespace !== namespace) {
    errors.invalid(
      'metadata.namespace',
      metadata.namespace,
      'must match the service account namespace if specified',
    )
  }
  if (errors.list.length) throw invalid(kind, name, errors.list)
}

/** The body with what the server knows: names, uid, default audiences and life. */
function completed(
  body: TokenRequest,
  account: ServiceAccount,
  { audiences, nowMs }: { readonly audiences: readonly string[]; readonly nowMs: number },
): TokenRequest {
  const { name = '', namespace, uid } = account.metadata
  if (body.metadata?.uid && body.metadata.uid !== uid) {
    throw conflict(
      tokenRequests,
      name,
      `the UID in the token request (${body.metadata.uid}) does not match the UID of the service account (${uid})`,
    )
  }
  return {
    ...body,
    metadata: { ...body.metadata, name, namespace, uid, creationTimestamp: toTimestamp(nowMs) },
    spec: {
      ...body.spec,
      audiences: body.spec?.audiences?.length ? body.spec.audiences : [...audiences],
      expirationSeconds: body.spec?.expirationSeconds ?? lifeSecondsDefault,
    },
  }
}

function checkLife({ spec }: TokenRequest): void {
  const errors = createFieldErrors()
  const seconds = spec.expirationSeconds ?? lifeSecondsDefault
  const path = 'spec.expirationSeconds'
  if (seconds < lifeSecondsMin)
    errors.invalid(path, seconds, 'may not specify a duration less than 10 minutes')
  if (seconds > lifeSecondsMax)
    errors.invalid(path, seconds, 'may not specify a duration larger than 2^32 seconds')
  if (errors.list.length) throw invalid(kind, '', errors.list)
}

interface BoundObjects {
  readonly pod?: Pod
  readonly node?: KubeObject
  readonly secret?: Secret
}

function boundObjects(
  objects: TokenObjects,
  reference: BoundObjectReference | undefined,
  account: { readonly namespace: string; readonly name: string },
): BoundObjects {
  if (!reference) return {}
  const { group = '', version = '' } = fromApiVersion(reference.apiVersion ?? '') ?? {}
  const name = reference.name ?? ''
  const bind = group === '' ? own(binders, reference.kind ?? '') : undefined
  if (!bind) {
    throw badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${reference.kind ?? ''}`)
  }
  const bound = bind(objects, name, account)
  const uid = (bound.pod ?? bound.secret ?? bound.node)?.metadata.uid
  if (!reference.uid || reference.uid === uid) return bound
  throw conflict(
    { group, resource: reference.kind ?? '' },
    name,
    `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`,
  )
}

type Binder = (
  objects: TokenObjects,
  name: string,
  account: { readonly namespace: string; readonly name: string },
) => BoundObjects

const binders: Readonly<Record<string, Binder>> = {
  Pod(objects, name, account) {
    const pod = found(objects.pods, 'pods', account.namespace, name)
    if (pod.spec?.serviceAccountName !== account.name) {
      throw badRequest(
        `cannot bind token for serviceaccount ${quote(account.name)} to pod running with different serviceaccount name.`,
      )
    }
    const { nodeName } = pod.spec
    if (!nodeName) return { pod }
    const node: Node | undefined = objects.nodes.get('', nodeName)
    return { pod, node: node ?? { metadata: { name: nodeName } } }
  },
  Node: (objects, name) => ({ node: found(objects.nodes, 'nodes', '', name) }),
  Secret: (objects, name, { namespace }) => ({ secret: found(objects.secrets, 'secrets', namespace, name) }),
}

function found<T extends KubeObject>(
  lister: Lister<T>,
  resource: string,
  namespace: string,
  name: string,
): T {
  const object = lister.get(namespace, name)
  if (!object) throw notFound({ group: '', resource }, name)
  return object
}
