import type { Resource, ScaleView } from '../../api/define.ts'
import { builtinKind } from '../../api/schema/index.ts'
import {
  applyPatch,
  fromScaleEntries,
  type ReplicasPlace,
  toScaleEntries,
  updateManagedFields,
} from '../../machinery/apply/index.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep, deepFreeze } from '../../machinery/meta/value.ts'
import { conflict, invalid } from '../../machinery/status/errors.ts'
import { since } from '../../machinery/table/cells.ts'
import type { Column } from '../../machinery/table/column.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { Response } from '../context.ts'
import { decodePatch, decodeTyped } from './body.ts'
import type { RestCall } from './call.ts'
import { writerOf } from './field-manager.ts'
import { requireSameName, settleNamespace } from './identity.ts'
import { memo } from './memo.ts'
import { typed } from './other-versions.ts'
import { keepsSpelling, requirePatchType } from './patch.ts'
import { patched, patchFaults } from './patched.ts'
import { replace } from './replace.ts'
import { requireStored } from './storage.ts'
import { presentLater } from './views.ts'
import { checkWriteOptions } from './write-options.ts'

/** autoscaling/v1 Scale. */
interface Scale extends KubeObject {
  spec: { replicas?: number }
  status: { replicas: number; selector?: string }
}

const attemptsMax = 5
const scaleName = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
const scaleType = () => ({ ...scaleName, schema: builtinKind('autoscaling', 'v1', 'Scale') })

/** The `scale` subresource: an object seen, and changed, as autoscaling/v1 Scale. */
export async function scale(call: RestCall, view: ScaleView<KubeObject>): Promise<Response> {
  const { context, resource } = call
  const { verb } = context.info
  if (verb !== 'get') checkWriteOptions(context.options, verb === 'update' ? 'UpdateOptions' : 'PatchOptions')
  // As upstream: what cannot be meant is told before what is not there.
  if (verb === 'update') requireMeant(call, { metadata: {}, ...decodeTyped(context, scaleType()) })
  const stored = requireStored(call)
  if (verb === 'get') return answer(resource, toScale(view, (await presentLater(resource, stored)).object))
  const place = { apiVersion: toApiVersion(resource.group, resource.version), path: view.replicasPath }
  const shown = (object: KubeObject) => withManagers(toScale(view, object), object, place)
  let wanted: Scale | undefined
  const make = async (current: KubeObject) => {
    wanted = await wantedScale(call, shown(current))
    // A custom kind's own rules know the place of its replicas.
    if (!resource.custom) requireReplicas(wanted)
    if (verb !== 'update') requireUid(call, wanted, current)
    return laidOver(current, wanted, view, place)
  }
  const face = {
    show: shown,
    asked: () => wanted!,
    judged: (object: KubeObject) => toScale(view, object),
    take: (scale: KubeObject, object: KubeObject) =>
      view.setReplicas(object, (scale as Scale).spec.replicas ?? 0),
  }
  const rules = { ...resource.strategy, allowUnconditionalUpdate: true }
  const requiresUid = verb === 'update'
  const { object } = await replace(call, { make, rules, attemptsMax, face, tracksFields: true, requiresUid })
  return answer(resource, toScale(view, object))
}

function withManagers(scale: Scale, { metadata }: KubeObject, place: ReplicasPlace): Scale {
  const managedFields = toScaleEntries(metadata.managedFields, place)
  return { ...scale, metadata: { ...scale.metadata, ...(managedFields && { managedFields }) } }
}

/** What the scale says goes into a private copy of the object. */
function laidOver(
  current: KubeObject,
  { metadata, spec }: Scale,
  view: ScaleView<KubeObject>,
  place: ReplicasPlace,
): KubeObject {
  const object = cloneDeep(current)
  const { resourceVersion, uid } = metadata
  if (resourceVersion) object.metadata.resourceVersion = resourceVersion
  else delete object.metadata.resourceVersion
  if (uid) object.metadata.uid = uid
  view.setReplicas(object, spec.replicas ?? 0)
  const managed = fromScaleEntries(current.metadata.managedFields, metadata.managedFields, place)
  if (managed) object.metadata.managedFields = managed
  else delete object.metadata.managedFields
  return object
}

