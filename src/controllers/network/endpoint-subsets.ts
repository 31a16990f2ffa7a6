import type { EndpointAddress, EndpointPort, EndpointSubset } from '../../api/types/core-v1.gen.ts'

/** One port at one address. `port` undefined: the address alone. */
export interface PortAddress {
  readonly address: EndpointAddress
  readonly port: EndpointPort | undefined
  readonly ready: boolean
}

/** More addresses than this do not fit into one object (core/v1 EndpointsOverCapacity). */
const addressesMax = 1000

interface Members {
  readonly ports: EndpointPort[]
  /** By address and pod; not ready trumps ready. */
  readonly members: Map<string, PortAddress>
}

/** The canonical form: ports with the same addresses share a subset, everything is sorted (api/v1/endpoints). */
export function packSubsets(all: readonly PortAddress[]): EndpointSubset[] {
  const byPort = new Map<string, Members>()
  for (const item of all) {
    const key = JSON.stringify(item.port ?? null)
    const group = byPort.get(key) ?? { ports: item.port ? [item.port] : [], members: new Map() }
    byPort.set(key, group)
    const who = `${item.address.ip} ${item.address.targetRef?.uid}`
    if (group.members.get(who)?.ready !== false) group.members.set(who, item)
  }
  const byMembers = new Map<string, Members>()
  for (const group of byPort.values()) {
    const key = [...group.members]
      .map(([who, { ready }]) => `${who} ${ready}`)
      .toSorted()
      .join()
    const same = byMembers.get(key)
    if (same) same.ports.push(...group.ports)
    else byMembers.set(key, group)
  }
  return [...byMembers].toSorted(([a], [b]) => compare(a, b)).map(([, group]) => toSubset(group))
}

function toSubset({ ports, members }: Members): EndpointSubset {
  const addresses = (ready: boolean) => {
    const found = [...members.values()].filter(member => member.ready === ready).map(({ address }) => address)
    return found.length > 0 ? found.toSorted((a, b) => compare(addressText(a), addressText(b))) : undefined
  }
  const sorted = ports.toSorted((a, b) => compare(JSON.stringify(a), JSON.stringify(b)))
  return {
    addresses: addresses(true),
    notReadyAddresses: addresses(false),
    ports: sorted.length > 0 ? sorted : undefined,
  }
}

/** Cuts what is too much: not-ready addresses first, then ready ones, from each subset in proportion. */
export function truncated(subsets: readonly EndpointSubset[]): {
  readonly subsets: readonly EndpointSubset[]
  readonly cut: boolean
} {
  const ready = count(subsets, 'addresses')
  const notReady = count(subsets, 'notReadyAddresses')
  if (ready + notReady <= addressesMax) return { subsets, cut: false }
  if (ready > addressesMax) {
    const kept = share(subsets, 'addresses', addressesMax).map(
      ({ notReadyAddresses: _, ...subset }) => subset,
    )
    return { subsets: kept, cut: true }
  }
  return { subsets: share(subsets, 'notReadyAddresses', addressesMax - ready), cut: true }
}

type AddressField = 'addresses' | 'notReadyAddresses'

function share(subsets: readonly EndpointSubset[], field: AddressField, max: number): EndpointSubset[] {
  const all = count(subsets, field)
  let room = max
  return subsets.map(subset => {
    const addresses = subset[field] ?? []
    const kept = addresses.slice(0, Math.min(room, Math.ceil((addresses.length / all) * max)))
    room -= kept.length
    return { ...subset, [field]: kept.length > 0 ? kept : undefined }
  })
}

function count(subsets: readonly EndpointSubset[], field: AddressField): number {
  return subsets.reduce((sum, subset) => sum + (subset[field]?.length ?? 0), 0)
}

function addressText({ ip, targetRef }: EndpointAddress): string {
  return `${ip} ${targetRef?.uid}`
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
