import type { Node, Pod, Service } from '../../api/types/core-v1.gen.ts'
import type { Endpoint, EndpointPort } from '../../api/types/discovery-v1.gen.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import { isReady } from '../shared/pod.ts'
import { canBeEndpoint, isIpv6, podIps, publishedHostname, targetPortOf, zoneLabel } from './service-pods.ts'

/** Endpoints that share their ports: slices hold one such group each. */
export interface EndpointGroup {
  readonly ports: EndpointPort[]
  /** By identity; see `endpointKey`. */
  readonly endpoints: Map<string, Endpoint>
}

export interface GroupOptions {
  /** `IPv4` or `IPv6`. */
  readonly type: string
  readonly nodes: ObjectStore<Node>
}

/** What the slices of one address family should hold, by the key of their ports. */
export function endpointGroups(
  service: Service,
  selected: readonly Pod[],
  { type, nodes }: GroupOptions,
): Map<string, EndpointGroup> {
  const groups = new Map<string, EndpointGroup>()
  for (const pod of selected) {
    if (!canBeEndpoint(pod, true)) continue
    const ports = portsOf(service, pod)
    const key = portsKey(ports)
    const group = groups.get(key) ?? { ports, endpoints: new Map() }
    groups.set(key, group)
    const node = nodes.get(undefined, pod.spec?.nodeName ?? '')
    // A node that is not known yet wakes us when it is.
    if (!node && !service.spec?.publishNotReadyAddresses) continue
    const endpoint = endpointOf(service, pod, type)
    const zone = node?.metadata.labels?.[zoneLabel]
    if (endpoint.addresses.length > 0)
      group.endpoints.set(endpointKey(endpoint), zone ? { ...endpoint, zone } : endpoint)
  }
  return groups
}

function endpointOf(service: Service, pod: Pod, type: string): Endpoint {
  const serving = isReady(pod)
  const terminating = pod.metadata.deletionTimestamp !== undefined
  const ready = service.spec?.publishNotReadyAddresses || (serving && !terminating)
  const { name, namespace, uid } = pod.metadata
  const hostname = publishedHostname(pod, service)
  return {
    addresses: podIps(pod).filter(ip => isIpv6(ip) === (type === 'IPv6')),
    conditions: { ready, serving, terminating },
    ...(hostname ? { hostname } : {}),
    targetRef: { kind: 'Pod', namespace, name, uid },
    ...(pod.spec?.nodeName ? { nodeName: pod.spec.nodeName } : {}),
  }
}

function portsOf(service: Service, pod: Pod): EndpointPort[] {
  return (service.spec?.ports ?? []).flatMap(port => {
    const target = targetPortOf(pod, port)
    if (target === undefined) return []
    const { name = '', protocol = 'TCP', appProtocol } = port
    return [{ name, port: target, protocol, ...(appProtocol ? { appProtocol } : {}) }]
  })
}

export function portsKey(ports: readonly EndpointPort[] | undefined): string {
  const texts = (ports ?? []).map(({ name = '', port, protocol, appProtocol }) =>
    JSON.stringify([name, port, protocol, appProtocol]),
  )
  return texts.toSorted().join()
}

/** Says which endpoint it is, whatever its state (endpointslice util EndpointSet). */
export function endpointKey({ addresses, hostname, targetRef }: Endpoint): string {
  return JSON.stringify([addresses.toSorted(), hostname, targetRef?.namespace, targetRef?.name])
}
