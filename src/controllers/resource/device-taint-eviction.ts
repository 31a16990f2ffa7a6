import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { ResourceClaim, ResourceSlice } from '../../api/types/resource-v1.gen.ts'
import type { DeviceTaintRule } from '../../api/types/resource-v1alpha3.gen.ts'
import type { Catalog } from '../../client/catalog.ts'
import { referenceTo } from '../../client/events.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { objectKey, toKey } from '../../client/resource.ts'
import { fromTimestamp, toTimestamp } from '../../client/timestamp.ts'
import { confirm, event, measure, type Plan, remove } from '../../controller/actions.ts'
import { applyPlan } from '../../controller/apply.ts'
import type { Requeue, Worker, WorkerContext } from '../../controller/worker.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'
import { deviceTaintRules, pods, resourceClaims, resourceSlices } from '../kinds.ts'
import { markDisrupted } from '../shared/disruption-target.ts'
import { jsonEqual } from '../shared/equal.ts'
import { type Eviction, isAbout, podEviction, poolKey, poolOf } from './device-eviction.ts'
import { countRule, evictionCondition } from './device-rule-status.ts'

const name = 'device-taint-eviction-controller'
/** The status of a rule is not written more often than this. */
const statusPeriodMs = 10_000
const podPrefix = 'pod:'
const rulePrefix = 'rule:'
const ruleKey = ({ metadata }: DeviceTaintRule) => `${rulePrefix}${metadata.name}`

interface Evictor {
  readonly context: WorkerContext
  readonly pods: ObjectStore<Pod>
  readonly claims: ObjectStore<ResourceClaim>
  readonly slices: ObjectStore<ResourceSlice>
  readonly rules: () => readonly DeviceTaintRule[]
  /** Uids of pods that are to go; who is told when they may stay after all. */
  readonly marked: Set<string>
  /** By the uid of the rule. */
  readonly evicted: Map<string, number>
}

/**
 * Deletes pods that use devices with NoExecute taints which their claims do not tolerate, and says in each
 * DeviceTaintRule how far that is (KEP-5055, upstream pkg/controller/devicetainteviction). `withRules`: the gate
 * DRADeviceTaintRules is on.
 */
export function deviceTaintEviction(catalog: Catalog, withRules: boolean): Worker {
  return {
    name: 'device-taint-eviction',
    identity: name,
    start(context) {
      const ruled = withRules && catalog.all().some(({ plural }) => plural === deviceTaintRules.plural)
      const ruleStore = ruled ? context.use(deviceTaintRules).store : undefined
      const evictor: Evictor = {
        context,
        pods: context.use(pods).store,
        claims: context.use(resourceClaims).store,
        slices: context.use(resourceSlices).store,
        rules: () => ruleStore?.list() ?? [],
        ...{ marked: new Set(), evicted: new Map() },
      }
      followDevices(evictor)
      if (ruled) followRules(evictor)
      return key =>
        key.startsWith(podPrefix)
          ? tendPod(evictor, key.slice(podPrefix.length))
          : tendRule(evictor, ruleStore?.get(undefined, key.slice(rulePrefix.length)))
    },
  }
}

/** Pods are looked at again when they are bound or their claims change; not for their status, which changes often. */
function followDevices({ context, claims }: Evictor): void {
  context.watch(pods, (pod, old) => {
    const isSame =
      pod && old && nodeOf(pod) === nodeOf(old) && jsonEqual(claimStatuses(pod), claimStatuses(old))
    return isSame ? [] : [podPrefix + objectKey((pod ?? old)!)]
  })
  context.watch(resourceClaims, (claim, old) => new Set([...usersOf(old), ...usersOf(claim)]))
  context.watch(resourceSlices, (slice, old) => {
    const pools = new Set([slice, old].flatMap(each => (each ? poolOf(each) : [])))
    const isUsed = ({ driver, pool }: { driver: string; pool: string }) => pools.has(poolKey(driver, pool))
    return claims.list().flatMap(claim => (resultsOf(claim).some(isUsed) ? usersOf(claim) : []))
  })
}

function followRules({ context, claims, evicted }: Evictor): void {
  context.watch(deviceTaintRules, (rule, old) => {
    if (rule && old && jsonEqual(rule.spec, old.spec)) return []
    if (!rule) evicted.delete(old!.metadata.uid ?? '')
    const evicting = (each: DeviceTaintRule | undefined) => each?.spec.taint.effect === 'NoExecute'
    const changed = [rule, old].flatMap(each => (evicting(each) ? each! : []))
    const isReached = (claim: ResourceClaim) =>
      resultsOf(claim).some(place => changed.some(each => isAbout(each, place)))
    // Its status is the first thing that is written.
    return [...(rule ? [ruleKey(rule)] : []), ...claims.list().filter(isReached).flatMap(usersOf)]
  })
}

