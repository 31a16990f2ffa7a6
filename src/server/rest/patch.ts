import type { Subresource } from '../../api/define.ts'
import { type PatchType, patchTypes } from '../../client/transport.ts'
import { applyPatch, applySteps } from '../../machinery/apply/index.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep } from '../../machinery/meta/value.ts'
import { notFound, unsupportedMediaType } from '../../machinery/status/errors.ts'
import { takeSteps } from '../../std/turns.ts'
import type { Response } from '../context.ts'
import { applyDefaults, decodePatch, shapeMetadata } from './body.ts'
import { admitMutating, groupResource, type RestCall, requireLasting, turn } from './call.ts'
import { mayWait, writerOf } from './field-manager.ts'
import { requireNew, requireSameName, settleNamespace } from './identity.ts'
import { insert } from './insert.ts'
import { typed } from './other-versions.ts'
import { patched, patchFaults } from './patched.ts'
import { replace } from './replace.ts'
import { findStored, requireStored } from './storage.ts'
import { rulesFor } from './update.ts'
import { refuseVast } from './vast.ts'
import { checkWriteOptions } from './write-options.ts'

/** Upstream's maxRetryWhenPatchConflicts. */
const attemptsMax = 5

const applyType: PatchType = 'application/apply-patch+yaml'
const applyCborType: PatchType = 'application/apply-patch+cbor'

/** PATCH of an object or of a subresource that is data alone, in any of the four languages that the kind takes. */
export async function patch(call: RestCall, subresource?: Subresource): Promise<Response> {
  const { context, resource } = call
  const type = requirePatchType(call)
  checkWriteOptions(context.options, 'PatchOptions')
  const isApply = type === applyType || type === applyCborType
  // As upstream: what is not there is told before what cannot be read.
  if (!isApply) requireStored(call)
  const isSpelled = keepsSpelling(call, type)
  const document = decodePatch(context, type, isSpelled)
  await turn(call)
  if (isApply && !findStored(call)) return createByApply(call, document as KubeObject, subresource)
  const given = { type, document, isSpelled, faults: isApply ? [] : patchFaults(context, type, document) }
  const make = (current: KubeObject) =>
    isApply ? applied(call, document as KubeObject, current) : patched(call, given, current)
  const servable = await replace(call, {
    make,
    attemptsMax,
    tracksFields: isApply,
    ...rulesFor(call, subresource),
  })
  return { kind: 'object', status: 200, object: servable.object, resource, servable }
}

/** The language of a PATCH. Throws 415 for one that the kind does not take. */
export function requirePatchType({ context, resource }: RestCall): PatchType {
  const type = (context.options.patchType ?? '').split(';')[0]! as PatchType
  const plain = resource.custom ? patchTypes.filter(each => !each.includes('strategic')) : patchTypes
  const offered: readonly PatchType[] = context.servesCbor ? [...plain, applyCborType] : plain
  if (!offered.includes(type)) throw unsupportedMediaType(offered)
  return type
}

/** Some change the text of an object, which its type then reads: it matters how a number is spelled. */
export function keepsSpelling({ resource }: RestCall, type: PatchType): boolean {
  const isText = type === 'application/json-patch+json' || type === 'application/merge-patch+json'
  return isText && !resource.custom
}

async function applied(
  call: RestCall,
  document: KubeObject,
  current: KubeObject | undefined,
): Promise<KubeObject> {
  const { resource, context } = call
  const { force = false } = context.options
  const { schema } = resource
  const { kind } = resource
  const request = { ...writerOf(call), schema, live: current, applied: document, kind, force }
  const { breathe } = context
  const waits = breathe || mayWait(call)
  const { object, changed } = waits ? await takeSteps(applySteps(request), breathe) : applyPatch(request)
  await turn(call)
  const copy = resource.custom ? cloneDeep(object) : typed(resource, object, document.metadata ?? {})
  copy.metadata ??= {}
  // What an apply may say is judged by its types: nothing of it goes unsaid, nulls that the schema forbids neither.
  if (resource.custom) shapeMetadata(resource, copy)
  resource.custom?.dropDefaulted(copy)
  await refuseVast(call, copy)
  // What changes nothing is answered with what lives, as that was read.
  if (changed) applyDefaults(resource, copy)
  requireSameName(call, copy)
  return copy
}

async function createByApply(
  call: RestCall,
  document: KubeObject,
  subresource: Subresource | undefined,
): Promise<Response> {
  const { resource, context } = call
  if (subresource) throw notFound(groupResource(resource), context.info.name)
  const object = await applied(call, document, undefined)
  settleNamespace(call, object)
  await turn(call)
  requireLasting(call, object)
  await admitMutating(call, { operation: 'CREATE', object, oldObject: undefined })
  requireNew(call, object)
  // Upstream creates through an update here, which heeds no revision of what is not there.
  delete object.metadata.resourceVersion
  const servable = await insert(call, object)
  return { kind: 'object', status: 201, object: servable.object, resource, servable }
}
