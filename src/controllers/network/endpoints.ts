import type { EndpointAddress, EndpointPort, Endpoints, Pod, Service } from '../../api/types/core-v1.gen.ts'
import { fromKey, objectKey } from '../../client/resource.ts'
import { create, event, type Outcome, type Plan, remove, update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { messageOf } from '../../std/message.ts'
import { endpoints, pods, services } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { isReady } from '../shared/pod.ts'
import { type PortAddress, packSubsets, truncated } from './endpoint-subsets.ts'
import {
  canBeEndpoint,
  hasOwnEndpoints,
  headlessLabel,
  isHeadless,
  isIpv6,
  podIps,
  publishedHostname,
  sameForEndpoints,
  selectedPods,
  servicesSelecting,
  targetPortOf,
  triggerTimeAnnotation,
} from './service-pods.ts'
import { TriggerTimes } from './trigger-times.ts'

const managedByLabel = 'endpoints.kubernetes.io/managed-by'
const managedByUs = 'endpoint-controller'
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity'

/** Keeps the Endpoints object of every service that selects pods (upstream pkg/controller/endpoint). */
export function endpointsController(): Worker {
  const triggers = new TriggerTimes()
  return defineController<Service>({
    name: 'endpoints',
    identity: 'endpoint-controller',
    primary: services,
    watches: [
      watched(pods, servicesSelecting, sameForEndpoints),
      // Endpoints of others may be there before their service is: only ours are looked after.
      watched(endpoints, object => (isOurs(object) ? [objectKey(object)] : [])),
    ],
    plan: (service, view) => planEndpoints(service, view, triggers),
    gone(key, store) {
      triggers.forget(key)
      const { namespace, name } = fromKey(key)
      const left = store(endpoints).get(namespace, name)
      return left ? [remove(endpoints, left)] : []
    },
  })
}

export function planEndpoints(service: Service, view: View, triggers = new TriggerTimes()): Plan {
  if (!hasOwnEndpoints(service) || service.metadata.deletionTimestamp) return []
  const { name, namespace } = service.metadata
  const current = view.store(endpoints).get(namespace, name!)
  const selected = selectedPods(service, view.store)
  const { subsets, cut } = truncated(packSubsets(selected.flatMap(pod => portAddresses(service, pod))))
  const trigger = triggers.next(service, selected)
  const wanted: Endpoints = {
    ...current,
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      ...(current?.metadata ?? { name, namespace }),
      labels: labelsFor(service),
      annotations: annotationsFor(current, cut, trigger),
    },
    subsets: subsets.length > 0 ? [...subsets] : undefined,
  }
  if (!current)
    return [
      create(endpoints, wanted, failing(wanted, 'FailedToCreateEndpoint', `create endpoint for service`)),
    ]
  if (jsonEqual(contentOf(current), contentOf(wanted))) return []
  return [update(endpoints, wanted)]
}

function annotationsFor(
  current: Endpoints | undefined,
  cut: boolean,
  trigger: string | undefined,
): Record<string, string> | undefined {
  const {
    [overCapacityAnnotation]: _,
    [triggerTimeAnnotation]: __,
    ...others
  } = current?.metadata.annotations ?? {}
  const annotations = {
    ...others,
    ...(cut && { [overCapacityAnnotation]: 'truncated' }),
    ...(trigger && { [triggerTimeAnnotation]: trigger }),
  }
  return Object.keys(annotations).length > 0 ? annotations : undefined
}

function failing(object: Endpoints, reason: string, what: string): Outcome {
  const { namespace, name } = object.metadata
  const message = (error: unknown) => `Failed to ${what} ${namespace}/${name}: ${messageOf(error)}`
  return { failed: error => [event(endpoints, object, { type: 'Warning', reason, message: message(error) })] }
}

function contentOf({ metadata, subsets }: Endpoints): unknown {
  return [subsets ?? [], metadata.labels ?? {}, metadata.annotations?.[overCapacityAnnotation]]
}

function isOurs({ metadata }: Endpoints): boolean {
  return metadata.labels?.[managedByLabel] === managedByUs
}

function labelsFor(service: Service): Record<string, string> {
  const { [headlessLabel]: _, ...labels } = service.metadata.labels ?? {}
  return { ...labels, ...(isHeadless(service) ? { [headlessLabel]: '' } : {}), [managedByLabel]: managedByUs }
}

/** Each port of a service at each pod; a headless service without ports has its pods' bare addresses. */
function portAddresses(service: Service, pod: Pod): PortAddress[] {
  if (!canBeEndpoint(pod, service.spec?.publishNotReadyAddresses ?? false)) return []
  const address = addressOf(service, pod)
  if (!address) return []
  const ready = service.spec?.publishNotReadyAddresses || isReady(pod)
  const ports = service.spec?.ports ?? []
  if (ports.length === 0) return isHeadless(service) ? [{ address, port: undefined, ready }] : []
  return ports.flatMap(port => {
    const target = targetPortOf(pod, port)
    if (target === undefined) return []
    const { name, protocol = 'TCP', appProtocol } = port
    const endpointPort: EndpointPort = {
      ...(name ? { name } : {}),
      port: target,
      protocol,
      ...(appProtocol ? { appProtocol } : {}),
    }
    return [{ address, port: endpointPort, ready }]
  })
}

function addressOf(service: Service, pod: Pod): EndpointAddress | undefined {
  const { clusterIP, ipFamilies } = service.spec ?? {}
  const family =
    ipFamilies?.[0] ?? (clusterIP && clusterIP !== 'None' && isIpv6(clusterIP) ? 'IPv6' : undefined)
  const ip = podIps(pod).find(candidate => family === undefined || isIpv6(candidate) === (family === 'IPv6'))
  if (!ip) return undefined
  const { name, namespace, uid } = pod.metadata
  const hostname = publishedHostname(pod, service)
  return {
    ip,
    ...(hostname ? { hostname } : {}),
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
  }
}
