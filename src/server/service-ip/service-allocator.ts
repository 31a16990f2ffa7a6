import type { Service, ServicePort, ServiceSpec } from '../../api/types/core-v1.gen.ts'
import { internalError, invalid } from '../../machinery/status/errors.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { Ports } from '../../std/ports.ts'
import type { Allocator } from '../rest/call.ts'
import { collectionPrefix, type WatchCache } from '../watchcache/index.ts'
import { type AddressRange, parseRange } from './cidr.ts'
import { Ledger } from './ledger.ts'

export interface ServiceNetwork {
  /** `['10.43.0.0/16']`; the first is the primary family. */
  readonly cidrs: readonly string[]
  /** Both inclusive. */
  readonly nodePorts: readonly [number, number]
}

export const defaultServiceNetwork: ServiceNetwork = { cidrs: ['10.43.0.0/16'], nodePorts: [30000, 32767] }

interface Desk {
  readonly ports: Ports
  readonly ranges: readonly AddressRange[]
  readonly nodePorts: readonly [number, number]
  readonly addresses: Ledger<string>
  readonly portNumbers: Ledger<number>
}

/**
 * Cluster IPs and node ports (pkg/registry/core/service/storage/alloc.go). What stored Services hold is read from
 * the cache, so there is no second record to repair; two creates at once are told apart by promises.
 */
export function serviceAllocator(
  network: ServiceNetwork,
  cache: WatchCache,
  ports: Ports,
  signal: AbortSignal,
): Allocator {
  const { clock } = ports
  const desk: Desk = {
    ports,
    ranges: network.cidrs.map(parseRange),
    nodePorts: network.nodePorts,
    addresses: new Ledger(clock),
    portNumbers: new Ledger(clock),
  }
  follow(desk, cache, signal)
  return {
    allocate(object) {
      const service = object as Service
      const errors = createFieldErrors()
      allocateAll(desk, service, errors)
      if (errors.list.length === 0) return
      forget(desk, service)
      throw invalid({ group: '', kind: 'Service' }, service.metadata.name ?? '', errors.list)
    },
    release: object => forget(desk, object as Service),
  }
}

function follow(desk: Desk, cache: WatchCache, signal: AbortSignal): void {
  const prefix = collectionPrefix({ group: '', plural: 'services' })
  const { items, revision } = cache.list(prefix)
  for (const { object } of items) hold(desk, object as Service)
  const watching = cache.watch(
    prefix,
    revision,
    events => {
      for (const { previous, current } of events) {
        if (previous) release(desk, previous.object as Service)
        if (current) hold(desk, current.object as Service)
      }
    },
    signal,
  )
  watching.catch(error =>
    desk.ports.log.error('service addresses are no longer followed', { error: String(error) }),
  )
}

function hold(desk: Desk, { spec, metadata }: Service): void {
  for (const address of addressesOf(spec)) desk.addresses.hold(address, metadata.uid!)
  for (const port of portsOf(spec)) desk.portNumbers.hold(port, metadata.uid!)
}

function release(desk: Desk, { spec, metadata }: Service): void {
  for (const address of addressesOf(spec)) desk.addresses.release(address, metadata.uid!)
  for (const port of portsOf(spec)) desk.portNumbers.release(port, metadata.uid!)
}

function forget(desk: Desk, { metadata }: Service): void {
  desk.addresses.forget(metadata.uid!)
  desk.portNumbers.forget(metadata.uid!)
}

function addressesOf(spec: ServiceSpec | undefined): string[] {
  return (spec?.clusterIPs ?? []).filter(address => address !== 'None' && address !== '')
}

function portsOf(spec: ServiceSpec | undefined): number[] {
  const ports = (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []))
  return spec?.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports
}

function allocateAll(desk: Desk, service: Service, errors: FieldErrors): void {
  const { spec, metadata } = service
  if (!spec || spec.type === 'ExternalName') return
  const owner = metadata.uid!
  settleFamilies(desk, spec)
  if (spec.clusterIPs?.[0] !== 'None') allocateAddresses(desk, spec, owner, errors)
  allocateNodePorts(desk, spec, owner, errors)
}

/** Which families the Service has; headless Services without selector claim both, whatever the cluster has. */
function settleFamilies({ ranges }: Desk, spec: ServiceSpec): void {
  const isHeadless = spec.clusterIPs?.[0] === 'None' || spec.clusterIP === 'None'
  const primary = ranges[0]!.family
  if (isHeadless && Object.keys(spec.selector ?? {}).length === 0 && !spec.ipFamilies?.length) {
    spec.ipFamilyPolicy ??= 'RequireDualStack'
    const other = primary === 'IPv4' ? 'IPv6' : 'IPv4'
    spec.ipFamilies = spec.ipFamilyPolicy === 'SingleStack' ? [primary] : [primary, other]
    return
  }
  spec.ipFamilyPolicy ??= 'SingleStack'
  if (spec.ipFamilies?.length) return
  const named = addressesOf(spec).map(address => (address.includes(':') ? 'IPv6' : 'IPv4'))
  const wanted = spec.ipFamilyPolicy === 'SingleStack' ? [primary] : ranges.map(({ family }) => family)
  spec.ipFamilies = named.length > 0 ? named : wanted
}