const nodeOf = ({ spec }: Pod) => spec?.nodeName
const claimStatuses = ({ status }: Pod) => status?.resourceClaimStatuses ?? []
const resultsOf = ({ status }: ResourceClaim) => status?.allocation?.devices?.results ?? []

function usersOf(claim: ResourceClaim | undefined): string[] {
  return (claim?.status?.reservedFor ?? []).flatMap(({ apiGroup, resource, name: user }) =>
    !apiGroup && resource === 'pods' ? [podPrefix + toKey(claim!.metadata.namespace, user)] : [],
  )
}

async function tendPod(evictor: Evictor, key: string): Promise<Requeue> {
  const { context, marked, claims, slices } = evictor
  const pod = evictor.pods.byKey(key)
  if (!pod) return {}
  const uid = pod.metadata.uid ?? ''
  const eviction = podEviction(pod, { claims, slices, rules: evictor.rules() })
  if (!eviction) {
    if (marked.delete(uid)) tell(context, pod, 'Cancelling deletion')
    return {}
  }
  marked.add(uid)
  for (const rule of eviction.rules) context.enqueue(ruleKey(rule), statusPeriodMs)
  const waitMs = eviction.whenMs - context.ports.clock.nowMs()
  if (waitMs > 0) return { afterMs: waitMs }
  const { error } = await applyPlan(context, evictionPlan(evictor, pod, eviction))
  if (error !== undefined) throw error
  marked.delete(uid)
  return {}
}

const note = (message: string) => ({ type: 'Normal', reason: 'DeviceTaintManagerEviction', message }) as const

function tell({ events }: WorkerContext, pod: Pod, message: string): void {
  events.record(referenceTo(pods, pod), note(message))
}

function evictionPlan({ context, evicted }: Evictor, pod: Pod, { whenMs, rules }: Eviction): Plan {
  const nowMs = context.ports.clock.nowMs()
  const counted = measure(metrics => {
    count(metrics, nowMs - whenMs)
    for (const rule of rules) {
      const uid = rule.metadata.uid ?? ''
      evicted.set(uid, (evicted.get(uid) ?? 0) + 1)
      context.enqueue(ruleKey(rule), statusPeriodMs)
    }
  })
  // As upstream: who is on the way out already counts as evicted.
  if (pod.metadata.deletionTimestamp) return [counted]
  return [
    confirm(pods, pod),
    event(pods, pod, note('Marking for deletion')),
    ...markDisrupted(pod, nowMs, {
      reason: 'DeletionByDeviceTaintManager',
      message: 'Device Taint manager: deleting due to NoExecute taint',
    }),
    remove(pods, pod),
    counted,
  ]
}

/** Upstream's names and buckets (pkg/controller/devicetainteviction/metrics). */
const deletions: MetricSpec = {
  name: 'device_taint_eviction_controller_pod_deletions_total',
  help: 'Pods that were deleted for a taint of a device.',
  stability: 'ALPHA',
}
const deletionSeconds: HistogramSpec = {
  name: 'device_taint_eviction_controller_pod_deletion_duration_seconds',
  help: 'Seconds between when a taint of a device took effect for a pod and its deletion.',
  stability: 'ALPHA',
  buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 10, 30, 60, 120, 180, 240],
}

function count(metrics: Metrics, lateMs: number): void {
  metrics.counter(deletions).with().inc()
  metrics
    .histogram(deletionSeconds)
    .with()
    .observe(lateMs / 1000)
}

/** Counts anew, at most every ten seconds, and writes what has changed. */
async function tendRule(evictor: Evictor, rule: DeviceTaintRule | undefined): Promise<Requeue> {
  if (!rule) return {}
  const { client, ports } = evictor.context
  const nowMs = ports.clock.nowMs()
  const known = findCondition(rule.status?.conditions, 'EvictionInProgress')
  const sinceMs = nowMs - (fromTimestamp(known?.lastTransitionTime) ?? Number.NEGATIVE_INFINITY)
  if (known?.observedGeneration === rule.metadata.generation && sinceMs < statusPeriodMs)
    return { afterMs: statusPeriodMs - sinceMs }
  const evictedPods = evictor.evicted.get(rule.metadata.uid ?? '') ?? 0
  const condition = evictionCondition(rule, countRule(rule, evictor, evictor.pods.list(), evictedPods))
  if (known && jsonEqual({ ...condition, lastTransitionTime: known.lastTransitionTime }, known)) return {}
  const { name: ruleName, uid } = rule.metadata
  const conditions = [{ ...condition, lastTransitionTime: toTimestamp(nowMs) }]
  await client.apply(
    deviceTaintRules,
    { metadata: { name: ruleName, uid }, status: { conditions } },
    { fieldManager: name, force: true, subresource: 'status' },
  )
  return {}
}
