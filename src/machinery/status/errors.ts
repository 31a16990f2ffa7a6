/**
 * Failures with upstream's codes, reasons, details and texts (apimachinery pkg/api/errors, and the
 * apiserver's own response writers where named). Each function returns the error; the caller throws it.
 */
import { quote } from '../meta/quote.ts'
import type { FieldError } from '../validation/field-error.ts'
import type { Status, StatusCause, StatusDetails, StatusReason } from './status.ts'
import { StatusError } from './status.ts'

/** Names a resource without its version; `{ group: '', resource: 'pods' }`. */
export interface GroupResource {
  readonly group: string
  readonly resource: string
}

/** Names a kind without its version. */
export interface GroupKind {
  readonly group: string
  readonly kind: string
}

/** `deployments.apps`; core resources stand alone. */
export function formatGroupResource({ group, resource }: GroupResource): string {
  return group === '' ? resource : `${resource}.${group}`
}

/** `Deployment.apps`; core kinds stand alone. */
export function formatGroupKind({ group, kind }: GroupKind): string {
  return group === '' ? kind : `${kind}.${group}`
}

export function notFound(gr: GroupResource, name: string): StatusError {
  const message = `${formatGroupResource(gr)} ${quote(name)} not found`
  return failure(404, 'NotFound', message, resourceDetails(gr, name))
}

export function alreadyExists(gr: GroupResource, name: string): StatusError {
  const message = `${formatGroupResource(gr)} ${quote(name)} already exists`
  return failure(409, 'AlreadyExists', message, resourceDetails(gr, name))
}

/** A name made from `generateName` was taken; the client may try again. */
export function generateNameConflict(gr: GroupResource, name: string, retryAfterSeconds = 1): StatusError {
  const message = `${formatGroupResource(gr)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`
  return failure(409, 'AlreadyExists', message, {
    ...resourceDetails(gr, name),
    ...retryDetails(retryAfterSeconds),
  })
}

/** What a stale resourceVersion is told (apiserver registry OptimisticLockErrorMsg). */
export const objectModified =
  'the object has been modified; please apply your changes to the latest version and try again'

export function conflict(gr: GroupResource, name: string, message: string = objectModified): StatusError {
  const text = `Operation cannot be fulfilled on ${formatGroupResource(gr)} ${quote(name)}: ${message}`
  return failure(409, 'Conflict', text, resourceDetails(gr, name))
}

/** Server-side apply met fields of other managers; one cause for each field. */
export function applyConflict(causes: StatusCause[], message: string): StatusError {
  return failure(409, 'Conflict', message, { causes })
}

/** 422 with one cause for each complaint; equal complaints are told once in the message. */
export function invalid(gk: GroupKind, name: string, errors: readonly FieldError[]): StatusError {
  const causes = errors.map(({ type, message, field }) => cause({ reason: type, message, field }))
  const told = formatFieldErrors(errors)
  const message = `${formatGroupKind(gk)} ${quote(name)} is invalid${told === '' ? '' : `: ${told}`}`
  return failure(422, 'Invalid', message, details({ name, group: gk.group, kind: gk.kind, causes }))
}

/** `field: body`, several in brackets without repeats, as upstream's error aggregate prints them. */
export function formatFieldErrors(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(error => `${error.field}: ${error.message}`))]
  return texts.length > 1 ? `[${texts.join(', ')}]` : (texts[0] ?? '')
}

export function forbidden(gr: GroupResource, name: string, message: string): StatusError {
  const resource = formatGroupResource(gr)
  if (resource === '') return failure(403, 'Forbidden', `forbidden: ${message}`, {})
  const subject = name === '' ? resource : `${resource} ${quote(name)}`
  return failure(403, 'Forbidden', `${subject} is forbidden: ${message}`, resourceDetails(gr, name))
}

/** Who wanted to do what; `path` is for requests that name no resource. */
export interface DeniedRequest {
  readonly user: string
  readonly verb: string
  readonly path?: string
  readonly group?: string
  readonly resource?: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
}

