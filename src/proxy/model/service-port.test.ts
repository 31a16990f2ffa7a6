import { expect, test } from 'bun:test'
import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { servicePorts } from './service-port.ts'

const service = (spec: Service['spec']): Service => ({
  metadata: { name: 'web', namespace: 'default' },
  spec,
})
const base: Service['spec'] = {
  clusterIP: '10.43.0.9',
  clusterIPs: ['10.43.0.9'],
  ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
}
const endpoint = (ip: string, nodeName: string, conditions = {}) => ({
  addresses: [ip],
  nodeName,
  conditions: { ready: true, ...conditions },
})
const slice = (...endpoints: EndpointSlice['endpoints'] & object): EndpointSlice => ({
  metadata: { name: 'web-1' },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints,
})
const ips = (list: readonly { ip: string }[]) => list.map(({ ip }) => ip)

test('ready endpoints of all nodes answer', () => {
  const [port] = servicePorts(
    service(base),
    [
      slice(
        endpoint('10.42.1.1', 'b'),
        endpoint('10.42.0.1', 'a'),
        endpoint('10.42.0.2', 'a', { ready: false, serving: true }),
      ),
    ],
    'a',
  )
  expect(ips(port!.internal)).toEqual(['10.42.0.1', '10.42.1.1'])
  expect(port).toMatchObject({
    id: 'default/web/80/TCP',
    protocol: 'tcp',
    clusterIps: ['10.43.0.9'],
    port: 80,
    nodePort: undefined,
  })
})

test('with none ready, those that serve while they end answer', () => {
  const [port] = servicePorts(
    service(base),
    [
      slice(
        endpoint('10.42.0.2', 'a', { ready: false, serving: true, terminating: true }),
        endpoint('10.42.0.3', 'a', { ready: false, serving: false }),
      ),
    ],
    'a',
  )
  expect(ips(port!.internal)).toEqual(['10.42.0.2'])
})

test('local policies keep traffic on the node', () => {
  const spec: Service['spec'] = {
    ...base,
    type: 'NodePort',
    internalTrafficPolicy: 'Local',
    externalTrafficPolicy: 'Local',
    ports: [{ port: 80, nodePort: 30080, protocol: 'TCP' }],
  }
  const [port] = servicePorts(
    service(spec),
    [slice(endpoint('10.42.1.1', 'b'), endpoint('10.42.0.1', 'a'))],
    'b',
  )
  expect([ips(port!.internal), ips(port!.external), port!.keepsClientIp]).toEqual([
    ['10.42.1.1'],
    ['10.42.1.1'],
    true,
  ])
})

test('headless and external names have no rules', () => {
  expect(servicePorts(service({ ...base, clusterIP: 'None', clusterIPs: ['None'] }), [], 'a')).toEqual([])
  expect(servicePorts(service({ type: 'ExternalName', externalName: 'x.org' }), [], 'a')).toEqual([])
})
