import type { Container, ContainerStatus, Pod } from '../../api/types/core-v1.gen.ts'
import type { PodAmounts } from '../../kernels/node-columns.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import { milliValue, parseQuantity, quantityValue } from '../../machinery/quantity/index.ts'

/** What a pod asks of a node (component-helpers resource PodRequests). */
export interface PodResources extends PodAmounts {
  /** Extended resources and huge pages, in whole units. */
  readonly scalars: ReadonlyMap<string, number>
}

const assumedMilliCpu = 100
const assumedMemory = 200 * 1024 * 1024

type Amounts = Map<string, number>

/**
 * What a pod that has no node yet asks for: the sum of its containers; init containers set a floor, restartable
 * ones (KEP-753) count for good; overhead and pod-level requests (KEP-2837) as upstream, which leaves the latter out
 * of the score alone. Objects are frozen, so the result is remembered per spec.
 */
export function podResources(pod: Pod): PodResources {
  return recall(pending, pod, () => {
    const plain = aggregate(pod, noStatuses, true, nothingAssumed)
    return amountsOf(plain, aggregate(pod, noStatuses, false, assumed))
  })
}

/**
 * What a pod holds on its node: while it is resized (KEP-1287) the largest of what is wanted, allocated and in use.
 */
export function assignedResources(pod: Pod): PodResources {
  const statuses = resizableStatuses(pod)
  const plain = hasPodLevel(pod) ? recall(held, pod, () => heldAmounts(pod, noStatuses)) : podResources(pod)
  if (statuses.size === 0) return plain
  const known = rememberedStatus.get(pod.status!)
  if (known && known.spec === pod.spec) return known.resources
  const resources = heldAmounts(pod, statuses)
  const result = sameAmounts(plain, resources) ? plain : resources
  rememberedStatus.set(pod.status!, { spec: pod.spec, resources: result })
  return result
}

function heldAmounts(pod: Pod, statuses: Statuses): PodResources {
  const plain = aggregate(pod, statuses, true, nothingAssumed)
  // A pod that says for itself what it needs leaves less to assume (getNonMissingContainerRequests).
  const missing = hasPodLevel(pod) ? (name: string) => (plain.has(name) ? undefined : assumed(name)) : assumed
  return amountsOf(plain, aggregate(pod, statuses, true, missing))
}

type Memory = WeakMap<object, PodResources>
const pending: Memory = new WeakMap()
const held: Memory = new WeakMap()
const rememberedStatus = new WeakMap<object, { readonly spec: unknown; readonly resources: PodResources }>()

function recall(memory: Memory, { spec }: Pod, compute: () => PodResources): PodResources {
  const known = spec && memory.get(spec)
  if (known) return known
  const resources = compute()
  if (spec) memory.set(spec, resources)
  return resources
}

type Statuses = ReadonlyMap<string, ContainerStatus>
const noStatuses: Statuses = new Map()

/** The containers that say what they run with. */
function resizableStatuses({ status }: Pod): Statuses {
  const all = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])]
  const telling = all.filter(container => container.resources)
  return telling.length === 0 ? noStatuses : new Map(telling.map(container => [container.name, container]))
}

function amountsOf(plain: Amounts, nonZero: Amounts): PodResources {
  return {
    milliCpu: plain.get('cpu') ?? 0,
    memory: plain.get('memory') ?? 0,
    ephemeralStorage: plain.get('ephemeral-storage') ?? 0,
    nonZeroMilliCpu: nonZero.get('cpu') ?? 0,
    nonZeroMemory: nonZero.get('memory') ?? 0,
    scalars: new Map([...plain].filter(([name, amount]) => isScalar(name) && amount > 0)),
  }
}

function sameAmounts(a: PodResources, b: PodResources): boolean {
  if (a.milliCpu !== b.milliCpu || a.memory !== b.memory || a.ephemeralStorage !== b.ephemeralStorage)
    return false
  if (a.nonZeroMilliCpu !== b.nonZeroMilliCpu || a.nonZeroMemory !== b.nonZeroMemory) return false
  return (
    a.scalars.size === b.scalars.size &&
    [...a.scalars].every(([name, amount]) => b.scalars.get(name) === amount)
  )
}