/** The authorizer said no (apiserver responsewriters ForbiddenStatusError); `reason` is the authorizer's own. */
export function accessDenied(request: DeniedRequest, reason = ''): StatusError {
  const message = escapeHtml(deniedMessage(request)) + (reason === '' ? '' : `: ${reason}`)
  const gr = { group: request.group ?? '', resource: request.resource ?? '' }
  const error = forbidden(gr, request.name ?? '', message)
  error.headers = { 'x-content-type-options': 'nosniff' }
  return error
}

function deniedMessage(request: DeniedRequest): string {
  const who = `User ${quote(request.user)} cannot ${request.verb}`
  if (!request.resource) return `${who} path ${quote(request.path ?? '')}`
  const resource = request.subresource ? `${request.resource}/${request.subresource}` : request.resource
  const what = `resource ${quote(resource)} in API group ${quote(request.group ?? '')}`
  return request.namespace
    ? `${who} ${what} in the namespace ${quote(request.namespace)}`
    : `${who} ${what} at the cluster scope`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

export function unauthorized(message = 'Unauthorized'): StatusError {
  return failure(401, 'Unauthorized', message)
}

export function badRequest(message: string): StatusError {
  return failure(400, 'BadRequest', message)
}

/** 405; `action` is the verb that the kind does not offer. */
export function methodNotSupported(gr: GroupResource, action: string): StatusError {
  const message = `${action} is not supported on resources of kind ${quote(formatGroupResource(gr))}`
  return failure(405, 'MethodNotAllowed', message, resourceDetails(gr, ''))
}

/** No media type of the Accept header can be produced (apiserver negotiation). */
export function notAcceptable(accepted: readonly string[]): StatusError {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`)
}

/** The answer has another shape than the client can take. */
export function unlikeShape(message: string): StatusError {
  return failure(406, 'NotAcceptable', message)
}

/** The body's Content-Type is not understood (apiserver negotiation). */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  return failure(415, 'UnsupportedMediaType', message)
}

/** 404 for a path below a version that is served, but no resource of it (upstream's router, not its handlers). */
export function unknownRoute(): StatusError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {})
}

/** 405 for a method that nothing at this path takes (upstream's router). */
export function methodNotRouted(): StatusError {
  return failure(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  )
}

/** 406 from upstream's router: no handler at this path writes what the client takes. */
export function notRepresentable(available: readonly string[]): StatusError {
  const message = `406: Not Acceptable\n\nAvailable representations: ${available.join(', ')}`
  return failure(406, 'NotAcceptable', message, {})
}

/** 415 from upstream's router: no handler at this path reads the body's type. */
export function contentNotRouted(): StatusError {
  return failure(415, 'UnsupportedMediaType', '415: Unsupported Media Type', {})
}

/** 410 with the old reason `Gone`; prefer `expired`. */
export function gone(message: string): StatusError {
  return failure(410, 'Gone', message)
}

/** 410: what was asked for is compacted away; the client lists again. */
export function expired(message: string): StatusError {
  return failure(410, 'Expired', message)
}

/** 410 for a watch or list from a revision before `oldest`. */
export function resourceVersionTooOld(requested: number | bigint, oldest: number | bigint): StatusError {
  return expired(`too old resource version: ${requested} (${oldest})`)
}

/** 504 for a read at a revision that this server has not seen yet; clients know its cause by name. */
export function resourceVersionTooLarge(requested: number | bigint, current: number | bigint): StatusError {
  return failure(504, 'Timeout', `Timeout: Too large resource version: ${requested}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  })
}

/** 429; without a time to wait it has no details at all. */
export function tooManyRequests(message: string, retryAfterSeconds?: number): StatusError {
  const about = retryAfterSeconds === undefined ? undefined : retryDetails(retryAfterSeconds)
  return failure(429, 'TooManyRequests', message, about)
}

