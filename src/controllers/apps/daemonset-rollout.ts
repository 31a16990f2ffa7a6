import type { DaemonSet } from '../../api/types/apps-v1.gen.ts'
import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { isAvailable } from '../shared/pod.ts'
import { scaledValue } from '../shared/scaled.ts'
import { isUpToDate, verdictOn } from './daemonset-nodes.ts'

/** A daemon set with its nodes and, by the node that they are for, its pods. */
export interface Daemons {
  readonly daemonSet: DaemonSet
  readonly nodes: readonly Node[]
  readonly byNode: ReadonlyMap<string, readonly Pod[]>
  /** Of today's template. */
  readonly hash: string
  readonly nowMs: number
}

/** Pods to make, by node, and pods to delete. */
export interface DaemonChanges {
  readonly create: readonly string[]
  readonly doomed: readonly Pod[]
}

/** How many more than one per node there may be during a rollout. */
export function surgeOf({ spec }: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {}
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxSurge ?? 0, desired) : 0
}

export function unavailableMax({ spec }: DaemonSet, desired: number): number {
  const { type, rollingUpdate } = spec?.updateStrategy ?? {}
  return type === 'RollingUpdate' ? scaledValue(rollingUpdate?.maxUnavailable ?? 0, desired) : 0
}

/** What of a node is old and new; undefined when it has several of one sort. */
interface Pair {
  readonly fresh: Pod | undefined
  readonly stale: Pod | undefined
}

function pairOn({ daemonSet, hash }: Daemons, pods: readonly Pod[]): Pair | undefined {
  const alive = pods.filter(({ metadata }) => !metadata.deletionTimestamp)
  const fresh = alive.filter(pod => isUpToDate(pod, daemonSet, hash))
  const stale = alive.filter(pod => !fresh.includes(pod))
  if (fresh.length > 1 || stale.length > 1) return undefined
  return { fresh: fresh[0], stale: stale[0] }
}

/** Replaces old daemons within the limits of the strategy (update.go rollingUpdate). */
export function rollDaemons(daemons: Daemons): DaemonChanges {
  const { daemonSet, nodes } = daemons
  const wanted = nodes.filter(node => verdictOn(node, daemonSet).run)
  const byNode = new Map(daemons.byNode)
  for (const { metadata } of wanted) if (!byNode.has(metadata.name!)) byNode.set(metadata.name!, [])
  const all = { ...daemons, byNode }
  const surge = surgeOf(daemonSet, wanted.length)
  if (surge > 0) return rollWithSurge(all, surge, wanted)
  // Neither surge nor unavailability would get nowhere.
  return rollInPlace(all, unavailableMax(daemonSet, wanted.length) || Math.min(1, wanted.length))
}

function availability({ daemonSet, nowMs }: Daemons): (pod: Pod) => boolean {
  return pod => isAvailable(pod, daemonSet.spec?.minReadySeconds ?? 0, nowMs)
}

/** Old pods that are not available go at once; of the others as many as may be missing. */
function rollInPlace(daemons: Daemons, missingMax: number): DaemonChanges {
  const available = availability(daemons)
  const broken: Pod[] = []
  const candidates: Pod[] = []
  let missing = 0
  for (const pods of daemons.byNode.values()) {
    const pair = pairOn(daemons, pods)
    const { fresh, stale } = pair ?? {}
    const only = fresh && stale ? undefined : (fresh ?? stale)
    if (!only || !available(only)) missing++
    if (!only || only === fresh) continue
    if (!available(only)) broken.push(only)
    else candidates.push(only)
  }
  return { create: [], doomed: [...broken, ...candidates.slice(0, Math.max(0, missingMax - missing))] }
}

/** A new pod comes beside the old one, which goes when the new one is available. */
function rollWithSurge(daemons: Daemons, surgeMax: number, wanted: readonly Node[]): DaemonChanges {
  const available = availability(daemons)
  const wantedNames = new Set(wanted.map(({ metadata }) => metadata.name))
  const doomed: Pod[] = []
  const unwanted: Pod[] = []
  const urgent: string[] = []
  const candidates: string[] = []
  let surging = 0
  let availableNodes = 0
  for (const [node, pods] of daemons.byNode) {
    const pair = pairOn(daemons, pods)
    const { fresh, stale } = pair ?? {}
    const counted = stale ?? fresh
    if (counted && available(counted)) availableNodes++
    if (!pair || (stale && fresh && !available(fresh))) surging++
    else if (stale && fresh) doomed.push(stale)
    else if (stale && !wantedNames.has(node)) (available(stale) ? unwanted : doomed).push(stale)
    else if (stale) (available(stale) ? candidates : urgent).push(node)
  }
  const spare = Math.max(0, availableNodes - wanted.length)
  const create = [...urgent, ...candidates.slice(0, Math.max(0, surgeMax - surging))]
  return { create, doomed: [...doomed, ...unwanted.slice(0, spare)] }
}
