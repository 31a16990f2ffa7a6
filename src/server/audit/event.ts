import { toMicroTimestamp } from '../../client/timestamp.ts'
import { decodeCborBody, decodeJson, decodeProtobuf, decodeYaml } from '../../machinery/codec/index.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { printed } from '../../machinery/schema/printed.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { parseExact } from '../../std/exact-json.ts'
import type { Clock } from '../../std/ports.ts'
import { inKeyOrder } from '../authn/extra.ts'
import type { Decision, RequestBody, RequestContext, Response, UserInfo } from '../context.ts'
import { toAnswer } from '../http/respond.ts'
import { applyDefaults } from '../rest/body.ts'
import type { BodyType } from '../rest/meta-type.ts'
import type { AuditLevel, AuditScope, AuditStage } from './policy.ts'

/** audit.k8s.io/v1 Event. */
export type AuditEvent = JsonObject & {
  readonly level: AuditLevel
  readonly auditID: string
  readonly stage: AuditStage
}

/**
 * Where events go; never throws. A request may wait for the promise of one that was received, and fails when it tells
 * that its event is not stored.
 */
export type AuditSink = (event: AuditEvent) => Promise<boolean> | undefined

/** What is known of a request that is written down; the end is absent before the answer. */
export interface AuditedRequest {
  readonly context: RequestContext
  readonly scope: AuditScope
  /** Who showed the credential, before impersonation; absent when nobody vouches for it. */
  readonly user: UserInfo | undefined
  readonly receivedMs: number
  readonly ending?: { readonly response?: Response; readonly error?: unknown; readonly code: number }
}

/** The event of one stage, with as much as the level allows (apiserver pkg/audit). */
export function auditEvent(request: AuditedRequest, stage: AuditStage, clock: Clock): AuditEvent {
  const { context, scope, user, receivedMs, ending } = request
  const body = ending && bodyOf(context)
  const impersonated = user && context.user !== user ? context.user : undefined
  const annotations = annotationsOf(context, scope.level)
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: scope.level,
    auditID: context.auditId,
    stage,
    requestURI: context.uri ?? context.info.path,
    verb: context.info.verb,
    user: user ? userOf(user) : {},
    ...(impersonated && { impersonatedUser: userOf(impersonated) }),
    ...(context.impersonationConstraint !== undefined && {
      authenticationMetadata: { impersonationConstraint: context.impersonationConstraint },
    }),
    ...(context.sourceIp !== '' && { sourceIPs: sourceIps(context) }),
    userAgent: shortened(context.userAgent),
    ...(context.info.isResourceRequest && { objectRef: objectRef(context, body) }),
    ...(ending && { responseStatus: responseStatus(ending) }),
    ...(ending && contentOf(request, body, clock)),
    requestReceivedTimestamp: toMicroTimestamp(receivedMs),
    stageTimestamp: toMicroTimestamp(clock.nowMs()),
    ...(annotations && { annotations }),
  } as AuditEvent
}

function userOf({ username, uid, groups, extra }: UserInfo): JsonObject {
  return {
    username,
    ...(uid && { uid }),
    groups: [...groups],
    ...(extra && { extra: inKeyOrder(extra) }),
  } as JsonObject
}

/** Forwarded addresses first, then the connection's own (apimachinery net.SourceIPs). */
function sourceIps({ headers, sourceIp }: RequestContext): string[] {
  const forwarded = (headers['x-forwarded-for'] ?? '').split(',').map(each => each.trim())
  const real = headers['x-real-ip'] ?? ''
  const own = sourceIp.replace(/^::ffff:/, '')
  return [...new Set([...forwarded, forwarded[0] === '' ? real : '', own].filter(Boolean))]
}

function objectRef({ info }: RequestContext, body: unknown): JsonObject {
  const { metadata } = (typeof body === 'object' && body ? body : {}) as {
    metadata?: Record<string, unknown>
  }
  const told = (given: string, key: string) => given || String(metadata?.[key] ?? '')
  const { resource, group, version, subresource } = info
  const namespace = told(info.namespace, 'namespace')
  const name = told(info.name, 'name')
  const uid = told('', 'uid')
  const resourceVersion = told('', 'resourceVersion')
  return {
    resource,
    ...(namespace && { namespace }),
    ...(name && { name }),
    ...(uid && { uid }),
    ...(group && { apiGroup: group }),
    apiVersion: version,
    ...(resourceVersion && { resourceVersion }),
    ...(subresource && { subresource }),
  }
}

function responseStatus({ error, response, code }: NonNullable<AuditedRequest['ending']>): JsonObject {
  if (isUntold(error)) return { metadata: {}, code }
  if (error instanceof StatusError) return withoutType(error.status as unknown as JsonObject)
  if (error !== undefined)
    return { metadata: {}, status: 'Failure', message: String(error), reason: 'InternalError', code }
  const object = response?.kind === 'object' ? (response.object as JsonObject) : undefined
  if (object?.kind === 'Status') return { ...withoutType(object), code }
  return { metadata: {}, code }
}

/** Of an answer that no form was found for upstream tells its code alone. */
function isUntold(error: unknown): boolean {
  return error instanceof StatusError && error.status.reason === 'NotAcceptable'
}

function withoutType({ kind: _kind, apiVersion: _version, ...rest }: JsonObject): JsonObject {
  return rest
}

