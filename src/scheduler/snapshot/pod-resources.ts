import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import type { PodAmounts } from '../../kernels/node-columns.ts'
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
 * Sums the containers; init containers set a floor, restartable ones (KEP-753) count for good; overhead and
 * pod-level requests (KEP-2837) as upstream. Objects are frozen, so the result is remembered per spec.
 */
export function podResources(pod: Pod): PodResources {
  const spec = pod.spec
  const known = spec && remembered.get(spec)
  if (known) return known
  const plain = aggregate(pod, () => undefined)
  const nonZero = aggregate(pod, assumed)
  const result: PodResources = {
    milliCpu: plain.get('cpu') ?? 0,
    memory: plain.get('memory') ?? 0,
    ephemeralStorage: plain.get('ephemeral-storage') ?? 0,
    nonZeroMilliCpu: nonZero.get('cpu') ?? 0,
    nonZeroMemory: nonZero.get('memory') ?? 0,
    scalars: new Map([...plain].filter(([name, amount]) => isScalar(name) && amount > 0)),
  }
  if (spec) remembered.set(spec, result)
  return result
}

const remembered = new WeakMap<object, PodResources>()

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

function assumed(name: string): number | undefined {
  if (name === 'cpu') return assumedMilliCpu
  return name === 'memory' ? assumedMemory : undefined
}

function aggregate(pod: Pod, missing: (name: string) => number | undefined): Amounts {
  const total: Amounts = new Map()
  for (const container of pod.spec?.containers ?? []) add(total, requestsOf(container, missing))
  const restartable: Amounts = new Map()
  const floor: Amounts = new Map()
  for (const container of pod.spec?.initContainers ?? []) {
    const requests = requestsOf(container, missing)
    if (container.restartPolicy === 'Always') {
      add(total, requests)
      add(restartable, requests)
      raise(floor, restartable)
    } else {
      raise(floor, add(new Map(restartable), requests))
    }
  }
  raise(total, floor)
  for (const [name, text] of Object.entries(pod.spec?.resources?.requests ?? {}))
    total.set(name, amountOf(name, text))
  for (const [name, text] of Object.entries(pod.spec?.overhead ?? {}))
    add(total, new Map([[name, amountOf(name, text)]]))
  return total
}

function requestsOf(container: Container, missing: (name: string) => number | undefined): Amounts {
  const requests: Amounts = new Map()
  for (const [name, text] of Object.entries(container.resources?.requests ?? {}))
    requests.set(name, amountOf(name, text))
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

function raise(total: Amounts, floor: Amounts): void {
  for (const [name, amount] of floor) total.set(name, Math.max(total.get(name) ?? 0, amount))
}