export function requestEntityTooLarge(message: string): StatusError {
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${message}`)
}

export function internalError(cause: string | Error): StatusError {
  const text = typeof cause === 'string' ? cause : cause.message
  return failure(500, 'InternalError', `Internal error occurred: ${text}`, { causes: [{ message: text }] })
}

export function timeout(message: string, retryAfterSeconds = 0): StatusError {
  return failure(504, 'Timeout', `Timeout: ${message}`, retryDetails(retryAfterSeconds))
}

/** What the server says when it stops waiting for its own answer (apiserver pkg/server/filters/timeout.go). */
export function requestTimeout(): StatusError {
  const error = timeout('request did not complete within the allotted timeout')
  error.isBare = true
  return error
}

export function serverTimeout(gr: GroupResource, operation: string, retryAfterSeconds = 0): StatusError {
  const message = `The ${operation} operation against ${formatGroupResource(gr)} could not be completed at this time, please try again.`
  return failure(500, 'ServerTimeout', message, {
    ...resourceDetails(gr, operation),
    ...retryDetails(retryAfterSeconds),
  })
}

export function serviceUnavailable(message: string, retryAfterSeconds?: number): StatusError {
  const about = retryAfterSeconds === undefined ? undefined : retryDetails(retryAfterSeconds)
  return failure(503, 'ServiceUnavailable', message, about)
}

/** 422 without details of its own; why stays in the error's `cause` (upstream's NewGenericServerResponse). */
export function unprocessable(why: Error): StatusError {
  const error = failure(422, 'Invalid', 'the server rejected our request due to an error in our request', {})
  error.cause = why
  return error
}

/** 500 that says only `message`: what upstream answers with for an error of no kind. */
export function plainFailure(message: string): StatusError {
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    code: 500,
  })
}

/** 501: Hutch knows what was asked for and does not have it; `what` names it. */
export function notImplemented(what: string): StatusError {
  return failure(501, 'NotImplemented', `${what} is not implemented`)
}

/** The `Success` status that DELETE and a few other requests answer with. */
export function successStatus(details?: StatusDetails): Status {
  const about = details ? { details } : {}
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', ...about, code: 200 }
}

/** True for a StatusError of this reason. */
export function isStatus(error: unknown, reason: StatusReason): error is StatusError {
  return error instanceof StatusError && error.reason === reason
}

export const isNotFound = (error: unknown): error is StatusError => isStatus(error, 'NotFound')
export const isConflict = (error: unknown): error is StatusError => isStatus(error, 'Conflict')
export const isAlreadyExists = (error: unknown): error is StatusError => isStatus(error, 'AlreadyExists')

/** True for 410 in both its spellings: list again from the start. */
export function isGone(error: unknown): error is StatusError {
  return isStatus(error, 'Expired') || isStatus(error, 'Gone')
}

/** Members in the order in which Go prints them. */
function failure(code: number, reason: StatusReason, message: string, about?: StatusDetails): StatusError {
  const details = about ? { details: about } : {}
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...details,
    code,
  })
}

function resourceDetails({ group, resource }: GroupResource, name: string): StatusDetails {
  return details({ name, group, kind: resource })
}

/** Empty values stay away, as Go's omitempty leaves them out. */
function details({ name, group, kind, causes }: StatusDetails): StatusDetails {
  const kept: StatusDetails = {}
  if (name) kept.name = name
  if (group) kept.group = group
  if (kind) kept.kind = kind
  if (causes && causes.length > 0) kept.causes = causes
  return kept
}

function retryDetails(retryAfterSeconds: number): StatusDetails {
  return retryAfterSeconds > 0 ? { retryAfterSeconds } : {}
}

function cause({ reason, message, field }: StatusCause): StatusCause {
  const kept: StatusCause = {}
  if (reason) kept.reason = reason
  if (message) kept.message = message
  if (field) kept.field = field
  return kept
}
