import { builtinKind } from '../../api/schema/index.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Eviction, PodDisruptionBudget } from '../../api/types/policy-v1.gen.ts'
import { findCondition, isConditionTrue } from '../../machinery/meta/conditions.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { cloneDeep } from '../../machinery/meta/value.ts'
import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/index.ts'
import { badRequest, forbidden, plainFailure, tooManyRequests } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { Response } from '../context.ts'
import { decodeTyped } from '../rest/body.ts'
import { admitMutating, admitValidating, isDryRun, type RestCall, timestamp } from '../rest/call.ts'
import { deleteNamed } from '../rest/delete.ts'
import type { DeleteOptions } from '../rest/delete-options.ts'
import { replace } from '../rest/replace.ts'
import { requireStored } from '../rest/storage.ts'
import { collectionPrefix } from '../watchcache/index.ts'
import { aimAt, builtinResource, createdStatus } from './subrequest.ts'

const attemptsMax = 20
/** Upstream's MaxDisruptedPodSize. */
const disruptedPodsMax = 2000

const evictionType = () => ({
  group: 'policy',
  version: 'v1',
  kind: 'Eviction',
  schema: builtinKind('policy', 'v1', 'Eviction'),
  alsoVersions: ['policy/v1beta1'],
})

/** POST pods/NAME/eviction: deletes a pod when its disruption budget allows (pkg/registry/core/pod/storage/eviction.go). */
export async function evictPod(call: RestCall): Promise<Response> {
  const { info } = call.context
  const eviction = decodeTyped(call.context, evictionType()) as unknown as Eviction
  const { name = '' } = eviction.metadata ?? {}
  if (name !== info.name) throw badRequest('name in URL does not match name in Eviction object')
  eviction.metadata = { ...eviction.metadata, name: info.name, namespace: info.namespace }
  await admitMutating(call, { operation: 'CREATE', object: eviction, oldObject: undefined })
  await admitValidating(call, { operation: 'CREATE', object: eviction, oldObject: undefined })
  const target = aimAt(call, builtinResource(call, '', 'v1', 'pods'), { name: info.name })
  const pod = requireStored(target).object as Pod
  if (!isFree(pod)) await consumeBudget(call, pod)
  const options = optionsOf(call, eviction, pod)
  const marked = isDryRun(call) || !isMeant(pod, options) ? undefined : await markDisrupted(target)
  await deleteNamed(target, info.name, marked ? atRevision(options, marked) : options)
  return createdStatus()
}

/** Whether the preconditions name this very pod; a deletion says what is wrong when they do not. */
function isMeant({ metadata }: Pod, { preconditions }: DeleteOptions): boolean {
  const { uid, resourceVersion } = preconditions ?? {}
  return (!uid || uid === metadata.uid) && (!resourceVersion || resourceVersion === metadata.resourceVersion)
}

/** Says in the pod why it goes, for whoever counts failures (upstream addConditionAndDeletePod). */
async function markDisrupted(target: RestCall): Promise<KubeObject> {
  const { object } = await replace(target, {
    make: current => withDisruption(current as Pod, timestamp(target.deps.ports.clock)),
    rules: { allowUnconditionalUpdate: true },
    attemptsMax,
    tracksFields: true,
    skipsAdmission: true,
  })
  return object
}

function withDisruption(current: Pod, now: string): Pod {
  const pod = cloneDeep(current)
  const type = 'DisruptionTarget'
  const conditions = pod.status?.conditions ?? []
  const before = findCondition(conditions, type)
  const lastTransitionTime = before?.status === 'True' ? before.lastTransitionTime : now
  const words = { reason: 'EvictionByEvictionAPI', message: 'Eviction API: evicting' }
  const condition = { ...before, type, status: 'True', lastTransitionTime, ...words }
  const others = conditions.filter(other => other !== before)
  pod.status = { ...pod.status, conditions: [...others, condition] }
  return pod
}

/** We have changed the pod ourselves: a precondition on its revision is one on the new revision. */
function atRevision(options: DeleteOptions, { metadata }: KubeObject): DeleteOptions {
  const { preconditions } = options
  if (!preconditions?.resourceVersion || !metadata.resourceVersion) return options
  return { ...options, preconditions: { ...preconditions, resourceVersion: metadata.resourceVersion } }
}

function optionsOf(call: RestCall, { deleteOptions }: Eviction, pod: Pod): DeleteOptions {
  const { preconditions, ...rest } = (deleteOptions ?? {}) as DeleteOptions
  const dryRun = isDryRun(call) ? { dryRun: ['All'] } : {}
  return { ...rest, ...dryRun, isAdmitted: true, preconditions: { uid: pod.metadata.uid!, ...preconditions } }
}

