import { forbidden } from '../../machinery/status/errors.ts'
import type { StatusCause, StatusError } from '../../machinery/status/status.ts'
import type { AdmissionRequest } from '../context.ts'

/** The 403 of an admission plugin (apiserver pkg/admission NewForbidden); an object without a name is `Unknown`. */
export function refusal(request: AdmissionRequest, message: string): StatusError {
  const { group, plural } = request.resource
  return forbidden({ group, resource: plural }, nameOf(request), message)
}

/** A refusal with machine-readable causes. */
export function refusalWithCauses(
  request: AdmissionRequest,
  message: string,
  causes: StatusCause[],
): StatusError {
  const error = refusal(request, message)
  error.status.details = { ...error.status.details, causes }
  return error
}

function nameOf({ info, object }: AdmissionRequest): string {
  return info.name || object?.metadata?.name || object?.metadata?.generateName || 'Unknown'
}

/** Whether a request is about this resource (and subresource; none by default). */
export function isAbout(request: AdmissionRequest, group: string, plural: string, subresource = ''): boolean {
  const { resource, info } = request
  return resource.group === group && resource.plural === plural && info.subresource === subresource
}

/** Whether a request creates a pod. */
export function createsPod(request: AdmissionRequest): boolean {
  return request.operation === 'CREATE' && isAbout(request, '', 'pods')
}
