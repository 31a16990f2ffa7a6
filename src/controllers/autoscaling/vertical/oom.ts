import { amountsOf } from '../../../api/autoscaling/vertical/policy.ts'
import type { ContainerStateTerminated, ContainerStatus, Event, Pod } from '../../../api/types/core-v1.gen.ts'
import { objectKey, toKey } from '../../../client/resource.ts'
import { fromTimestamp } from '../../../client/timestamp.ts'
import { parseQuantity, quantityValue } from '../../../machinery/quantity/index.ts'
import type { OutOfMemory } from './usage-model.ts'

/** Which containers of a pod ran out of memory between two states of it (upstream input/oom/observer.go). */
export function outOfMemory(pod: Pod, old: Pod): OutOfMemory[] {
  return (pod.status?.containerStatuses ?? []).flatMap(status => {
    const before = old.status?.containerStatuses?.find(({ name }) => name === status.name)
    const found = before && killed(status, before)
    if (!found) return []
    const memory = amountsOf(found.isNow ? pod : old, status.name).requests?.memory ?? '0'
    const bytes = Number(quantityValue(parseQuantity(memory)))
    const atMs = fromTimestamp(found.state.finishedAt) ?? 0
    return [{ podKey: objectKey(pod), container: status.name, bytes, atMs }]
  })
}

/** It died just now, or it died and runs again: then what it had asked for is in the state before. */
function killed(
  { state, lastState, restartCount }: ContainerStatus,
  before: ContainerStatus,
): { readonly state: ContainerStateTerminated; readonly isNow: boolean } | undefined {
  const wasRestarted = restartCount > before.restartCount
  const now = state?.terminated
  if (now?.reason === 'OOMKilled' && (!before.state?.terminated || wasRestarted))
    return { state: now, isNow: true }
  const last = lastState?.terminated
  const runsAgain = state?.running && before.state?.running && wasRestarted
  return runsAgain && last?.reason === 'OOMKilled' ? { state: last, isNow: false } : undefined
}

/** Containers for whose use of memory a kubelet evicted their pod. */
export function evictedForMemory({ metadata, reason, involvedObject }: Event): OutOfMemory[] {
  if (reason !== 'Evicted' || involvedObject.kind !== 'Pod') return []
  const split = (name: string) => metadata.annotations?.[name]?.split(',') ?? []
  const [containers, usages] = [split('offending_containers'), split('offending_containers_usage')]
  const starved = split('starved_resource')
  if (containers.length !== usages.length || containers.length !== starved.length) return []
  const podKey = toKey(involvedObject.namespace, involvedObject.name ?? '')
  const atMs = fromTimestamp(metadata.creationTimestamp) ?? 0
  return containers.flatMap((container, index) => {
    const usage = usages[index]!
    if (starved[index] !== 'memory' || !/^[0-9.]+[A-Za-z]*$/.test(usage)) return []
    return [{ podKey, container, bytes: Number(quantityValue(parseQuantity(usage))), atMs }]
  })
}