/** Pods whose loss disrupts nobody. */
function isFree({ metadata, status }: Pod): boolean {
  const phase = status?.phase ?? 'Pending'
  return (
    phase === 'Succeeded' ||
    phase === 'Failed' ||
    phase === 'Pending' ||
    metadata.deletionTimestamp !== undefined
  )
}

async function consumeBudget(call: RestCall, pod: Pod): Promise<void> {
  const budgets = budgetsOf(call, pod)
  if (budgets.length > 1) {
    throw plainFailure(
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const [budget] = budgets
  if (!budget || (!isReady(pod) && allowsUnhealthy(budget))) return
  const resource = builtinResource(call, 'policy', 'v1', 'poddisruptionbudgets')
  const name = budget.metadata.name!
  await replace(asServer(aimAt(call, resource, { name, subresource: 'status' })), {
    make: current => decrement(call, current as PodDisruptionBudget, pod),
    rules: { allowUnconditionalUpdate: true },
    attemptsMax,
    skipsAdmission: true,
  })
}

/** What the server writes by itself it does not write in its client's name. */
function asServer(call: RestCall): RestCall {
  const { fieldManager: _client, ...options } = call.context.options
  return { ...call, context: { ...call.context, options, userAgent: 'kube-apiserver' } }
}

function budgetsOf({ deps }: RestCall, pod: Pod): PodDisruptionBudget[] {
  const prefix = collectionPrefix({ group: 'policy', plural: 'poddisruptionbudgets' }, pod.metadata.namespace)
  return deps.cache
    .list(prefix)
    .items.map(({ object }) => object as PodDisruptionBudget)
    .filter(
      ({ spec }) => spec?.selector && matchesLabels(labelSelectorFrom(spec.selector), pod.metadata.labels),
    )
}

function isReady({ status }: Pod): boolean {
  return isConditionTrue(status?.conditions, 'Ready')
}

function allowsUnhealthy({ spec, status }: PodDisruptionBudget): boolean {
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return currentHealthy >= desiredHealthy && desiredHealthy > 0
}

function decrement({ deps }: RestCall, current: PodDisruptionBudget, pod: Pod): PodDisruptionBudget {
  const budget = cloneDeep(current)
  const { name = '', generation = 0 } = budget.metadata
  const status = budget.status ?? ({} as NonNullable<PodDisruptionBudget['status']>)
  const { disruptionsAllowed = 0, desiredHealthy = 0, currentHealthy = 0 } = status
  const gr = { group: 'policy', resource: 'poddisruptionbudgets' }
  if ((status.observedGeneration ?? 0) < generation) {
    throw refused(`The disruption budget ${name} is still being processed by the server.`, 10)
  }
  if (disruptionsAllowed < 0) throw forbidden(gr, name, 'pdb disruptions allowed is negative')
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsMax) {
    throw forbidden(
      gr,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    )
  }
  if (disruptionsAllowed === 0) {
    throw refused(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
      0,
    )
  }
  const disruptedPods = { ...status.disruptedPods, [pod.metadata.name!]: timestamp(deps.ports.clock) }
  budget.status = { ...status, disruptionsAllowed: disruptionsAllowed - 1, disruptedPods }
  if (disruptionsAllowed === 1) noteExhausted(budget.status, timestamp(deps.ports.clock))
  return budget
}

/** The last disruption that was allowed is used (pdbhelper UpdateDisruptionAllowedCondition). */
function noteExhausted(status: NonNullable<PodDisruptionBudget['status']>, now: string): void {
  const type = 'DisruptionAllowed'
  const conditions = status.conditions ?? []
  const before = findCondition(conditions, type)
  const lastTransitionTime = before?.status === 'False' ? before.lastTransitionTime : now
  const { observedGeneration } = status
  const condition = { type, status: 'False', reason: 'InsufficientPods', message: '', lastTransitionTime }
  const observed = { ...condition, ...(observedGeneration && { observedGeneration }) }
  status.conditions = [...conditions.filter(other => other !== before), observed]
}

function refused(message: string, retryAfterSeconds: number): StatusError {
  const { status } = tooManyRequests(
    "Cannot evict pod as it would violate the pod's disruption budget.",
    retryAfterSeconds,
  )
  return new StatusError({
    ...status,
    details: { ...status.details, causes: [{ reason: 'DisruptionBudget', message }] },
  })
}
