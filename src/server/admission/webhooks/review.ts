import { facts } from '../../../api/schema/index.ts'
import { toApiVersion } from '../../../machinery/meta/group.ts'
import { isMap } from '../../../machinery/meta/json.ts'
import type { JsonObject, KubeObject } from '../../../machinery/meta/object.ts'
import { quote } from '../../../machinery/meta/quote.ts'
import { printed } from '../../../machinery/schema/printed.ts'
import type { Status } from '../../../machinery/status/status.ts'
import type { AdmissionRequest } from '../../context.ts'
import { type Admitted, type Match, namespaceOf } from '../match/versions.ts'

const reviewGroup = 'admission.k8s.io'
/** In which this server can ask. */
const versions: readonly string[] = ['v1', 'v1beta1']

/** The first of the versions that a webhook accepts and we can send. */
export function reviewVersion(accepted: readonly string[]): string | undefined {
  return accepted.find(version => versions.includes(version))
}

/** An AdmissionReview that asks about a request (webhook/request/admissionreview.go). */
export function toReview(admitted: Admitted, match: Match, uid: string, version: string): JsonObject {
  const { request } = admitted
  const { resource, info, operation, user, dryRun } = request
  const { subresource, name } = info
  const namespace = namespaceOf(request)
  return {
    kind: 'AdmissionReview',
    apiVersion: toApiVersion(reviewGroup, version),
    request: {
      uid,
      kind: kindName(match.kind),
      resource: resourceName(match.resource),
      ...(subresource && { subResource: subresource }),
      requestKind: kindName(request.kind),
      requestResource: resourceName(resource),
      ...(subresource && { requestSubResource: subresource }),
      ...(name && { name }),
      ...(namespace && { namespace }),
      operation,
      userInfo: userInfo(user),
      object: shown(match.kind, admitted.object),
      oldObject: shown(match.kind, admitted.oldObject),
      dryRun,
      options: operationOptions(request),
    },
  }
}

/** As Go prints it, nulls and all. */
function shown({ group, version, kind }: Match['kind'], object: KubeObject | undefined): JsonObject | null {
  if (!object) return null
  const schema = facts.kindSchema(group, version, kind)
  return (schema ? printed(schema, object) : object) as unknown as JsonObject
}

function kindName({ group, version, kind }: Match['kind']): JsonObject {
  return { group, version, kind }
}

function resourceName({ group, version, plural }: Match['resource']): JsonObject {
  return { group, version, resource: plural }
}

/** authentication.k8s.io/v1 UserInfo without what is empty. */
export function userInfo({ username, uid, groups, extra }: AdmissionRequest['user']): JsonObject {
  return {
    ...(username && { username }),
    ...(uid && { uid }),
    ...(groups.length > 0 && { groups }),
    ...(extra && Object.keys(extra).length > 0 && { extra }),
  } as JsonObject
}

/** CreateOptions, UpdateOptions or DeleteOptions of the request; null for CONNECT. */
export function operationOptions({ operation, options, deleteOptions }: AdmissionRequest): JsonObject | null {
  if (operation === 'CONNECT') return null
  const apiVersion = 'meta.k8s.io/v1'
  if (operation === 'DELETE') return { ...deleteOptions, kind: 'DeleteOptions', apiVersion }
  const { dryRun, fieldManager, fieldValidation } = options
  return {
    kind: operation === 'CREATE' ? 'CreateOptions' : 'UpdateOptions',
    apiVersion,
    ...(dryRun?.length && { dryRun: [...dryRun] }),
    ...(fieldManager && { fieldManager }),
    ...(fieldValidation && { fieldValidation }),
  }
}

/** What a webhook answered, checked. */
export interface ReviewAnswer {
  readonly allowed: boolean
  /** JSON text. */
  readonly patch?: string
  readonly patchType?: string
  readonly status?: Partial<Status>
  readonly auditAnnotations: Readonly<Record<string, string>>
  readonly warnings: readonly string[]
}

/** Why an answer of another version than the one that was asked in cannot be read; undefined when it can. */
export function foreignVersion({ apiVersion, kind }: JsonObject, asked: string): string | undefined {
  const other = versions.find(version => apiVersion === toApiVersion(reviewGroup, version))
  if (kind !== 'AdmissionReview' || other === undefined || other === asked) return undefined
  return `converting (${other}.AdmissionReview) to (${asked}.AdmissionReview): unknown conversion`
}

/** The answer in `review`, or why it is none (VerifyAdmissionResponse). */
export function readReview(
  review: JsonObject,
  asked: { readonly uid: string; readonly version: string; readonly isMutating: boolean },
): ReviewAnswer | { readonly fault: string } {
  const { response } = review
  if (!isMap(response)) return { fault: 'webhook response was absent' }
  const fault = asked.version === 'v1' ? faultOf(review, response, asked) : undefined
  if (fault) return { fault }
  const patch = decodePatch(response.patch)
  const isBeta = asked.version === 'v1beta1'
  const patchType = isBeta && patch ? 'JSONPatch' : (response.patchType as string | undefined)
  return {
    allowed: response.allowed === true,
    ...(asked.isMutating && patch && { patch, patchType: patchType ?? '' }),
    ...(isMap(response.status) && { status: response.status as Partial<Status> }),
    auditAnnotations: (response.auditAnnotations ?? {}) as Record<string, string>,
    warnings: (response.warnings ?? []) as string[],
  }
}

function faultOf(
  review: JsonObject,
  response: Readonly<Record<string, unknown>>,
  { uid, isMutating }: { readonly uid: string; readonly isMutating: boolean },
): string | undefined {
  const given = String(response.uid ?? '')
  if (given !== uid) return `expected response.uid=${quote(uid)}, got ${quote(given)}`
  const named = `${String(review.apiVersion ?? '')}, Kind=${String(review.kind ?? '')}`
  const wanted = `${reviewGroup}/v1, Kind=AdmissionReview`
  if (named !== wanted) return `expected webhook response of ${wanted}, got ${goGroupVersionKind(review)}`
  const { patch, patchType } = response
  const hasPatch = typeof patch === 'string' && patch !== ''
  const hasType = patchType !== undefined && patchType !== null
  if (!isMutating) {
    if (hasPatch) return 'validating webhook may not return response.patch'
    return hasType ? 'validating webhook may not return response.patchType' : undefined
  }
  if (hasPatch && !hasType) return 'webhook returned response.patch but not response.patchType'
  if (!hasPatch && hasType) return 'webhook returned response.patchType but not response.patch'
  return patchType === '' ? 'webhook returned invalid response.patchType of ""' : undefined
}

function goGroupVersionKind({ apiVersion = '', kind = '' }: JsonObject): string {
  const text = String(apiVersion)
  return `${text.includes('/') ? text : `/${text}`}, Kind=${String(kind)}`
}

function decodePatch(patch: unknown): string | undefined {
  if (typeof patch !== 'string' || patch === '') return undefined
  return Buffer.from(patch, 'base64').toString()
}
