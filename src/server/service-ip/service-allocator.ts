import type { Service, ServiceSpec } from '../../api/types/core-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import { isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import type { Allocation, Allocator } from '../rest/call.ts'
import { collectionPrefix, objectKey, type WatchCache } from '../watchcache/index.ts'
import { createAddressBook, dryAddressBook } from './address-book.ts'
import { parseRange } from './cidr.ts'
import { settleClusterIps, touchesClusterIps } from './cluster-ips.ts'
import { type Families, settleFamilies } from './families.ts'
import { Ledger } from './ledger.ts'
import { portMeter } from './meter.ts'
import { type PortDesk, settleNodePorts, touchesNodePorts } from './node-ports.ts'
import { createPortClaims } from './port-claims.ts'

export interface ServiceNetwork {
  /** `['10.43.0.0/16']`, or one of each family; the first is the primary one. */
  readonly cidrs: readonly string[]
  /** Both inclusive. */
  readonly nodePorts: readonly [number, number]
}

export const defaultServiceNetwork: ServiceNetwork = { cidrs: ['10.43.0.0/16'], nodePorts: [30000, 32767] }

export interface ServiceAllocatorOptions {
  readonly network: ServiceNetwork
  readonly cache: WatchCache
  readonly ports: Ports
  /** With the server's own rights. */
  readonly transport: () => Transport
}

/**
 * Cluster IPs and node ports of Services (registry core/service alloc.go). Addresses are IPAddress objects; node ports
 * are what the stored Services say, and promises tell two writes at once apart.
 */
export function serviceAllocator(options: ServiceAllocatorOptions, signal: AbortSignal): Allocator {
  const { network, cache, ports, transport } = options
  const families: Families = network.cidrs.map(cidr => parseRange(cidr).family)
  const ledger = new Ledger<number>(ports.clock)
  const [firstPort, lastPort] = network.nodePorts
  const filling = () => ({ taken: ledger.size, size: lastPort - firstPort + 1 })
  const meter = portMeter(ports.metrics, filling, signal)
  const claims = cache.freshen && createPortClaims(cache, ports, port => ledger.isHeld(port))
  const desk: PortDesk = { range: network.nodePorts, ledger, ports, meter, claims }
  followNodePorts(desk, cache, signal)
  const bookOptions = { cidrs: network.cidrs, cache, transport, ports, signal }
  const book = createAddressBook(bookOptions)
  const dry = dryAddressBook(bookOptions)
  return {
    allocate(object, before, isDryRun) {
      const service = object as Service
      const old = before as Service | undefined
      settleFamilies(service, old, families)
      if (old && !touchesClusterIps(service, old) && !touchesNodePorts(service, old)) return undefined
      return allocate({ desk, book: isDryRun ? dry : book }, service, old)
    },
    async release(object) {
      const { metadata, spec } = object as Service
      await removeEndpoints(metadata, options)
      for (const address of addressesOf(spec)) await book.release(address)
    },
  }
}

/** The next Service of the name shall not find the old one's Endpoints (registry core/service afterDelete). */
async function removeEndpoints(
  { namespace, name = '' }: Service['metadata'],
  { cache, ports, transport }: ServiceAllocatorOptions,
): Promise<void> {
  if (!cache.get(objectKey({ group: '', plural: 'endpoints' }, namespace, name))) return
  const at = { group: '', version: 'v1', resource: 'endpoints', namespace, name } as const
  await transport()
    .call({ ...at, verb: 'delete' })
    .catch(error => {
      if (isNotFound(error)) return
      ports.log.error('endpoints of a deleted service stay', { namespace, name, error: String(error) })
    })
}

interface Desks {
  readonly desk: PortDesk
  readonly book: ReturnType<typeof createAddressBook>
}

async function allocate(
  { desk, book }: Desks,
  service: Service,
  old: Service | undefined,
): Promise<Allocation> {
  const owner = service.metadata.uid!
  const { taken, given } = await settleClusterIps(service, old, book)
  const revert = async () => {
    desk.ledger.forget(owner)
    await desk.claims?.release(owner)
    for (const address of taken) await book.release(address)
  }
  try {
    await settleNodePorts(desk, service, old)
  } catch (error) {
    await revert()
    throw error
  }
  return {
    revert,
    async commit() {
      await desk.claims?.release(owner)
      for (const address of given) await book.release(address)
    },
  }
}

function addressesOf(spec: ServiceSpec | undefined): string[] {
  return (spec?.clusterIPs ?? []).filter(address => address !== 'None' && address !== '')
}

function followNodePorts({ ledger, ports }: PortDesk, cache: WatchCache, signal: AbortSignal): void {
  const prefix = collectionPrefix({ group: '', plural: 'services' })
  const { items, revision } = cache.list(prefix)
  const hold = ({ spec, metadata }: Service) => {
    for (const port of nodePortsOf(spec)) ledger.hold(port, metadata.uid!)
  }
  const release = ({ spec, metadata }: Service) => {
    for (const port of nodePortsOf(spec)) ledger.release(port, metadata.uid!)
  }
  for (const { object } of items) hold(object as Service)
  const watching = cache.watch(
    prefix,
    revision,
    events => {
      for (const { previous, current } of events) {
        if (previous) release(previous.object as Service)
        if (current) hold(current.object as Service)
      }
    },
    signal,
  )
  watching.catch(error => ports.log.error('node ports are no longer followed', { error: String(error) }))
}

/** All that a Service holds of the node, its health check among them. */
export function nodePortsOf(spec: ServiceSpec | undefined): number[] {
  const ports = (spec?.ports ?? []).flatMap(({ nodePort }) => (nodePort ? [nodePort] : []))
  return spec?.healthCheckNodePort ? [...ports, spec.healthCheckNodePort] : ports
}
