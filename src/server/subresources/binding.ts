import type { Binding, Pod } from '../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import {
  badRequest,
  conflict,
  formatFieldErrors,
  notFound,
  plainFailure,
} from '../../machinery/status/errors.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { Response } from '../context.ts'
import { admitMutating, admitValidating, type RestCall, timestamp } from '../rest/call.ts'
import { replace } from '../rest/replace.ts'
import { findStored } from '../rest/storage.ts'
import { aimAt, builtinResource, createdStatus, decodeKind } from './subrequest.ts'

const attemptsMax = 10
const gr = { group: '', resource: 'pods/binding' }

/** POST pods/NAME/binding: gives a pod its node, once (pkg/registry/core/pod/storage assignPod). */
export async function bindPod(call: RestCall): Promise<Response> {
  const binding = decodeKind(call, '', 'v1', 'Binding') as unknown as Binding
  binding.metadata ??= {}
  if (binding.metadata.name !== call.context.info.name) {
    throw badRequest('name in URL does not match name in Binding object')
  }
  return bind(call, binding, call.context.info.name)
}

/** POST bindings: the same, with the pod's name in the body. */
export async function bindNamed(call: RestCall): Promise<Response> {
  const binding = decodeKind(call, '', 'v1', 'Binding') as unknown as Binding
  binding.metadata ??= {}
  return bind(call, binding, binding.metadata.name ?? '')
}

async function bind(call: RestCall, binding: Binding, name: string): Promise<Response> {
  const { metadata } = binding
  metadata.namespace ||= call.context.info.namespace
  await admitMutating(call, { operation: 'CREATE', object: binding, oldObject: undefined })
  checkTarget(binding)
  if (name === '') throw badRequest('Name parameter required.')
  await admitValidating(call, { operation: 'CREATE', object: binding, oldObject: undefined })
  const pods = builtinResource(call, '', 'v1', 'pods')
  const target = aimAt(call, pods, { name })
  if (!findStored(target)) throw notFound({ group: '', resource: 'pods' }, name)
  await replace(target, {
    make: current => assign(call, current as Pod, binding),
    rules: { allowUnconditionalUpdate: true },
    attemptsMax,
    tracksFields: true,
    skipsAdmission: true,
  })
  return createdStatus()
}

/** Upstream tells the bare complaints. */
function checkTarget({ target }: Binding): void {
  const errors = createFieldErrors()
  if (target?.kind && target.kind !== 'Node')
    errors.notSupported('target.kind', target.kind, ['Node', '<empty>'])
  if (!target?.name) errors.required('target.name')
  if (errors.list.length > 0) throw plainFailure(formatFieldErrors(errors.list))
}

function assign({ deps }: RestCall, current: Pod, binding: Binding): KubeObject {
  const { name = '', uid, resourceVersion } = binding.metadata
  const { metadata, spec } = current
  if (uid && uid !== metadata.uid) {
    const detail = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`
    throw conflict(gr, name, detail)
  }
  if (resourceVersion && resourceVersion !== metadata.resourceVersion) throw conflict(gr, name)
  if (metadata.deletionTimestamp)
    throw conflict(gr, name, `pod ${name} is being deleted, cannot be assigned to a host`)
  if (spec?.nodeName)
    throw conflict(gr, name, `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`)
  if (spec?.schedulingGates?.length)
    throw conflict(gr, name, `pod ${name} has non-empty .spec.schedulingGates`)
  const { annotations, labels } = binding.metadata
  // What stays the same is shared with the frozen object: then comparing the two costs nothing there.
  return {
    ...current,
    metadata: {
      ...metadata,
      ...(annotations && { annotations: { ...metadata.annotations, ...annotations } }),
      ...(labels && { labels: { ...metadata.labels, ...labels } }),
    },
    spec: { ...spec!, nodeName: binding.target.name! },
    status: scheduled(current, timestamp(deps.ports.clock)),
  } as Pod
}

function scheduled({ status }: Pod, now: string): Pod['status'] {
  const { nominatedNodeName: _nominated, ...kept } = status ?? {}
  const others = (kept.conditions ?? []).filter(({ type }) => type !== 'PodScheduled')
  const condition = { type: 'PodScheduled', status: 'True', lastTransitionTime: now }
  return { ...kept, conditions: [...others, condition] }
}
