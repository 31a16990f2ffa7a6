import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Endpoints, Node, Pod, Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { startControllers } from '../../controller/testing.ts'
import { endpointsController } from './endpoints.ts'
import { endpointSliceController } from './endpointslice.ts'

const selector = { app: 'web' }

function service(extra: Partial<Service['spec']> = {}): Service {
  return {
    metadata: {
      name: 'web',
      namespace: 'default',
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { team: 'a' },
    },
    spec: {
      selector,
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      ports: [{ port: 80, targetPort: 'http', protocol: 'TCP' }],
      ...extra,
    },
  }
}

function pod(index: number, ready = true, extra: Partial<Pod['metadata']> = {}): Pod {
  const ports = [{ name: 'http', containerPort: 8080, protocol: 'TCP' }]
  const ip = `10.1.${index >> 8}.${index & 255}`
  return {
    metadata: { name: `p${index}`, namespace: 'default', labels: selector, ...extra },
    spec: { nodeName: 'n1', containers: [{ name: 'c', ports }] },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }, { ip: `fd00::${index.toString(16)}` }],
      conditions: [
        { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: '2026-01-01T00:00:05Z' },
      ],
    },
  }
}

const node: Node = { metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } } }

async function world(first: Service) {
  const started = startControllers([endpointsController(), endpointSliceController()])
  started.transport.put('nodes', node)
  started.transport.put('services', first)
  const running = started.run()
  await started.ports.clock.advance(100)
  const end = async () => {
    started.stop.abort()
    await running
  }
  const slices = () => started.transport.objects('endpointslices') as EndpointSlice[]
  const endpoints = () => started.transport.object('endpoints', 'default/web') as Endpoints
  return { ...started, slices, endpoints, end }
}

test('a service without pods has one empty slice and empty endpoints', async () => {
  const { slices, endpoints, end } = await world(service())
  expect(slices()).toHaveLength(1)
  expect(slices()[0]).toMatchObject({
    addressType: 'IPv4',
    endpoints: [],
    ports: [],
    metadata: {
      labels: {
        team: 'a',
        'kubernetes.io/service-name': 'web',
        'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
    },
  })
  expect(endpoints().subsets).toBeUndefined()
  await end()
})

test('a pod shows with its port, zone and conditions, and the placeholder becomes its slice', async () => {
  const { transport, ports, slices, endpoints, end } = await world(service())
  const placeholder = slices()[0]!.metadata.name
  transport.put('pods', pod(1))
  transport.put('pods', pod(2, false))
  await ports.clock.advance(100)
  expect(slices()).toHaveLength(1)
  expect(slices()[0]!.metadata.name).toBe(placeholder)
  expect(slices()[0]!.ports).toEqual([{ name: '', port: 8080, protocol: 'TCP' }])
  expect(slices()[0]!.endpoints).toMatchObject([
    {
      addresses: ['10.1.0.1'],
      nodeName: 'n1',
      zone: 'z1',
      conditions: { ready: true, serving: true, terminating: false },
    },
    { addresses: ['10.1.0.2'], conditions: { ready: false, serving: false, terminating: false } },
  ])
  expect(endpoints().subsets).toMatchObject([
    { addresses: [{ ip: '10.1.0.1' }], notReadyAddresses: [{ ip: '10.1.0.2' }], ports: [{ port: 8080 }] },
  ])
  await end()
})

test('a pod on its way out still serves but is not ready, and a dual-stack service has a slice per family', async () => {
  const { transport, ports, slices, endpoints, end } = await world(service({ ipFamilies: ['IPv4', 'IPv6'] }))
  transport.put('pods', pod(1, true, { deletionTimestamp: '2026-01-01T00:00:00Z' }))
  await ports.clock.advance(100)
  expect(
    slices().map(({ addressType, endpoints: [first] }) => [addressType, first?.addresses, first?.conditions]),
  ).toEqual([
    ['IPv4', ['10.1.0.1'], { ready: false, serving: true, terminating: true }],
    ['IPv6', ['fd00::1'], { ready: false, serving: true, terminating: true }],
  ])
  expect(endpoints().subsets).toBeUndefined()
  await end()
})

test('endpoints go with their service, and those of a service without selector are left alone', async () => {
  const { transport, ports, endpoints, end } = await world(service())
  transport.put('services', { metadata: { name: 'manual', namespace: 'default' }, spec: {} } as Service)
  transport.put('endpoints', { metadata: { name: 'manual', namespace: 'default' } })
  transport.remove('services', 'default/web')
  await ports.clock.advance(100)
  expect(endpoints()).toBeUndefined()
  expect(transport.object('endpoints', 'default/manual')).toBeDefined()
  await end()
})

test('whatever comes and goes, slices hold exactly the pods, at most 100 each, and one pod touches few slices', async () => {
  const changes = fc.array(fc.record({ from: fc.nat(300), count: fc.nat(150), add: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  })
  await fc.assert(
    fc.asyncProperty(changes, async script => {
      const { transport, ports, slices, endpoints, end } = await world(service())
      for (const { from, count, add } of script) {
        for (let index = from; index < from + count; index++) {
          if (add) transport.put('pods', pod(index))
          else transport.remove('pods', `default/p${index}`)
        }
        await ports.clock.advance(100)
        const names = slices().flatMap(slice => slice.endpoints.map(({ targetRef }) => targetRef!.name!))
        expect(names.toSorted()).toEqual(
          transport
            .objects('pods')
            .map(({ metadata }) => metadata.name!)
            .toSorted(),
        )
        expect(Math.max(...slices().map(slice => slice.endpoints.length))).toBeLessThanOrEqual(100)
        expect(endpoints().subsets?.[0]?.addresses?.length ?? 0).toBe(names.length)
      }
      const before = transport.calls.length
      transport.put('pods', pod(500))
      await ports.clock.advance(100)
      const writes = transport.calls.slice(before).filter(call => call.resource === 'endpointslices')
      expect(writes).toHaveLength(1)
      await end()
    }),
    { numRuns: 15 },
  )
})
