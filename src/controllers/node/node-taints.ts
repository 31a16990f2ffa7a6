import type { Node, Taint } from '../../api/types/core-v1.gen.ts'
import { toTimestamp } from '../../client/timestamp.ts'
import { own } from '../../std/own.ts'
import { readyCondition } from './node-health.ts'

export const notReadyTaint = 'node.kubernetes.io/not-ready'
export const unreachableTaint = 'node.kubernetes.io/unreachable'
const unschedulableTaint = 'node.kubernetes.io/unschedulable'

const conditionTaints: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReadyTaint, Unknown: unreachableTaint },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
}

const ownKeys: ReadonlySet<string> = new Set([
  unschedulableTaint,
  ...Object.values(conditionTaints).flatMap(byStatus => Object.values(byStatus)),
])

/** The NoSchedule taints that conditions and `spec.unschedulable` ask for. */
function wantedNoSchedule(node: Node): string[] {
  const keys = (node.status?.conditions ?? []).flatMap(
    ({ type, status }) => own(own(conditionTaints, type) ?? {}, status) ?? [],
  )
  return node.spec?.unschedulable ? [...keys, unschedulableTaint] : keys
}

/** The NoExecute taint that readiness asks for. */
export function wantedNoExecute(node: Node): string | undefined {
  const ready = readyCondition(node)
  return ready && conditionTaints.Ready?.[ready.status]
}

export function hasNoExecute(node: Node, key: string): boolean {
  return (node.spec?.taints ?? []).some(taint => taint.key === key && taint.effect === 'NoExecute')
}

/** Whether the node is being emptied because it was not ready. */
export function isTainted(node: Node): boolean {
  return hasNoExecute(node, notReadyTaint) || hasNoExecute(node, unreachableTaint)
}

/** `wait`: no NoExecute taint is added, though one may be exchanged for the other. `never`: there is none. */
export type Eviction = 'now' | 'wait' | 'never'

/**
 * The taints that the node should have; undefined when it has them. Taints of others stay.
 */
export function refreshedTaints(node: Node, eviction: Eviction, nowMs: number): Taint[] | undefined {
  const current = node.spec?.taints ?? []
  const noSchedule = wantedNoSchedule(node)
  const noExecute = wantedNoExecute(node)
  const evicting = isTainted(node)
  const wanted: Taint[] = noSchedule.map(key => ({ key, effect: 'NoSchedule' }))
  if (noExecute && (eviction === 'now' || (eviction === 'wait' && evicting)))
    wanted.push({ key: noExecute, effect: 'NoExecute' })
  const isOwn = ({ key, effect }: Taint) =>
    effect === 'NoExecute'
      ? key === notReadyTaint || key === unreachableTaint
      : effect === 'NoSchedule' && ownKeys.has(key)
  const matches = (a: Taint) => (b: Taint) => a.key === b.key && a.effect === b.effect
  const kept = current.filter(taint => !isOwn(taint) || wanted.some(matches(taint)))
  const added = wanted.filter(taint => !current.some(matches(taint)))
  if (kept.length === current.length && added.length === 0) return undefined
  return [...kept, ...added.map(taint => ({ ...taint, timeAdded: toTimestamp(nowMs) }))]
}
