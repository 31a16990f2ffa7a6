import { services } from '../api/core/service.ts'
import { endpointSlices } from '../api/discovery/endpoint-slice.ts'
import { serviceNameLabel } from '../api/discovery/service-name.ts'
import type { Service } from '../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.gen.ts'
import type { Client } from '../client/client.ts'

const namespace = 'kube-system'
const name = 'kube-dns'
const fieldManager = 'hutch-dns'

/** Where this process answers, and what it stands behind. */
export interface DnsAddress {
  readonly publisher: Client
  readonly address: string
  readonly port: number
  readonly nodeName: string
  readonly clusterDns: string
}

/**
 * Makes this process what stands behind the service `kube-dns`: the service has no selector, its slice holds our
 * own address. Every proxy then leads the cluster DNS address here, also from other nodes.
 */
export async function publishDns(options: DnsAddress): Promise<void> {
  const { publisher, address, port, nodeName, clusterDns } = options
  const ports = (['UDP', 'TCP'] as const).map(protocol => ({
    name: protocol === 'UDP' ? 'dns' : 'dns-tcp',
    protocol,
  }))
  const service: Service = {
    metadata: { namespace, name, labels: { 'k8s-app': name, 'kubernetes.io/name': 'CoreDNS' } },
    spec: { clusterIP: clusterDns, ports: ports.map(entry => ({ ...entry, port: 53, targetPort: port })) },
  }
  const slice: EndpointSlice = {
    metadata: {
      namespace,
      name: `${name}-${nodeName}`,
      labels: { [serviceNameLabel]: name, 'endpointslice.kubernetes.io/managed-by': 'dns.hutch' },
    },
    addressType: address.includes(':') ? 'IPv6' : 'IPv4',
    endpoints: [
      { addresses: [address], conditions: { ready: true, serving: true, terminating: false }, nodeName },
    ],
    ports: ports.map(entry => ({ ...entry, port })),
  }
  await publisher.apply(services, service, { fieldManager, force: true })
  await publisher.apply(endpointSlices, slice, { fieldManager, force: true })
}