/** Neither CPU, memory, ephemeral storage nor a count of pods. */
export function isScalar(name: string): boolean {
  return name !== 'cpu' && name !== 'memory' && name !== 'ephemeral-storage' && name !== 'pods'
}

/** A quantity text as the unit of its column: millicores for `cpu`, else whole units. Throws on bad text. */
export function amountOf(name: string, text: string): number {
  const key = name === 'cpu' ? `m${text}` : text
  let amount = amounts.get(key)
  if (amount === undefined) {
    const quantity = parseQuantity(String(text))
    amount = Number(name === 'cpu' ? milliValue(quantity) : quantityValue(quantity))
    if (amounts.size > amountsMax) amounts.clear()
    amounts.set(key, amount)
  }
  return amount
}

const amounts = new Map<string, number>()
const amountsMax = 10_000

function nothingAssumed(): undefined {
  return undefined
}

function assumed(name: string): number | undefined {
  if (name === 'cpu') return assumedMilliCpu
  return name === 'memory' ? assumedMemory : undefined
}

function aggregate(
  pod: Pod,
  statuses: Statuses,
  withPodLevel: boolean,
  missing: (name: string) => number | undefined,
): Amounts {
  const requestsOf = (container: Container) =>
    withMissing(
      effectiveRequests(pod, container, statuses.get(container.name)) ??
        requested(container.resources?.requests),
      missing,
    )
  const total: Amounts = new Map()
  for (const container of pod.spec?.containers ?? []) add(total, requestsOf(container))
  const restartable: Amounts = new Map()
  const floor: Amounts = new Map()
  for (const container of pod.spec?.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      const requests = requestsOf(container)
      add(total, requests)
      add(restartable, requests)
      raise(floor, restartable)
    } else {
      const requests = withMissing(requested(container.resources?.requests), missing)
      raise(floor, add(new Map(restartable), requests))
    }
  }
  raise(total, floor)
  const podLevel = requested(withPodLevel ? pod.spec?.resources?.requests : undefined)
  for (const [name, amount] of podLevel) if (isPodLevel(name)) total.set(name, amount)
  add(total, requested(pod.spec?.overhead))
  return total
}

function hasPodLevel({ spec }: Pod): boolean {
  return Object.keys(spec?.resources?.requests ?? {}).some(isPodLevel)
}

/** component-helpers IsSupportedPodLevelResource. */
function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-')
}

/** While a container is resized; a resize that the node refused for good does not count (determineEffectiveRequests). */
function effectiveRequests(
  pod: Pod,
  container: Container,
  status: ContainerStatus | undefined,
): Amounts | undefined {
  if (!status) return undefined
  const pending = findCondition(pod.status?.conditions, 'PodResizePending')
  const held = raise(requested(status.resources?.requests), requested(status.allocatedResources))
  return pending?.reason === 'Infeasible' ? held : raise(held, requested(container.resources?.requests))
}

function requested(list: Readonly<Record<string, string>> | undefined): Amounts {
  const amounts: Amounts = new Map()
  for (const name in list) amounts.set(name, amountOf(name, list[name]!))
  return amounts
}

function withMissing(requests: Amounts, missing: (name: string) => number | undefined): Amounts {
  for (const name of ['cpu', 'memory']) {
    const fallback = requests.has(name) ? undefined : missing(name)
    if (fallback !== undefined) requests.set(name, fallback)
  }
  return requests
}

function add(total: Amounts, more: Amounts): Amounts {
  for (const [name, amount] of more) total.set(name, (total.get(name) ?? 0) + amount)
  return total
}

function raise(total: Amounts, floor: Amounts): Amounts {
  for (const [name, amount] of floor) total.set(name, Math.max(total.get(name) ?? 0, amount))
  return total
}
