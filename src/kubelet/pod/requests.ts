import { isSidecar } from '../../api/core/pod/lifecycle.ts'
import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import {
  addQuantity,
  compareQuantity,
  parseQuantities,
  type Quantity,
  zeroQuantity,
} from '../../machinery/quantity/index.ts'

export type ResourceTotals = ReadonlyMap<string, Quantity>

/**
 * What a pod takes from its node: all containers and sidecars together, or the largest moment of its
 * initialization when that is more, plus overhead (upstream component-helpers/resource PodRequests).
 */
export function podRequests(pod: Pod): ResourceTotals {
  const running = new Map<string, Quantity>()
  const peak = new Map<string, Quantity>()
  const sidecars = new Map<string, Quantity>()
  for (const container of pod.spec?.containers ?? []) add(running, requestsOf(container))
  for (const container of pod.spec?.initContainers ?? []) {
    const own = new Map(requestsOf(container))
    if (isSidecar(container)) {
      add(running, own)
      add(sidecars, own)
      raise(peak, sidecars)
    } else {
      add(own, sidecars)
      raise(peak, own)
    }
  }
  raise(running, peak)
  add(running, quantities(pod.spec?.overhead))
  return running
}

function requestsOf({ resources }: Container): ResourceTotals {
  return quantities({ ...resources?.limits, ...resources?.requests })
}

function quantities(list: Readonly<Record<string, string>> | undefined): ResourceTotals {
  return new Map(Object.entries(parseQuantities(list)))
}

function add(totals: Map<string, Quantity>, more: ResourceTotals): void {
  for (const [name, quantity] of more)
    totals.set(name, addQuantity(totals.get(name) ?? zeroQuantity, quantity))
}

function raise(totals: Map<string, Quantity>, other: ResourceTotals): void {
  for (const [name, quantity] of other) {
    const present = totals.get(name)
    if (!present || compareQuantity(present, quantity) < 0) totals.set(name, quantity)
  }
}
