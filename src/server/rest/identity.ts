import type { KubeObject } from '../../machinery/meta/object.ts'
import { numError } from '../../machinery/meta/strconv.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { badRequest, conflict, plainFailure } from '../../machinery/status/errors.ts'
import type { RestCall } from './call.ts'
import { isRevision } from './get.ts'

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

/** Upstream's plain 500 for what a write takes for a revision and is none; answers the revision that it means. */
export function givenRevision({ metadata }: KubeObject): string {
  const { resourceVersion: text = '' } = metadata
  if (text === '') return ''
  if (isRevision(text)) return text.replace(/^0+(?=\d)/, '')
  throw plainFailure(
    numError('ParseUint', text, /^\d+$/.test(text) ? 'value out of range' : 'invalid syntax'),
  )
}

/** What a PUT or an apply means by its uid is not there (registry.Store.Update); a revision has to be one all the same. */
export function requireNew({ resource, context }: RestCall, object: KubeObject): void {
  const { metadata } = object
  if (!metadata.uid) return void givenRevision(object)
  const detail = `uid mismatch: the provided object specified uid ${metadata.uid}, and no existing object was found`
  throw conflict({ group: resource.group, resource: resource.plural }, context.info.name, detail)
}

/** What only the server sets is not taken from a creator (rest.WipeObjectMetaSystemFields). */
export function wipeSystemFields({ metadata }: KubeObject): void {
  delete metadata.creationTimestamp
  delete metadata.uid
  delete metadata.deletionTimestamp
  delete metadata.deletionGracePeriodSeconds
  delete metadata.selfLink
}

const duplicateOwners = '.metadata.ownerReferences contains duplicate entries'
const ownersAdvice =
  'API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: '

/** Owner references that are there twice go, with a warning (handlers.dedupOwnerReferencesAndAddWarning). */
export function dedupOwners(call: RestCall, { metadata }: KubeObject, isAdmitted: boolean): void {
  const { ownerReferences: references } = metadata
  if (!references || references.length < 2) return
  const kept: typeof references = []
  const twice: string[] = []
  for (const reference of references) {
    const known = kept.some(other => other.uid === reference.uid && deepEqual(other, reference))
    if (known) twice.push(reference.uid ?? '')
    else kept.push(reference)
  }
  if (twice.length === 0) return
  const when = isAdmitted ? ' after mutating admission happens' : ''
  call.context.warnings.push(`${duplicateOwners}${when}; ${ownersAdvice}${twice.join(', ')}`)
  metadata.ownerReferences = kept
}
