/** Puts addresses and node ports of Services right (registry core/service ipallocator and portallocator repair). */

import { services } from '../../api/core/service.ts'
import { ipAddresses } from '../../api/networking/ip-address.ts'
import { serviceCidrs } from '../../api/networking/service-cidr.ts'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { IPAddress, ServiceCIDR } from '../../api/types/networking-v1.gen.ts'
import { createClient } from '../../client/client.ts'
import { createEventRecorder, type EventRecorder, referenceTo } from '../../client/events.ts'
import type { Transport } from '../../client/transport.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { isNotFound } from '../../machinery/status/errors.ts'
import type { Ports } from '../../std/ports.ts'
import type { CacheSources } from '../cache-sources.ts'
import type { Source } from '../lister.ts'
import { ipAddressOf } from './address-book.ts'
import { parseRange } from './cidr.ts'
import { type RepairMeter, repairMeter } from './repair-metrics.ts'
import { type AddressVerdict, judgeAddress, judgeClusterIps, judgePorts } from './repair-rules.ts'
import { createWorkQueue, type WorkQueue } from './work-queue.ts'

export interface RepairOptions {
  readonly sources: Pick<CacheSources, 'of'>
  /** With the server's own rights. */
  readonly transport: Transport
  readonly ports: Ports
  /** Both inclusive. */
  readonly nodePorts: readonly [number, number]
}

interface Repair extends RepairOptions {
  readonly services: Source<Service>
  readonly addresses: Source<IPAddress>
  readonly cidrs: Source<ServiceCIDR>
  readonly addressEvents: EventRecorder
  readonly portEvents: EventRecorder
  readonly queue: WorkQueue
  readonly meter: RepairMeter
  /** Which Service said first that a node port is its. */
  readonly portHolders: Map<number, string>
}

/** An address is taken before its Service is written: only what stays alone is looked at. */
const addressGraceMs = 5_000

/** Looks at every Service and address once, and again whenever one changes, until `signal` aborts. */
export function repairServiceNetwork(options: RepairOptions, signal: AbortSignal): void {
  const { sources, transport, ports } = options
  const client = createClient(transport)
  const recorder = (component: string) => createEventRecorder({ client, ports, signal, component })
  const repair: Repair = {
    ...options,
    services: sources.of(services),
    addresses: sources.of(ipAddresses),
    cidrs: sources.of(serviceCidrs),
    addressEvents: recorder('ipallocator-repair-controller'),
    portEvents: recorder('portallocator-repair-controller'),
    queue: createWorkQueue(ports, signal),
    meter: repairMeter(ports.metrics),
    portHolders: new Map(),
  }
  const stops = [
    repair.services.onChange(({ old, now }) => serviceChanged(repair, old, now)),
    repair.addresses.onChange(({ old, now }) => addressChanged(repair, old, now)),
  ]
  signal.addEventListener('abort', () => {
    for (const stop of stops) stop()
  })
}

function serviceChanged(repair: Repair, old: Service | undefined, now: Service | undefined): void {
  const { portHolders, nodePorts } = repair
  const { namespace = '', name = '' } = (now ?? old)!.metadata
  const key = `${namespace}/${name}`
  for (const [port, holder] of portHolders) if (holder === key) portHolders.delete(port)
  if (!now) return
  for (const { reason, message } of judgePorts(now, nodePorts, portHolders)) {
    repair.meter.foundPort(reason)
    repair.portEvents.record(referenceTo(services, now), { type: 'Warning', reason, message })
  }
  if (now.spec?.clusterIPs?.length) queueService(repair, namespace, name)
}

function queueService(repair: Repair, namespace: string, name: string): void {
  const work = repair.meter.counted(() => mendService(repair, namespace, name))
  repair.queue.add(`service ${namespace}/${name}`, work)
}

function queueAddress(repair: Repair, address: string, afterMs: number): void {
  const work = repair.meter.counted(() => mendAddress(repair, address))
  repair.queue.later(afterMs, `address ${address}`, work)
}

function addressChanged(repair: Repair, old: IPAddress | undefined, now: IPAddress | undefined): void {
  const { metadata, spec } = (now ?? old)!
  const address = metadata.name!
  if (now) {
    queueAddress(repair, address, addressGraceMs)
    return
  }
  const { namespace = '', name = '' } = spec?.parentRef ?? {}
  queueService(repair, namespace, name)
}

/** Every cluster IP has its IPAddress, and that one names this Service. */
async function mendService(repair: Repair, namespace: string, name: string): Promise<void> {
  const service = repair.services.get(namespace, name)
  if (!service) return
  const ranges = repair.cidrs.list().flatMap(({ spec }) => (spec?.cidrs ?? []).map(parseRange))
  for (const { address, note, recreates } of judgeClusterIps(service, { ...repair, ranges })) {
    if (note) {
      repair.meter.foundAddress(note.reason)
      repair.addressEvents.record(referenceTo(services, service), { type: 'Warning', ...note })
    }
    if (recreates === 'delete first') await removeAddress(repair, address)
    if (recreates) await createAddress(repair, address, service)
  }
}

const at = { group: 'networking.k8s.io', version: 'v1', resource: 'ipaddresses' } as const

async function createAddress({ transport }: Repair, address: string, service: Service): Promise<void> {
  const body = ipAddressOf(address, service) as unknown as JsonObject
  await transport.call({ ...at, verb: 'create', body })
}

async function removeAddress({ transport }: Repair, address: string): Promise<void> {
  try {
    await transport.call({ ...at, verb: 'delete', name: address })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** Every address that was given to a Service is one that it has. */
async function mendAddress(repair: Repair, address: string): Promise<void> {
  const { addresses, services: known, ports } = repair
  const object = addresses.get('', address)
  const verdict: AddressVerdict | undefined = object && judgeAddress(object, known, ports.clock.nowMs())
  if (!verdict) return
  if ('againMs' in verdict) {
    queueAddress(repair, address, verdict.againMs)
    return
  }
  repair.meter.foundAddress(verdict.note.reason)
  repair.addressEvents.record(referenceTo(ipAddresses, object!), { type: 'Warning', ...verdict.note })
  await removeAddress(repair, address)
}
