import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Service, ServiceSpec } from '../../api/types/core-v1.gen.ts'
import type { IPAddress } from '../../api/types/networking-v1.gen.ts'
import type { KubeList, KubeObject } from '../../machinery/meta/object.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { parseRange } from './cidr.ts'

let server: TestServer
const network = { cidrs: ['10.0.0.0/24', 'fd00:10::/112'], nodePorts: [30000, 30100] } as const
beforeAll(async () => {
  server = await startTestServer({ serviceNetwork: network })
  await server.admin.call({
    ...{ verb: 'create', group: '', version: 'v1', resource: 'namespaces' },
    body: { metadata: { name: 'default' } } as KubeObject,
  })
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

const at = { group: '', version: 'v1', resource: 'services', namespace: 'default' } as const
const create = (name: string, spec: ServiceSpec, options: object = {}) =>
  server.admin.call({
    ...{ ...at, verb: 'create', options },
    body: {
      metadata: { name },
      spec: { ports: [{ port: 80 }], selector: { a: 'b' }, ...spec },
    } as KubeObject,
  }) as Promise<Service>
const patch = (name: string, spec: object) =>
  server.admin.call({
    ...{ ...at, verb: 'patch', name, patchType: 'application/merge-patch+json' },
    body: { spec } as unknown as KubeObject,
  }) as Promise<Service>
const remove = (name: string) => server.admin.call({ ...at, verb: 'delete', name })
const addresses = async (name: string) => {
  const call = { verb: 'list', group: 'networking.k8s.io', version: 'v1', resource: 'ipaddresses' } as const
  const { items } = (await server.admin.call(call)) as unknown as KubeList<IPAddress>
  return items.filter(({ spec }) => spec?.parentRef?.name === name).map(({ metadata }) => metadata.name)
}

test('a range gives out neither its network nor its broadcast address', () => {
  const v4 = parseRange('10.0.0.0/29')
  expect([v4.size, v4.at(0), v4.at(v4.size - 1)]).toEqual([6, '10.0.0.1', '10.0.0.6'])
  expect(['10.0.0.0', '10.0.0.7', '10.0.0.8', '10.0.0.6'].map(v4.has)).toEqual([false, false, false, true])
  const v6 = parseRange('fd00::/64')
  expect([v6.at(0), v6.has('fd00::'), v6.has('fd00::ffff:ffff:ffff:ffff'), v6.has('fd00:1::1')]).toEqual([
    ...['fd00::1', false, true, false],
  ])
})

test('what is taken, refused and left is counted by range, by who chose it, and of node ports', async () => {
  const { metrics } = server.ports
  metrics.reset()
  const value = (series: string) => {
    const line = metrics
      .text()
      .split('\n')
      .find(each => each.startsWith(`kube_apiserver_${series} `))
    return Number(line?.split(' ')[1] ?? Number.NaN)
  }
  const taken = value('clusterip_allocator_allocated_ips{cidr="10.0.0.0/24"}')
  const ports = value('nodeport_allocator_allocated_ports')
  await create('counted', {
    type: 'NodePort',
    ports: [
      { name: 'a', port: 80, nodePort: 30077 },
      { name: 'b', port: 81 },
    ],
  })
  const { spec } = await create('chosen', { clusterIP: '10.0.0.9' })
  await create('late', { clusterIP: spec!.clusterIP }).catch(String)
  await create('outside', { type: 'NodePort', ports: [{ port: 80, nodePort: 1 }] }).catch(String)
  const count = (what: string, scope: string) =>
    value(`clusterip_allocator_${what}_total{cidr="10.0.0.0/24",scope="${scope}"}`)
  expect(count('allocation', 'static')).toBe(1)
  expect(count('allocation_errors', 'static')).toBe(1)
  expect(count('allocation', 'dynamic')).toBeGreaterThanOrEqual(1)
  expect(value('clusterip_allocator_allocated_ips{cidr="10.0.0.0/24"}')).toBe(taken + 2)
  expect(value('clusterip_allocator_available_ips{cidr="10.0.0.0/24"}')).toBe(254 - taken - 2)
  expect(value('clusterip_allocator_allocation_duration_seconds_count{cidr="10.0.0.0/24"}')).toBeGreaterThan(
    1,
  )
  expect(value('nodeport_allocator_allocated_ports')).toBe(ports + 2)
  expect(value('nodeport_allocator_available_ports')).toBe(101 - ports - 2)
  expect(value('nodeport_allocator_allocation_total{scope="static"}')).toBe(1)
  expect(value('nodeport_allocator_allocation_total{scope="dynamic"}')).toBe(1)
  expect(value('nodeport_allocator_allocation_errors_total{scope="static"}')).toBe(1)
})

test('an address is an IPAddress object for as long as its Service lives', async () => {
  const { spec } = await create('one', {})
  expect(await addresses('one')).toEqual([spec!.clusterIP!])
  const found = await server.admin.call({
    ...{ verb: 'get', group: 'networking.k8s.io', version: 'v1', resource: 'ipaddresses' },
    name: spec!.clusterIP!,
  })
  expect(found.metadata.labels).toEqual({
    'ipaddress.kubernetes.io/ip-family': 'IPv4',
    'ipaddress.kubernetes.io/managed-by': 'ipallocator.k8s.io',
  })
  await remove('one')
  expect(await addresses('one')).toEqual([])
})

test('a Service that is refused leaves no address behind, a dry run takes none', async () => {
  await expect(create('bad', { ports: [] })).rejects.toThrow('spec.ports')
  await create('taken', {})
  await expect(create('taken', {})).rejects.toThrow('already exists')
  expect((await addresses('taken')).length).toBe(1)
  const { spec } = await create('dry', {}, { dryRun: ['All'] })
  expect(spec?.clusterIP).toBe('10.0.0.0')
  expect(await addresses('dry')).toEqual([])
  await remove('taken')
})

test('families come and go with the policy, and their addresses with them', async () => {
  const { spec } = await create('dual', { ipFamilyPolicy: 'PreferDualStack' })
  expect(spec?.ipFamilies).toEqual(['IPv4', 'IPv6'])
  expect((await addresses('dual')).toSorted()).toEqual([...spec!.clusterIPs!].toSorted())
  const single = await patch('dual', { ipFamilyPolicy: 'SingleStack' })
  expect(single.spec?.clusterIPs).toEqual([spec!.clusterIP!])
  expect(await addresses('dual')).toEqual([spec!.clusterIP!])
  const both = await patch('dual', { ipFamilyPolicy: 'RequireDualStack' })
  expect(both.spec?.clusterIPs?.length).toBe(2)
  await expect(patch('dual', { ipFamilies: ['IPv4'] })).rejects.toThrow(
    "must be 'SingleStack' to release the secondary IP family",
  )
  await patch('dual', { type: 'ExternalName', externalName: 'x.y', clusterIP: '', clusterIPs: null })
  expect(await addresses('dual')).toEqual([])
  const back = await patch('dual', { type: 'ClusterIP', externalName: null })
  expect(await addresses('dual')).toEqual([back.spec!.clusterIP!])
})

test.each([
  [{ ipFamilies: ['IPv6', 'IPv4'] }, 'when multiple IP families are specified'],
  [{ clusterIP: '10.0.1.1' }, 'the provided network does not match the current range'],
  [{ clusterIP: '10.0.0.0' }, 'the provided network does not match the current range'],
  [
    { clusterIP: '10.0.0.9', clusterIPs: ['10.0.0.9', '10.0.0.10'], ipFamilyPolicy: 'PreferDualStack' },
    'may specify no more than one IP for each IP family',
  ],
  [
    { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] },
    'provided port is not in the valid range. The range of valid ports is 30000-30100',
  ],
  [
    {
      type: 'NodePort',
      ports: [
        { name: 'a', port: 80, nodePort: 30081 },
        { name: 'b', port: 81, protocol: 'UDP', nodePort: 30081 },
      ],
    },
    'spec.ports[1].nodePort: Invalid value: 30081: provided port is already allocated',
  ],
  [
    { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 80 },
    'failed to allocate requested HealthCheck NodePort 80: provided port is not in the valid range',
  ],
] as [ServiceSpec, string][])('%j is refused: %s', async (spec, why) => {
  await expect(create('refused', spec)).rejects.toThrow(why)
})

test('64 Services at once get 64 addresses and 64 node ports', async () => {
  const names = Array.from({ length: 64 }, (_, index) => `many-${index}`)
  const made = await Promise.all(names.map(name => create(name, { type: 'NodePort' })))
  expect(new Set(made.map(({ spec }) => spec!.clusterIP)).size).toBe(64)
  expect(new Set(made.map(({ spec }) => spec!.ports![0]!.nodePort)).size).toBe(64)
  await Promise.all(names.map(remove))
})

test('another ServiceCIDR lends its addresses when the first range is full', async () => {
  const cidrs = { group: 'networking.k8s.io', version: 'v1', resource: 'servicecidrs' } as const
  const add = (name: string, list: string[]) =>
    server.admin.call({
      ...{ ...cidrs, verb: 'create' },
      body: { metadata: { name }, spec: { cidrs: list } } as unknown as KubeObject,
    })
  await add('kubernetes', ['10.0.0.0/30'])
  const two = await Promise.all(['f1', 'f2'].map(name => create(name, {})))
  expect(two.map(({ spec }) => spec!.clusterIP).toSorted()).toEqual(['10.0.0.1', '10.0.0.2'])
  await expect(create('f3', {})).rejects.toThrow('failed to allocate a serviceIP: range is full')
  await add('more', ['10.9.0.0/24'])
  expect((await create('f3', {})).spec?.clusterIP).toStartWith('10.9.0.')
})
