import { type OracleCase, patch, send } from './case.ts'

const space = '/api/v1/namespaces/oracle'
const dry = '?dryRun=All'
const addresses = [
  '010.0.0.1',
  '010.096.000.077',
  '10.0.0.256',
  '08.1.1.1',
  '0xa.0.0.1',
  '1.2.3',
  '1::ffff',
  'fe80::1%eth0',
  '2001:DB8::1',
  '2001:db8:0:0::1',
  '127.000.0.1',
  '',
]
const containers = [{ name: 'c', image: 'i' }]
const ports = [{ port: 80 }]

function spelled(address: string): OracleCase[] {
  const ask = (what: string, path: string, spec: object) =>
    send('POST', `address: ${address} of ${what}`, path + dry, { metadata: { name: 'x' }, ...spec })
  const slice = (addressType: string) => ({ addressType, endpoints: [{ addresses: [address] }], ports })
  return [
    ask('a service outside', `${space}/services`, { spec: { ports, externalIPs: [address] } }),
    ask('a balancer', `${space}/services`, {
      spec: { ports, type: 'LoadBalancer', loadBalancerIP: address },
    }),
    ask('a service', `${space}/services`, { spec: { ports, clusterIP: address } }),
    ask('endpoints', `${space}/endpoints`, { subsets: [{ addresses: [{ ip: address }], ports }] }),
    ask('a slice', '/apis/discovery.k8s.io/v1/namespaces/oracle/endpointslices', slice('IPv4')),
    ask('a slice of six', '/apis/discovery.k8s.io/v1/namespaces/oracle/endpointslices', slice('IPv6')),
    ask('a host', `${space}/pods`, {
      spec: { containers, hostAliases: [{ ip: address, hostnames: ['a'] }] },
    }),
    ask('a name server', `${space}/pods`, {
      spec: { containers, dnsPolicy: 'None', dnsConfig: { nameservers: [address] } },
    }),
    ask('a range of balancers', `${space}/services`, {
      spec: { ports, type: 'LoadBalancer', loadBalancerSourceRanges: [`${address}/32`] },
    }),
    ask('a policy', '/apis/networking.k8s.io/v1/namespaces/oracle/networkpolicies', {
      spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: `${address}/16` } }] }] },
    }),
    ask('a node', '/api/v1/nodes', { spec: { podCIDR: `${address}/24`, podCIDRs: [`${address}/24`] } }),
    patch(`address: ${address} of a pod's status`, `${space}/pods/addresses/status${dry}`, 'merge', {
      status: { podIP: address, podIPs: [{ ip: address }] },
    }),
    patch(`address: ${address} of a service's status`, `${space}/services/addresses/status${dry}`, 'merge', {
      status: { loadBalancer: { ingress: [{ ip: address }] } },
    }),
  ]
}

/** Addresses as they may be spelled, in each field that holds one. */
export const addressCases: readonly OracleCase[] = [
  send('POST', 'address: a pod', `${space}/pods`, { metadata: { name: 'addresses' }, spec: { containers } }),
  send('POST', 'address: a service', `${space}/services`, {
    metadata: { name: 'addresses' },
    spec: { type: 'LoadBalancer', ports },
  }),
  ...addresses.flatMap(spelled),
]