async function wantedScale(call: RestCall, current: Scale): Promise<Scale> {
  const { context } = call
  const given = await askedScale(call, current)
  const wanted = { ...given, metadata: { ...given.metadata }, spec: { ...given.spec } }
  requireMeant(call, wanted)
  if (context.options.patchType === applyType) return wanted
  const managed = updateManagedFields({ ...scaleWriter(call), live: current, next: wanted })
  if (managed) wanted.metadata.managedFields = managed
  return wanted
}

/** The path and the body name the same object. */
function requireMeant(call: RestCall, scale: KubeObject): void {
  settleNamespace(call, scale)
  requireSameName(call, scale)
}

function scaleWriter(call: RestCall) {
  const { schema } = scaleType()
  // A scale shows its managers in its own version alone.
  const { otherVersion: _, ...writer } = writerOf(call)
  return { ...writer, schema, apiVersion: 'autoscaling/v1', resetFields: [] }
}

const applyType = 'application/apply-patch+yaml'

async function askedScale(call: RestCall, current: Scale): Promise<Scale> {
  const { context } = call
  if (context.info.verb === 'update') return decodeTyped(context, scaleType()) as unknown as Scale
  const type = requirePatchType(call)
  const inside = { ...call, resource: readAsScale(call.resource) }
  const isSpelled = keepsSpelling(inside, type)
  const document = decodePatch(context, type, isSpelled)
  if (type !== applyType) {
    const given = { type, document, isSpelled, faults: patchFaults(context, type, document) }
    return (await patched(inside, given, current)) as Scale
  }
  const { force = false } = context.options
  const asked = { live: current, applied: document as KubeObject, kind: 'Scale', force }
  const { object } = applyPatch({ ...scaleWriter(call), ...asked })
  return typed(inside.resource, object, asked.applied.metadata ?? {}) as Scale
}

/** Upstream looks at it before its stores do, which say it in other words. */
function requireUid({ resource }: RestCall, { metadata }: Scale, current: KubeObject): void {
  const { uid } = metadata
  if (!uid || uid === current.metadata.uid || resource.custom) return
  const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`
  const place = { group: resource.group, resource: `${resource.plural}/scale` }
  throw conflict(place, current.metadata.name!, detail)
}

function requireReplicas({ metadata, spec }: Scale): void {
  const errors = createFieldErrors()
  const { replicas = 0 } = spec
  if (!(replicas >= 0)) errors.invalid('spec.replicas', replicas, 'must be greater than or equal to 0')
  if (errors.list.length > 0)
    throw invalid({ group: 'autoscaling', kind: 'Scale' }, metadata.name ?? '', errors.list)
}

function toScale(view: ScaleView<KubeObject>, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata
  const selector = view.selector(object)
  const replicas = view.specReplicas(object)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name: name!,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
      ...(creationTimestamp && { creationTimestamp }),
    },
    // Go leaves out none at all.
    spec: replicas === 0 ? {} : { replicas },
    status: { replicas: view.statusReplicas(object), ...(selector && { selector }) },
  }
}

function answer(resource: Resource, object: Scale): Response {
  return { kind: 'object', status: 200, object: deepFreeze(object), resource: servedAsScale(resource) }
}

const faces = new WeakMap<Resource, Resource>()
const readers = new WeakMap<Resource, Resource>()

/** The resource as patches see it: a built-in kind without rules of its own. */
function readAsScale(resource: Resource): Resource {
  return memo(readers, resource, () => {
    const { custom: _custom, ...face } = servedAsScale(resource)
    return { ...face, strategy: {}, storage: { ...face.storage, group: scaleName.group } }
  })
}

/** The resource as it looks from here: its objects are Scales, with columns of their own. */
function servedAsScale(resource: Resource): Resource {
  return memo(faces, resource, () => {
    const { rowConditions: _rows, ...rest } = resource
    return { ...rest, ...scaleType(), columns: columns as unknown as Resource['columns'] }
  })
}

function column(name: string, type: Column<Scale>['type'], cell: Column<Scale>['cell']): Column<Scale> {
  return { name, type, format: '', description: '', priority: 0, cell }
}

const columns: readonly Column<Scale>[] = [
  column('Name', 'string', ({ metadata }) => metadata.name),
  column('Desired', 'integer', ({ spec }) => spec.replicas ?? 0),
  column('Available', 'integer', ({ status }) => status.replicas),
  column('Age', 'string', ({ metadata }, nowMs) => since(metadata.creationTimestamp, nowMs)),
]
