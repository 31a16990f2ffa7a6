import type { Pod } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { podCondition } from '../shared/pod.ts'
import type { AutoscalingTuning } from '../tuning.ts'
import type { Usage } from './pod-metrics.ts'

export interface Tolerances {
  readonly up: number
  readonly down: number
}

export interface Calculation {
  readonly current: number
  readonly pods: readonly Pod[]
  readonly usage: ReadonlyMap<string, Usage>
  readonly resource: string
  readonly tolerances: Tolerances
  readonly tuning: AutoscalingTuning
  readonly nowMs: number
  /** How much is used per what is wanted, of these pods. */
  readonly ratio: (values: ReadonlyMap<string, number>) => number
  /** What a pod that says nothing is taken to use when others use little. */
  readonly assumed: (pod: string) => number
}

interface Groups {
  readonly ready: number
  readonly unready: readonly string[]
  readonly missing: readonly string[]
  readonly ignored: readonly string[]
}

/** How many pods there should be (podautoscaler replica_calculator.go). Throws when nobody knows. */
export function calculateReplicas(calculation: Calculation): number {
  const { current, pods, usage, ratio, assumed } = calculation
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count')
  const { ready, unready, missing, ignored } = groupPods(calculation)
  const values = new Map([...usage].map(([pod, { value }]) => [pod, value]))
  for (const pod of [...unready, ...ignored]) values.delete(pod)
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)')
  const first = ratio(values)
  const growsWithUnready = unready.length > 0 && first > 1
  if (!growsWithUnready && missing.length === 0)
    return isWithin(calculation, first) ? current : Math.ceil(first * ready)
  // Who says nothing is taken to be what keeps the size from changing much.
  if (first !== 1) for (const pod of missing) values.set(pod, first < 1 ? assumed(pod) : 0)
  if (growsWithUnready) for (const pod of unready) values.set(pod, 0)
  const second = ratio(values)
  const turned = (first < 1 && second > 1) || (first > 1 && second < 1)
  if (isWithin(calculation, second) || turned) return current
  const wanted = Math.ceil(second * values.size)
  const backwards = (second < 1 && wanted > current) || (second > 1 && wanted < current)
  return backwards ? current : wanted
}

export function isWithin({ tolerances }: Pick<Calculation, 'tolerances'>, ratio: number): boolean {
  return 1 - tolerances.down <= ratio && ratio <= 1 + tolerances.up
}

function groupPods(calculation: Calculation): Groups {
  const groups = { ready: 0, unready: [] as string[], missing: [] as string[], ignored: [] as string[] }
  for (const pod of calculation.pods) {
    const name = pod.metadata.name!
    const usage = calculation.usage.get(name)
    if (pod.metadata.deletionTimestamp || pod.status?.phase === 'Failed') groups.ignored.push(name)
    else if (pod.status?.phase === 'Pending') groups.unready.push(name)
    else if (!usage) groups.missing.push(name)
    else if (calculation.resource === 'cpu' && isStarting(pod, usage, calculation)) groups.unready.push(name)
    else groups.ready++
  }
  return groups
}

/** CPU is used to start with: it says nothing about the load. */
function isStarting(
  pod: Pod,
  { atMs, windowMs }: Usage,
  { nowMs, tuning }: Pick<Calculation, 'nowMs' | 'tuning'>,
): boolean {
  const condition = podCondition(pod, 'Ready')
  const startMs = fromTimestamp(pod.status?.startTime)
  if (!condition || startMs === undefined) return true
  const changedMs = fromTimestamp(condition.lastTransitionTime) ?? 0
  const isUnready = condition.status === 'False'
  if (startMs + tuning.cpuInitializationMs > nowMs) return isUnready || atMs < changedMs + windowMs
  return isUnready && startMs + tuning.initialReadinessMs > changedMs
}
