/** Says of each APIService whether it is answered (kube-aggregator controllers/status). */

import { serviceNameOf } from '../../api/discovery/service-name.ts'
import type { APIService, APIServiceCondition } from '../../api/types/apiregistration-v1.gen.ts'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import type { Transport } from '../../client/transport.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { isConflict, isNotFound } from '../../machinery/status/errors.ts'
import { messageOf } from '../../std/message.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import type { Source } from '../lister.ts'
import { lostApiTotal } from '../metrics/specs.ts'
import { timestamp } from '../rest/call.ts'

export interface AvailabilityOptions {
  readonly apiServices: Source<APIService>
  readonly services: Source<Service>
  readonly endpointSlices: Source<EndpointSlice>
  /** Asks a server what it serves; rejects when it does not say. */
  readonly probe: (apiService: APIService) => Promise<JsonObject>
  readonly told: (group: string, version: string, resources: JsonObject) => void
  /** With the server's own rights. */
  readonly transport: Transport
  readonly ports: Ports
}

type Verdict = Pick<APIServiceCondition, 'status' | 'reason' | 'message'>

const recheckMs = 30_000

/** Keeps the Available condition of every APIService true to what is there, until `signal` aborts. */
export function maintainAvailability(options: AvailabilityOptions, signal: AbortSignal): void {
  const { apiServices, services, endpointSlices, ports } = options
  const waiting = new Set<string>()
  let cancelTimer: Cancel = () => {}
  const check = (name: string) => {
    if (signal.aborted || waiting.has(name)) return
    waiting.add(name)
    queueMicrotask(() => {
      waiting.delete(name)
      settle(options, name).catch(error => {
        if (signal.aborted || isConflict(error) || isNotFound(error)) return
        ports.log.warn('the availability of an API could not be told', { name, error: String(error) })
      })
    })
  }
  const behind = (namespace = '', service = '') => {
    for (const { metadata, spec } of apiServices.list())
      if (spec?.service?.namespace === namespace && spec.service.name === service) check(metadata.name!)
  }
  const recheck = () => {
    for (const { metadata, spec } of apiServices.list()) if (spec?.service) check(metadata.name!)
    cancelTimer = ports.clock.setTimer(recheckMs, recheck)
  }
  const stops = [
    apiServices.onChange(({ now }) => now && check(now.metadata.name!)),
    services.onChange(({ old, now }) => behindService(now ?? old, behind)),
    endpointSlices.onChange(({ old, now }) => behindSlice(now ?? old, behind)),
  ]
  recheck()
  signal.addEventListener('abort', () => {
    cancelTimer()
    for (const stop of stops) stop()
  })
}

type Behind = (namespace: string | undefined, service: string | undefined) => void

function behindService(service: Service | undefined, behind: Behind): void {
  if (service) behind(service.metadata.namespace, service.metadata.name)
}

function behindSlice(slice: EndpointSlice | undefined, behind: Behind): void {
  if (slice) behind(slice.metadata.namespace, serviceNameOf(slice))
}

async function settle(options: AvailabilityOptions, name: string): Promise<void> {
  const apiService = options.apiServices.get('', name)
  if (!apiService) return
  const verdict = await judge(options, apiService)
  await tell(options, apiService, verdict)
}

const local: Verdict = { status: 'True', reason: 'Local', message: 'Local APIServices are always available' }

async function judge(options: AvailabilityOptions, apiService: APIService): Promise<Verdict> {
  if (!apiService.spec?.service) return local
  const missing = missingBackend(options, apiService.spec.service)
  if (missing) return { status: 'False', ...missing }
  try {
    const resources = await options.probe(apiService)
    options.told(apiService.spec.group ?? '', apiService.spec.version ?? '', resources)
    return { status: 'True', reason: 'Passed', message: 'all checks passed' }
  } catch (error) {
    const message = messageOf(error)
    return { status: 'False', reason: 'FailedDiscoveryCheck', message }
  }
}

type Reference = NonNullable<NonNullable<APIService['spec']>['service']>

/** Why the Service cannot answer; undefined when it might. */
function missingBackend(
  { services, endpointSlices }: AvailabilityOptions,
  { namespace = '', name = '', port = 443 }: Reference,
): Pick<Verdict, 'reason' | 'message'> | undefined {
  const which = `service/${name} in ${JSON.stringify(namespace)}`
  const service = services.get(namespace, name)
  if (!service) return { reason: 'ServiceNotFound', message: `${which} is not present` }
  if ((service.spec?.type ?? 'ClusterIP') !== 'ClusterIP') return undefined
  const wanted = service.spec?.ports?.find(each => each.port === port)
  if (!wanted) return { reason: 'ServicePortError', message: `${which} is not listening on port ${port}` }
  const slices = endpointSlices.list(namespace).filter(slice => serviceNameOf(slice) === name)
  if (slices.length === 0)
    return { reason: 'EndpointsNotFound', message: `cannot find endpointslices for ${which}` }
  const portName = wanted.name ?? ''
  if (slices.some(slice => isReady(slice, portName))) return undefined
  const message = `endpointslices for ${which} have no addresses with port name ${JSON.stringify(portName)}`
  return { reason: 'MissingEndpoints', message }
}

function isReady({ endpoints, ports }: EndpointSlice, portName: string): boolean {
  const hasReady = endpoints?.some(({ conditions }) => conditions?.ready !== false) ?? false
  return hasReady && (ports?.some(each => (each.name ?? '') === portName && each.port !== undefined) ?? false)
}

async function tell(
  { transport, ports }: AvailabilityOptions,
  apiService: APIService,
  verdict: Verdict,
): Promise<void> {
  const conditions = apiService.status?.conditions ?? []
  const old = findCondition(conditions, 'Available')
  const same = old && old.status === verdict.status && old.reason === verdict.reason
  if (same && old.message === verdict.message) return
  const now = timestamp(ports.clock)
  const lastTransitionTime = old?.status === verdict.status ? (old.lastTransitionTime ?? now) : now
  const made = { lastTransitionTime, ...verdict, type: 'Available' }
  const body = { ...apiService, status: { conditions: [...conditions.filter(each => each !== old), made] } }
  await transport.call({
    verb: 'update',
    group: 'apiregistration.k8s.io',
    version: 'v1',
    resource: 'apiservices',
    name: apiService.metadata.name!,
    subresource: 'status',
    body: body as unknown as JsonObject,
  })
  const { status, reason = 'UnknownReason' } = verdict
  if (old?.status === 'True' && status !== 'True')
    ports.metrics.counter(lostApiTotal).with(apiService.metadata.name!, reason).inc()
}
