import { services } from '../api/core/service.ts'
import { endpointSlices } from '../api/discovery/endpoint-slice.ts'
import { serviceNameOf } from '../api/discovery/service-name.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.gen.ts'
import type { Client } from '../client/client.ts'
import { createInformers, type Informers } from '../client/informers.ts'
import { createMetrics, type Metrics } from '../std/metrics.ts'
import type { Clock, Ports, Runnable } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { createProxyMeter, type ProxyMeter } from './metrics/meter.ts'
import { type ServicePort, servicePorts } from './model/service-port.ts'
import { type Ruleset, rulesetOf } from './nftables/ruleset.ts'
import { changeScript, replaceScript } from './nftables/script.ts'
import type { RuleWriter } from './writer.ts'

export interface ProxyOptions {
  readonly client: Client
  readonly nodeName: string
  readonly writer: RuleWriter
  /** What the proxy counts, for its own `/metrics`; by default nobody is told. */
  readonly metrics?: Metrics
}

/** Changes that come within this time are written together. */
const gatherMs = 20
const retryMaxMs = 30_000

/** Keeps the node's packet rules equal to services and endpoints. Rules stay in place when it stops. */
export function createProxy(options: ProxyOptions): Runnable {
  return async (ports, signal) => {
    const informers = createInformers({ client: options.client, ports, signal })
    const meter = createProxyMeter(options.metrics ?? createMetrics(), ports.clock)
    const changes = watchChanges(informers, ports, meter)
    await informers.whenSynced()
    await writeRules({ ...options, informers, changes, meter }, ports, signal)
    await informers.done
  }
}

interface Changes {
  /** Resolves when something changed since the last call, a little later to gather more. */
  next(signal: AbortSignal): Promise<void>
}

function watchChanges(informers: Informers, { clock }: Ports, meter: ProxyMeter): Changes {
  let changed = Promise.withResolvers<void>()
  const note = () => changed.resolve()
  informers.of(services).onChange(({ key }) => {
    meter.serviceChanged(key)
    note()
  })
  informers.of(endpointSlices).onChange(change => {
    meter.endpointsChanged(sliceKey((change.object ?? change.old)!), change)
    note()
  })
  return {
    async next(signal) {
      signal.addEventListener('abort', note, { once: true })
      await changed.promise
      signal.removeEventListener('abort', note)
      await sleep(clock, gatherMs, signal)
      changed = Promise.withResolvers<void>()
    },
  }
}

interface Writing extends ProxyOptions {
  readonly informers: Informers
  readonly changes: Changes
  readonly meter: ProxyMeter
}

async function writeRules(
  { nodeName, writer, informers, changes, meter }: Writing,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const plan = createPlanner(informers, nodeName)
  let written: { readonly rules: Ruleset; readonly ports: readonly ServicePort[] } | undefined
  for (let failures = 0; !signal.aborted; ) {
    if (failures === 0 && written) await changes.next(signal)
    if (signal.aborted) return
    const round = meter.beginRound(written === undefined)
    const wanted = plan()
    const rules = rulesetOf(wanted)
    const script = written ? changeScript(written.rules, rules) : replaceScript(rules)
    try {
      if (script !== '') await writer.apply(script)
      if (written) await forgetStaleFlows(measuredFlows(writer, meter, ports.clock), written.ports, wanted)
      written = { rules, ports: wanted }
      failures = 0
      round.done(wanted)
    } catch (error) {
      round.failed()
      // Somebody may have changed the table: start from scratch next time.
      written = undefined
      ports.log.warn('packet rules not written, trying again', { error: String(error) })
      const delayMs = Math.min(1_000 * 2 ** failures++, retryMaxMs)
      await sleep(ports.clock, delayMs, signal)
    }
  }
}

/** Every service port of the cluster; a service whose objects did not change is not looked at again. */
function createPlanner(informers: Informers, nodeName: string): () => ServicePort[] {
  const serviceStore = informers.of(services).store
  const byService = informers.of(endpointSlices).store.index(sliceKey)
  let known = new Map<
    object,
    { readonly slices: readonly EndpointSlice[]; readonly ports: readonly ServicePort[] }
  >()
  return () => {
    const next: typeof known = new Map()
    for (const service of serviceStore.list()) {
      const slices = byService.get(`${service.metadata.namespace}/${service.metadata.name}`)
      const old = known.get(service)
      const same =
        old?.slices.length === slices.length && old.slices.every((slice, index) => slice === slices[index])
      next.set(service, same ? old : { slices, ports: servicePorts(service, slices, nodeName) })
    }
    known = next
    return [...known.values()].flatMap(entry => entry.ports)
  }
}

function sliceKey(slice: EndpointSlice): string {
  return `${slice.metadata.namespace}/${serviceNameOf(slice)}`
}

type FlowWriter = Pick<RuleWriter, 'forgetFlows'>

function measuredFlows(writer: FlowWriter, meter: ProxyMeter, clock: Clock): FlowWriter {
  return {
    async forgetFlows(protocol, serviceIp, endpointIp) {
      const startMs = clock.monotonicMs()
      const count = await writer.forgetFlows(protocol, serviceIp, endpointIp)
      meter.flowsForgotten(count, clock.monotonicMs() - startMs)
      return count
    },
  }
}

async function forgetStaleFlows(
  writer: FlowWriter,
  before: readonly ServicePort[],
  after: readonly ServicePort[],
): Promise<void> {
  const now = new Map(after.map(port => [port.id, port]))
  for (const port of before) {
    if (port.protocol === 'tcp') continue
    const left = new Set(
      [...(now.get(port.id)?.internal ?? []), ...(now.get(port.id)?.external ?? [])].map(({ ip }) => ip),
    )
    const gone = new Set([...port.internal, ...port.external].map(({ ip }) => ip)).difference(left)
    for (const serviceIp of [...port.clusterIps, ...port.externalIps]) {
      for (const ip of gone) await writer.forgetFlows(port.protocol, serviceIp, ip)
    }
  }
}
