import { expect, test } from 'bun:test'
import type { Endpoints, Service } from '../../api/types/core-v1.gen.ts'
import type { IPAddress, ServiceCIDR } from '../../api/types/networking-v1.gen.ts'
import { mergePatch } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import { clusterForEach } from '../each-cluster.testing.ts'
import { endpointSlices, endpoints, ipAddresses, serviceCidrs, services } from '../kinds.ts'
import { stepFor } from '../node/object-ttl.ts'

const cluster = clusterForEach(async () => {})

const slices = async () => (await cluster.client.list(endpointSlices, { namespace: 'shop' })).items
const createEndpoints = (labels?: Record<string, string>) =>
  cluster.client.create(endpoints, {
    metadata: { name: 'db', namespace: 'shop', labels },
    subsets: [
      {
        addresses: [{ ip: '192.0.2.1' }, { ip: '192.0.2.2', hostname: 'two' }],
        notReadyAddresses: [{ ip: '2001:db8::1' }],
        ports: [{ name: 'sql', port: 5432 }],
      },
    ],
  } as Endpoints)
const createService = (selector?: Record<string, string>) =>
  cluster.client.create(services, {
    metadata: { name: 'db', namespace: 'shop' },
    spec: { clusterIP: 'None', ports: [{ port: 5432 }], ...(selector && { selector }) },
  } as Service)

test('endpoints that somebody made for a service show as slices, one for each family', async () => {
  await createService()
  await createEndpoints({ team: 'a' })
  await cluster.advance(1_000)
  const made = (await slices()).toSorted((a, b) => (a.addressType < b.addressType ? -1 : 1))
  expect(made.map(({ addressType, endpoints: all }) => [addressType, all.length])).toEqual([
    ['IPv4', 2],
    ['IPv6', 1],
  ])
  expect(made[0]!.metadata.labels).toEqual({
    team: 'a',
    'kubernetes.io/service-name': 'db',
    'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
  })
  expect(made[1]!.endpoints[0]).toEqual({ addresses: ['2001:db8::1'], conditions: { ready: false } })
  const name = made[0]!.metadata.name
  const subsets = [{ addresses: [{ ip: '192.0.2.9' }], ports: [{ name: 'sql', port: 5433 }] }]
  await cluster.client.patch(endpoints, 'shop', 'db', { type: mergePatch, body: { subsets } })
  await cluster.advance(1_000)
  const [changed, ...others] = await slices()
  expect(others).toEqual([])
  expect(changed!.metadata.name).toBe(name!)
  expect(changed!.endpoints[0]!.addresses).toEqual(['192.0.2.9'])
  await cluster.client.delete(endpoints, 'shop', 'db')
  await cluster.advance(1_000)
  expect(await slices()).toEqual([])
})

test('what has a selector, or is told not to, is not mirrored', async () => {
  await createEndpoints({ 'endpointslice.kubernetes.io/skip-mirror': 'true' })
  await createService()
  await cluster.advance(1_000)
  expect(await slices()).toEqual([])
})

const createRange = (name: string, ...cidrs: string[]) =>
  cluster.client.create(serviceCidrs, { metadata: { name }, spec: { cidrs } } as ServiceCIDR)
const range = (name: string) => orUndefined(cluster.client.get(serviceCidrs, undefined, name))

test('a range of service addresses is ready, and stays while an address is in it alone', async () => {
  await createRange('extra', '10.90.0.0/24')
  await cluster.advance(500)
  expect((await range('extra'))?.status?.conditions).toMatchObject([{ type: 'Ready', status: 'True' }])
  await cluster.client.create(ipAddresses, {
    metadata: {
      name: '10.90.0.7',
      labels: {
        'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
        'ipaddress.kubernetes.io/ip-family': 'IPv4',
      },
    },
    spec: { parentRef: { resource: 'services', namespace: 'shop', name: 'db' } },
  } as IPAddress)
  await cluster.client.delete(serviceCidrs, undefined, 'extra')
  await cluster.advance(15_000)
  expect((await range('extra'))?.status?.conditions).toMatchObject([
    { status: 'False', reason: 'Terminating' },
  ])
  await createRange('wider', '10.90.0.0/16')
  await cluster.advance(15_000)
  expect(await range('extra')).toBeUndefined()
})

test('nodes may keep secrets for longer in a larger cluster, and the bounds overlap', () => {
  let step = 0
  const walked = [1, 100, 101, 95, 89].map(count => {
    step = stepFor(count, step)
    return step
  })
  expect(walked).toEqual([0, 0, 1, 1, 0])
  expect(stepFor(5_000, 0)).toBe(4)
})
