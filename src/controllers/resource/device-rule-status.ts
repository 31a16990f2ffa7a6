import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Condition } from '../../api/types/meta-v1.gen.ts'
import type { DeviceTaintRule } from '../../api/types/resource-v1alpha3.gen.ts'
import { type DeviceView, isAbout, newestSlices, podEviction, poolOf } from './device-eviction.ts'

/** What the status of a rule counts. */
export interface RuleCounts {
  readonly publishedDevices: number
  readonly allocatedDevices: number
  readonly pendingPods: number
  readonly pendingNamespaces: number
  /** Since the controller was started. */
  readonly evictedPods: number
}

/** What the rule does, or would do if its effect were NoExecute. */
export function countRule(
  rule: DeviceTaintRule,
  { claims, slices }: Pick<DeviceView, 'claims' | 'slices'>,
  pods: readonly Pod[],
  evictedPods: number,
): RuleCounts {
  const { taint } = rule.spec
  const none = { publishedDevices: 0, allocatedDevices: 0, pendingPods: 0, pendingNamespaces: 0, evictedPods }
  if (taint.effect !== 'NoExecute' && taint.effect !== 'None') return none
  const acting = { ...rule, spec: { ...rule.spec, taint: { ...taint, effect: 'NoExecute' } } }
  const view = { claims, slices, rules: [acting] }
  const pending = pods.filter(
    pod => !pod.metadata.deletionTimestamp && podEviction(pod, view)?.rules.includes(acting),
  )
  const pendingNamespaces = new Set(pending.map(({ metadata }) => metadata.namespace)).size
  const reached = { ...none, pendingPods: pending.length, pendingNamespaces }
  if (taint.effect === 'NoExecute') return reached
  const published = [...slices.index(poolOf).values()].flatMap(key => newestSlices(slices, key))
  const devices = published.flatMap(({ spec: { driver, pool, devices: all = [] } }) =>
    all.map(({ name }) => ({ driver, pool: pool.name, device: name })),
  )
  const allocated = claims.list().flatMap(({ status }) => status?.allocation?.devices?.results ?? [])
  return {
    ...reached,
    publishedDevices: devices.filter(place => isAbout(rule, place)).length,
    allocatedDevices: allocated.filter(place => isAbout(rule, place)).length,
  }
}

const many = (count: number, one: string, others: string) => (count === 1 ? `1 ${one}` : `${count} ${others}`)
const namespaces = (count: number) => many(count, 'namespace', 'different namespaces')

/** The condition of a rule without the time of its change, in upstream's words. */
export function evictionCondition(
  { metadata: { generation = 0 }, spec }: DeviceTaintRule,
  counts: RuleCounts,
): Omit<Condition, 'lastTransitionTime'> {
  const { status = 'False', reason, message = '' } = outcomeOf(spec.taint.effect, counts)
  const evicted = counts.evictedPods
  const done = evicted > 0 ? `${many(evicted, 'pod', 'pods')} evicted since starting the controller.` : ''
  return {
    ...{ type: 'EvictionInProgress', status, reason, observedGeneration: generation },
    message: [message, done].filter(Boolean).join(' '),
  }
}

interface RuleOutcome {
  readonly status?: string
  readonly reason: string
  readonly message?: string
}

function outcomeOf(effect: string, counts: RuleCounts): RuleOutcome {
  const { pendingPods, pendingNamespaces, evictedPods, publishedDevices, allocatedDevices } = counts
  if (effect === 'None') {
    const sentences = [
      `${many(publishedDevices, 'published device', 'published devices')} selected.`,
      `${many(allocatedDevices, 'allocated device', 'allocated devices')} selected.`,
      `${many(pendingPods, 'pod', 'pods')} would be evicted in ${namespaces(pendingNamespaces)} if the effect was NoExecute.`,
      'This information will not be updated again. Recreate the DeviceTaintRule to trigger an update.',
    ]
    return { reason: 'NoEffect', message: sentences.join(' ') }
  }
  if (effect !== 'NoExecute')
    return { reason: 'OtherEffect', message: 'Eviction only happens for the NoExecute effect.' }
  if (pendingPods === 0) return { reason: evictedPods > 0 ? 'Completed' : 'NotStarted' }
  return {
    status: 'True',
    reason: 'PodsPendingEviction',
    message: `${many(pendingPods, 'pod needs', 'pods need')} to be evicted in ${namespaces(pendingNamespaces)}.`,
  }
}
