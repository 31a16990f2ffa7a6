import type { Resource, ScaleView } from '../../api/define.ts'
import { builtinKind } from '../../api/schema/index.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { applyJsonPatch, applyMergePatch } from '../../machinery/patch/index.ts'
import { badRequest, invalid, unsupportedMediaType } from '../../machinery/status/errors.ts'
import { since } from '../../machinery/table/cells.ts'
import type { Column } from '../../machinery/table/column.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { Response } from '../context.ts'
import { deepFreeze } from '../watchcache/index.ts'
import { decodePatch, decodeTyped } from './body.ts'
import type { RestCall } from './call.ts'
import { cloneJson } from './clone.ts'
import { memo } from './memo.ts'
import { replace } from './replace.ts'
import { requireStored } from './storage.ts'
import { presentLater } from './views.ts'

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
  const stored = requireStored(call)
  if (context.info.verb === 'get')
    return answer(resource, toScale(view, (await presentLater(resource, stored)).object))
  const make = (current: KubeObject) => {
    const wanted = wantedScale(call, toScale(view, current))
    // A custom kind's own rules know the place of its replicas.
    if (!resource.custom) requireReplicas(wanted)
    const object = cloneJson(current)
    const { resourceVersion } = wanted.metadata
    if (resourceVersion) object.metadata.resourceVersion = resourceVersion
    else delete object.metadata.resourceVersion
    view.setReplicas(object, wanted.spec.replicas ?? 0)
    return object
  }
  const rules = { ...resource.strategy, allowUnconditionalUpdate: true }
  const face = {
    show: (object: KubeObject) => toScale(view, object),
    take: (shown: KubeObject, object: KubeObject) =>
      view.setReplicas(object, (shown as Scale).spec.replicas ?? 0),
  }
  const { object } = await replace(call, { make, rules, attemptsMax, face })
  return answer(resource, toScale(view, object))
}

function wantedScale({ context }: RestCall, current: Scale): Scale {
  const { info, options } = context
  const wanted =
    info.verb === 'update'
      ? decodeTyped(context, scaleType())
      : patchedScale(current, context, options.patchType)
  const { metadata } = wanted as Scale
  if (metadata?.name !== undefined && metadata.name !== info.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL (${info.name})`,
    )
  }
  return { ...(wanted as Scale), metadata: metadata ?? {}, spec: (wanted as Scale).spec ?? {} }
}

function patchedScale(current: Scale, context: RestCall['context'], type = ''): unknown {
  const document = decodePatch(context, type)
  if (type === 'application/json-patch+json') return applyJsonPatch(current, document)
  // Scale has no lists and no merge keys: strategic merge and merge mean the same.
  if (type.includes('merge-patch')) return applyMergePatch(current, document)
  throw unsupportedMediaType(['application/json-patch+json', 'application/merge-patch+json'])
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
    spec: { replicas: view.specReplicas(object) },
    status: { replicas: view.statusReplicas(object), ...(selector && { selector }) },
  }
}

function answer(resource: Resource, object: Scale): Response {
  return { kind: 'object', status: 200, object: deepFreeze(object), resource: servedAsScale(resource) }
}

const faces = new WeakMap<Resource, Resource>()

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
