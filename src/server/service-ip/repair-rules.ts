import ipaddr from 'ipaddr.js'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { IPAddress } from '../../api/types/networking-v1.gen.ts'
import type { Lister } from '../lister.ts'
import { managedBy } from './address-book.ts'
import { type AddressRange, canonicalAddress, familyOf } from './cidr.ts'

/** What an event says. */
export interface Note {
  readonly reason: string
  readonly message: string
}

export interface ClusterIpVerdict {
  readonly address: string
  readonly note?: Note
  /** The IPAddress is made anew, after the wrong one was deleted. */
  readonly recreates?: 'delete first' | 'missing'
}

interface Known {
  readonly services: Lister<Service>
  readonly addresses: Lister<IPAddress>
  readonly ranges: readonly AddressRange[]
}

/** What is wrong with the addresses of a Service (repairip.go syncService). */
export function judgeClusterIps(service: Service, known: Known): ClusterIpVerdict[] {
  const { type, clusterIPs = [] } = service.spec ?? {}
  if (type === 'ExternalName' || clusterIPs[0] === 'None') return []
  return clusterIPs.flatMap(text => judgeClusterIp(service, text, known) ?? [])
}

function judgeClusterIp(service: Service, text: string, known: Known): ClusterIpVerdict | undefined {
  if (!ipaddr.isValid(text)) {
    const message = `Cluster IP ${text} is not a valid IP; please recreate Service`
    return { address: text, note: { reason: 'ClusterIPNotValid', message } }
  }
  const address = canonicalAddress(text)
  const which = `[${familyOf(address)}]: ${address}`
  if (!known.ranges.some(range => range.has(address))) {
    const message = `Cluster IP ${which} is not within any configured Service CIDR; please recreate service`
    return { address, note: { reason: 'ClusterIPOutOfRange', message } }
  }
  const object = known.addresses.get('', address)
  if (!object) {
    const message = `Cluster IP ${which} is not allocated; repairing`
    return { address, note: { reason: 'ClusterIPNotAllocated', message }, recreates: 'missing' }
  }
  return judgeReference(service, object, known)
}

function judgeReference(service: Service, object: IPAddress, known: Known): ClusterIpVerdict | undefined {
  const address = object.metadata.name!
  const { namespace = '', name = '' } = service.metadata
  const parent = object.spec?.parentRef
  const isOurs = parent?.namespace === namespace && parent.name === name
  const other = isOurs ? undefined : known.services.get(parent?.namespace ?? '', parent?.name ?? '')
  const family = familyOf(address)
  if (!isService(object) || (!isOurs && !other)) {
    const owner = `Service ${namespace}/${name}`
    const message = `the ClusterIP [${family}]: ${address} for ${owner} has a wrong reference; repairing`
    return { address, note: { reason: 'ClusterIPNotAllocated', message }, recreates: 'delete first' }
  }
  if (other?.spec?.clusterIPs?.includes(address)) {
    const message = `Cluster IP [${family}]:${address} was assigned to multiple services; please recreate service`
    return { address, note: { reason: 'ClusterIPAlreadyAllocated', message } }
  }
  const { labels = {} } = object.metadata
  const isLabelled = labels['ipaddress.kubernetes.io/ip-family'] === family && isManaged(object)
  return isLabelled ? undefined : { address, recreates: 'delete first' }
}

function isService({ spec }: IPAddress): boolean {
  return !spec?.parentRef?.group && spec?.parentRef?.resource === 'services'
}

function isManaged({ metadata }: IPAddress): boolean {
  return metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === managedBy
}

export type AddressVerdict = { readonly note: Note } | { readonly againMs: number }

/** A Service that is being created is there after this, or never (upstream's default request timeout). */
const leakGraceMs = 60_000
const revertGraceMs = 5_000

/** Why an address that the allocator gave is to go, or when to look again (repairip.go syncIPAddress). */
export function judgeAddress(
  object: IPAddress,
  services: Lister<Service>,
  nowMs: number,
): AddressVerdict | undefined {
  if (!isManaged(object)) return undefined
  const { name = '', creationTimestamp } = object.metadata
  const { group = '', resource = '', namespace = '', name: parent = '' } = object.spec?.parentRef ?? {}
  if (!isService(object)) {
    const shown = `&ParentReference{Group:${group},Resource:${resource},Namespace:${namespace},Name:${parent},}`
    const message = `IPAddress ${name} appears to have been modified, not referencing a Service ${shown}: cleaning up`
    return { note: { reason: 'IPAddressNotAllocated', message } }
  }
  const createdMs = Date.parse(creationTimestamp ?? '') || 0
  const ageMs = nowMs - createdMs
  const which = `IPAddress: ${name} for Service ${namespace}/${parent}`
  const service = services.get(namespace, parent)
  if (!service) {
    if (ageMs <= leakGraceMs) return { againMs: leakGraceMs - ageMs + 1 }
    const message = `${which} appears to have leaked: cleaning up`
    return { note: { reason: 'IPAddressNotAllocated', message } }
  }
  if (service.spec?.clusterIPs?.some(text => ipaddr.isValid(text) && canonicalAddress(text) === name))
    return undefined
  const serviceMs = Date.parse(service.metadata.creationTimestamp ?? '') || 0
  if (createdMs > serviceMs && ageMs < revertGraceMs) return { againMs: revertGraceMs }
  return {
    note: { reason: 'IPAddressWrongReference', message: `${which} has a wrong reference; cleaning up` },
  }
}

/** Notes the node ports of a Service as its own, and tells what is wrong with them (portallocator repair.go). */
export function judgePorts(
  { metadata, spec }: Service,
  [min, max]: readonly [number, number],
  holders: Map<number, string>,
): Note[] {
  const key = `${metadata.namespace}/${metadata.name}`
  const notes: Note[] = []
  const numbers = new Set((spec?.ports ?? []).map(({ nodePort = 0 }) => nodePort))
  numbers.add(spec?.healthCheckNodePort ?? 0)
  numbers.delete(0)
  for (const port of numbers) {
    const holder = holders.get(port)
    if (port < min || port > max) {
      const message = `Port ${port} is not within the port range ${min}-${max}; please recreate service`
      notes.push({ reason: 'PortOutOfRange', message })
    } else if (holder !== undefined && holder !== key) {
      const message = `Port ${port} was assigned to multiple services; please recreate service`
      notes.push({ reason: 'PortAlreadyAllocated', message })
    } else holders.set(port, key)
  }
  return notes
}
