import type { Service } from '../api/types/core-v1.gen.ts'
import type { Endpoint, EndpointSlice } from '../api/types/discovery-v1.gen.ts'

/** What the zone needs to know of the cluster; answered from informers' indexes. */
export interface DnsView {
  service(namespace: string, name: string): Service | undefined
  slices(namespace: string, service: string): readonly EndpointSlice[]
  namespaceExists(name: string): boolean
  serviceWithIp(ip: string): Service | undefined
  /** The endpoint that has this address, with the service that it stands behind. */
  endpointWithIp(
    ip: string,
  ): { readonly namespace: string; readonly service: string; readonly endpoint: Endpoint } | undefined
}

/** One address behind a headless service, under the name that DNS gives it. */
export interface EndpointName {
  readonly hostname: string
  readonly address: string
  readonly ports: readonly { readonly name: string; readonly protocol: string; readonly port: number }[]
}

/** The ready addresses of a service (kubernetes/dns specification 1.1, section 2.4). */
export function endpointNames(slices: readonly EndpointSlice[]): EndpointName[] {
  return slices.flatMap(slice => {
    const ports = (slice.ports ?? []).map(({ name, protocol, port }) => ({
      name: name ?? '',
      protocol: protocol ?? 'TCP',
      port: port ?? 0,
    }))
    return (slice.endpoints ?? [])
      .filter(endpoint => endpoint.conditions?.ready !== false)
      .flatMap(endpoint =>
        endpoint.addresses.map(address => ({ hostname: hostnameOf(endpoint, address), address, ports })),
      )
  })
}

/** A pod's own hostname where it has one, else its address with dashes. */
export function hostnameOf(endpoint: Endpoint, address: string): string {
  return endpoint.hostname || dashed(address)
}

/** `10.42.0.7` → `10-42-0-7`; IPv6 likewise. */
export function dashed(address: string): string {
  return address.replaceAll(/[.:]/g, '-')
}

/** `10-42-0-7` → `10.42.0.7`; undefined when it is no IPv4 address. */
export function undashed(label: string): string | undefined {
  const parts = label.split('-')
  const valid = parts.length === 4 && parts.every(part => /^\d{1,3}$/.test(part) && Number(part) < 256)
  return valid ? parts.join('.') : undefined
}

/** No cluster address: names resolve to the endpoints themselves. */
export function isHeadless(service: Service): boolean {
  return service.spec?.clusterIP === 'None'
}

/** The cluster addresses of one family. */
export function clusterIps(service: Service, family: 'A' | 'AAAA'): string[] {
  const all = service.spec?.clusterIPs ?? (service.spec?.clusterIP ? [service.spec.clusterIP] : [])
  return all.filter(ip => ip !== 'None' && ip !== '' && isFamily(ip, family))
}

export function isFamily(ip: string, family: 'A' | 'AAAA'): boolean {
  return ip.includes(':') === (family === 'AAAA')
}