function allocateAddresses(desk: Desk, spec: ServiceSpec, owner: string, errors: FieldErrors): void {
  const addresses = [...(spec.clusterIPs ?? [])]
  for (const [index, family] of (spec.ipFamilies ?? []).entries()) {
    const range = desk.ranges.find(each => each.family === family)
    if (!range) {
      errors.invalid(`spec.ipFamilies[${index}]`, family, `not configured on this cluster`)
      return
    }
    const given = addresses[index]
    if (given) claimAddress(desk, range, { given, owner, all: addresses }, errors)
    else addresses[index] = pickAddress(desk, range, owner)
  }
  spec.clusterIPs = addresses
  if (addresses[0]) spec.clusterIP = addresses[0]
}

interface Claim {
  readonly given: string
  readonly owner: string
  readonly all: readonly string[]
}

function claimAddress(
  desk: Desk,
  range: AddressRange,
  { given, owner, all }: Claim,
  errors: FieldErrors,
): void {
  const failed = `failed to allocate IP ${given}: `
  if (!range.has(given)) {
    const detail = range.covers(given)
      ? `the provided IP (${given}) is not in the valid range. The range of valid IPs is ${range.text}`
      : 'the provided network does not match the current range'
    errors.invalid('spec.clusterIPs', all, failed + detail)
  } else if (!desk.addresses.isFree(given, owner)) {
    errors.invalid('spec.clusterIPs', all, `${failed}provided IP is already allocated`)
  } else desk.addresses.promise(given, owner)
}

/** The lower part of a range is for addresses that people choose (KEP-3070). */
function staticPart(size: number): number {
  return Math.min(Math.max(16, Math.floor(size / 16)), 256)
}

function pickAddress({ addresses, ports }: Desk, range: AddressRange, owner: string): string {
  const reserved = range.size > 32 ? staticPart(range.size) : 0
  const index = pickFree(range.size, reserved, ports, candidate =>
    addresses.isFree(range.at(candidate), owner),
  )
  if (index === undefined) throw internalError('failed to allocate a serviceIP: range is full')
  const address = range.at(index)
  addresses.promise(address, owner)
  return address
}

/** A free number below `size`, at random; those below `reserved` only when no other is left. */
function pickFree(
  size: number,
  reserved: number,
  { random }: Ports,
  isFree: (candidate: number) => boolean,
): number | undefined {
  const span = size - reserved
  const start = Math.floor(random.next() * span)
  for (let step = 0; step < span; step++) {
    const candidate = reserved + ((start + step) % span)
    if (isFree(candidate)) return candidate
  }
  for (let candidate = 0; candidate < reserved; candidate++) if (isFree(candidate)) return candidate
  return undefined
}

function allocateNodePorts(desk: Desk, spec: ServiceSpec, owner: string, errors: FieldErrors): void {
  const isLoadBalancer = spec.type === 'LoadBalancer'
  if (spec.type !== 'NodePort' && !isLoadBalancer) return
  const automatic = !isLoadBalancer || spec.allocateLoadBalancerNodePorts !== false
  const mine = new Map<number, Set<string>>()
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (!port.nodePort && automatic) port.nodePort = sharedPort(spec, port) ?? pickPort(desk, owner)
    if (port.nodePort) claimPort(desk, { port, index, owner, mine }, errors)
  }
  if (isLoadBalancer && spec.externalTrafficPolicy === 'Local' && !spec.healthCheckNodePort) {
    spec.healthCheckNodePort = pickPort(desk, owner)
  }
}

/** The same port in another protocol gets the same node port. */
function sharedPort({ ports = [] }: ServiceSpec, port: ServicePort): number | undefined {
  return ports.find(each => each.port === port.port && each.protocol !== port.protocol && each.nodePort)
    ?.nodePort
}

interface PortClaim {
  readonly port: ServicePort
  readonly index: number
  readonly owner: string
  readonly mine: Map<number, Set<string>>
}

function claimPort(desk: Desk, { port, index, owner, mine }: PortClaim, errors: FieldErrors): void {
  const number = port.nodePort!
  const [min, max] = desk.nodePorts
  const path = `spec.ports[${index}].nodePort`
  const protocol = port.protocol ?? 'TCP'
  const used = mine.get(number) ?? new Set()
  if (number < min || number > max) {
    errors.invalid(
      path,
      number,
      `provided port is not in the valid range. The range of valid ports is ${min}-${max}`,
    )
  } else if (!desk.portNumbers.isFree(number, owner) || used.has(protocol)) {
    errors.invalid(path, number, 'provided port is already allocated')
  } else desk.portNumbers.promise(number, owner)
  mine.set(number, used.add(protocol))
}

function pickPort({ nodePorts, portNumbers, ports }: Desk, owner: string): number {
  const [min, max] = nodePorts
  const size = max - min + 1
  const reserved = size > 32 ? Math.min(Math.max(16, Math.floor(size / 32)), 128) : 0
  // Asked as nobody: a port that this very Service has already is not free for a second use.
  const index = pickFree(size, reserved, ports, candidate => portNumbers.isFree(min + candidate, ''))
  if (index === undefined) throw internalError('failed to allocate a nodePort: range is full')
  portNumbers.promise(min + index, owner)
  return min + index
}
