import type { KubeObject } from '../../machinery/meta/object.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import type { RestCall } from './call.ts'

/** The namespace of the path goes into the object; another one in a namespaced object is a 400. */
export function settleNamespace({ context, resource }: RestCall, object: KubeObject): void {
  const { metadata } = object
  const wanted = resource.namespaced ? context.info.namespace : ''
  if (wanted === '') delete metadata.namespace
  else if (!metadata.namespace) metadata.namespace = wanted
  else if (metadata.namespace !== wanted) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request')
  }
}

/** The name of the path and that of the object must agree; an absent one in a patch or PUT is a 400. */
export function requireSameName({ context }: RestCall, object: KubeObject): void {
  const { name } = context.info
  const given = object.metadata.name ?? ''
  if (given === '') {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    )
  }
  if (given !== name) {
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`)
  }
}