function contentOf({ context, scope, ending }: AuditedRequest, body: unknown, clock: Clock): JsonObject {
  if (scope.level !== 'Request' && scope.level !== 'RequestResponse') return {}
  const trim = (object: unknown) => (scope.omitManagedFields ? withoutManagedFields(object) : object)
  const requestObject = body === undefined ? {} : { requestObject: trim(body) }
  const answered = scope.level === 'RequestResponse' ? answerOf(context, ending!, clock) : undefined
  return { ...requestObject, ...(answered !== undefined && { responseObject: trim(answered) }) } as JsonObject
}

/**
 * The request's body as JSON, a new object with its defaults; undefined when there is none or nobody got as far as to
 * read it.
 */
function bodyOf(context: RequestContext): unknown {
  const { body, readAs, info, isRouted } = context
  if (body.kind === 'none' || body.kind === 'stream') return undefined
  if (body.kind === 'object') return body.object
  if (!readAs && !(isRouted && info.verb === 'patch')) return undefined
  try {
    const parsed = parseBody(body, readAs)
    return readAs ? completed(context, readAs, parsed as JsonObject) : parsed
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

function completed({ resource }: RequestContext, readAs: BodyType, parsed: JsonObject): JsonObject {
  const { group, version, kind } = readAs
  // Upstream tells options as what they are inside.
  if (readAs.isOptions) return { ...parsed, kind, apiVersion: 'meta.k8s.io/__internal' }
  const object = { ...parsed, kind, apiVersion: toApiVersion(group, version) }
  if (resource && kind === resource.kind && group === resource.group)
    applyDefaults(resource, object as unknown as KubeObject)
  return readAs.isCustom ? object : printed(readAs.schema, object)
}

function parseBody(
  { bytes, contentType }: RequestBody & { kind: 'bytes' },
  readAs: BodyType | undefined,
): unknown {
  if (contentType.includes('protobuf')) return readAs && decodeProtobuf(readAs.schema, bytes)
  if (contentType.includes('cbor'))
    return decodeCborBody(readAs?.isCustom ? undefined : readAs?.schema, bytes, { strict: false }).object
  const text = contentType.includes('yaml') ? decodeYaml(bytes).json : new TextDecoder().decode(bytes)
  if (!readAs || readAs.isOptions || readAs.isCustom) return parseExact(text)
  // With what Go prints of every object of its kind: `status: {}`.
  return decodeJson(readAs.schema, text).object
}

/** What the client was told, as JSON whatever encoding it asked for. */
function answerOf(
  context: RequestContext,
  ending: NonNullable<AuditedRequest['ending']>,
  clock: Clock,
): unknown {
  const { response, error } = ending
  if (isUntold(error)) return undefined
  if (error instanceof StatusError) return error.status
  if (!response || response.kind === 'watch' || response.kind === 'upgrade') return undefined
  const accept = (context.headers.accept ?? '').replaceAll(
    'application/vnd.kubernetes.protobuf',
    'application/json',
  )
  const asJson = {
    ...context,
    headers: { ...context.headers, accept, 'accept-encoding': '' },
    userAgent: '',
    needsWhole: true as const,
  }
  const { body, headers } = toAnswer(asJson, response, clock)
  const isJson = String(headers['content-type']).startsWith('application/json')
  if (!isJson || !(typeof body === 'string' || body instanceof Uint8Array)) return undefined
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const parsed = parseExact(text) as { readonly kind?: unknown } | null
  return parsed?.kind === undefined ? undefined : parsed
}

/** Of an object, of the items of a list, and of the objects in a table's rows. */
function withoutManagedFields(object: unknown): unknown {
  if (typeof object !== 'object' || object === null || Array.isArray(object)) return object
  const { metadata, items, rows, ...rest } = object as Managed
  const { managedFields: _managed, ...kept } = metadata ?? {}
  return {
    ...rest,
    ...(metadata && { metadata: kept }),
    ...(Array.isArray(items) && { items: items.map(withoutManagedFields) }),
    ...(Array.isArray(rows) && {
      rows: rows.map(row => ({ ...row, object: withoutManagedFields(row.object) })),
    }),
  }
}

interface Managed {
  readonly metadata?: Record<string, unknown>
  readonly items?: unknown[]
  readonly rows?: { readonly object?: unknown }[]
}

/** Holds what a webhook put into the request: told only where the request's own body is. */
const patchPrefix = 'patch.webhook.admission.k8s.io/'

function annotationsOf(
  { auditAnnotations = new Map(), decision }: RequestContext,
  level: AuditEvent['level'],
): Record<string, string> | undefined {
  const told = [...auditAnnotations].filter(([key]) => level !== 'Metadata' || !key.startsWith(patchPrefix))
  if (told.length === 0 && !decision) return undefined
  return { ...Object.fromEntries(told), ...(decision && authorizationOf(decision)) }
}

function authorizationOf({ decision, reason, error }: Decision): Record<string, string> {
  const isAllowed = decision === 'allow'
  if (!isAllowed && error !== undefined) return { 'authorization.k8s.io/reason': 'internal error' }
  return {
    'authorization.k8s.io/decision': isAllowed ? 'allow' : 'forbid',
    'authorization.k8s.io/reason': reason,
  }
}

const userAgentLengthMax = 1024

function shortened(userAgent: string): string {
  if (userAgent.length <= userAgentLengthMax) return userAgent
  return `${userAgent.slice(0, userAgentLengthMax)}...TRUNCATED`
}
