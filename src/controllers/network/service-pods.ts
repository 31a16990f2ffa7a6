import { isFinished, sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { Node, Pod, Service, ServicePort } from '../../api/types/core-v1.gen.ts'
import { objectKey } from '../../client/resource.ts'
import type { View } from '../../controller/view.ts'
import { labelSelectorOf, matchesLabels } from '../../machinery/selector/index.ts'
import { pods, services } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { isReady } from '../shared/pod.ts'

/** Services whose endpoints nobody else makes: with a selector, and not only a name for somewhere else. */
export function hasOwnEndpoints({ spec }: Service): boolean {
  return spec?.selector !== undefined && spec.type !== 'ExternalName'
}

export function selectedPods(service: Service, store: View['store']): readonly Pod[] {
  const selector = labelSelectorOf(service.spec?.selector)
  return store(pods)
    .list(service.metadata.namespace)
    .filter(pod => matchesLabels(selector, pod.metadata.labels))
}

/** Running with an address; those on their way out only where that is asked for. */
export function canBeEndpoint(pod: Pod, includeTerminating: boolean): boolean {
  if (isFinished(pod) || podIps(pod).length === 0) return false
  return includeTerminating || !pod.metadata.deletionTimestamp
}

export function podIps({ status }: Pod): readonly string[] {
  if (status?.podIPs?.length) return status.podIPs.map(({ ip }) => ip)
  return status?.podIP ? [status.podIP] : []
}

export function isIpv6(address: string): boolean {
  return address.includes(':')
}

export function isHeadless({ spec }: Service): boolean {
  return !spec?.clusterIP || spec.clusterIP === 'None'
}

/** A pod's own name is published where its subdomain is the service. */
export function publishedHostname(pod: Pod, service: Service): string | undefined {
  return pod.spec?.hostname && pod.spec.subdomain === service.metadata.name ? pod.spec.hostname : undefined
}

/** The pod's port that a service port leads to; a name is looked up in containers and sidecars. */
export function targetPortOf(pod: Pod, port: ServicePort): number | undefined {
  const target = port.targetPort ?? port.port
  if (typeof target === 'number') return target
  const sidecars = sidecarsOf(pod.spec)
  const offered = [...(pod.spec?.containers ?? []), ...sidecars].flatMap(container => container.ports ?? [])
  const protocol = port.protocol ?? 'TCP'
  return offered.find(({ name, protocol: offers = 'TCP' }) => name === target && offers === protocol)
    ?.containerPort
}

/** The services that a changed pod may be an endpoint of: those that select it. */
export function servicesSelecting(pod: Pod, store: View['store']): string[] {
  return store(services)
    .list(pod.metadata.namespace)
    .filter(
      ({ spec }) => spec?.selector && matchesLabels(labelSelectorOf(spec.selector), pod.metadata.labels),
    )
    .map(objectKey)
}

/** A change that no endpoint can show. */
export function sameForEndpoints(a: Pod, b: Pod): boolean {
  return jsonEqual(endpointFacts(a), endpointFacts(b))
}

function endpointFacts(pod: Pod): unknown {
  const { labels, deletionTimestamp } = pod.metadata
  const { hostname, subdomain, nodeName } = pod.spec ?? {}
  return [
    labels,
    deletionTimestamp,
    hostname,
    subdomain,
    nodeName,
    isReady(pod),
    isFinished(pod),
    podIps(pod),
  ]
}

const nodeNameOf = (pod: Pod) => pod.spec?.nodeName

/** The services with pods on a node. */
export function servicesOnNode(node: Node, store: View['store']): Set<string> {
  const here = store(pods)
    .index(nodeNameOf)
    .get(node.metadata.name ?? '')
  return new Set(here.flatMap(pod => servicesSelecting(pod, store)))
}

export const zoneLabel = 'topology.kubernetes.io/zone'

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time'
export const headlessLabel = 'service.kubernetes.io/headless'
