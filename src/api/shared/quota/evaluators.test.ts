import { expect, test } from 'bun:test'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { formatQuantity } from '../../../machinery/quantity/index.ts'
import { chargedNames, evaluatorOf, matchesScope, usageOf } from './evaluators.ts'

const quota = (...names: string[]) => ({
  metadata: {},
  spec: { hard: Object.fromEntries(names.map(name => [name, '1'])) },
})
const usage = (group: string, plural: string, object: object) =>
  Object.fromEntries(
    Object.entries(usageOf({ group, plural }, { metadata: {}, ...object } as KubeObject, 0)).map(
      ([name, amount]) => [name, formatQuantity(amount)],
    ),
  )

test.each([
  ['', 'configmaps', {}, { 'count/configmaps': '1', configmaps: '1' }],
  ['apps', 'deployments', {}, { 'count/deployments.apps': '1' }],
  // A kind of the same plural in another group is another kind.
  ['example.com', 'services', { spec: { ports: [{}] } }, { 'count/services.example.com': '1' }],
  [
    '',
    'services',
    { spec: { type: 'NodePort', ports: [{ port: 1 }, { port: 2 }] } },
    { 'count/services': '1', services: '1', 'services.loadbalancers': '0', 'services.nodeports': '2' },
  ],
  [
    '',
    'persistentvolumeclaims',
    { spec: { storageClassName: 'fast', resources: { requests: { storage: '3Gi' } } } },
    {
      ...{ 'count/persistentvolumeclaims': '1', persistentvolumeclaims: '1', 'requests.storage': '3Gi' },
      'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
      'fast.storageclass.storage.k8s.io/requests.storage': '3Gi',
    },
  ],
  [
    'resource.k8s.io',
    'resourceclaims',
    { spec: { devices: { requests: [{ exactly: { deviceClassName: 'gpu', count: 2 } }] } } },
    { 'count/resourceclaims.resource.k8s.io': '1', 'gpu.deviceclass.resource.k8s.io/devices': '2' },
  ],
] as const)('%p %s take what they are charged for, and no more', (group, plural, object, expected) => {
  const taken = usage(group, plural, object)
  expect(taken).toEqual(expected)
  const names = Object.keys(taken)
  expect(chargedNames({ group, plural }, quota(...names, 'pods', 'count/nothing'))).toEqual(names)
})

test('pods are charged for what they compute with, pages and devices, not for storage of volumes', () => {
  const pods = { group: '', plural: 'pods' }
  const names = ['pods', 'cpu', 'limits.memory', 'hugepages-2Mi', 'requests.example.com/gpu', 'count/pods']
  expect(chargedNames(pods, quota(...names, 'requests.storage', 'services'))).toEqual(names)
})

test('only pods and claims have scopes; all that may come to take more says by which updates', () => {
  const everything = { scopeName: 'NotTerminating', operator: 'Exists' }
  const object = { metadata: {}, spec: { containers: [] } } as KubeObject
  const isIn = (plural: string) => matchesScope(everything, { group: '', plural }, object)
  expect([isIn('pods'), isIn('services'), isIn('configmaps')]).toEqual([true, false, false])
  const pod = (spec: object) => ({ metadata: {}, spec: { containers: [], ...spec } }) as KubeObject
  const grows = (plural: string, subresource: string, changed = pod({})) =>
    evaluatorOf({ group: '', plural }).grows?.(subresource, changed, pod({}))
  expect([grows('pods', 'resize'), grows('pods', ''), grows('pods', 'status')]).toEqual([true, false, false])
  expect(grows('pods', '', pod({ activeDeadlineSeconds: 1 }))).toBe(true)
  expect([grows('services', ''), grows('secrets', '')]).toEqual([true, undefined])
})

test('pods take their overhead and what they hold while they are resized; claims whole bytes', () => {
  const resources = { requests: { cpu: '1' }, limits: { cpu: '2' } }
  const spec = { overhead: { cpu: '100m', memory: '1Mi' }, containers: [{ name: 'c', resources }] }
  const running = (reason?: string) => ({
    ...(reason && { conditions: [{ type: 'PodResizePending', reason }] }),
    containerStatuses: [
      { name: 'c', resources: { requests: { cpu: '500m' } }, allocatedResources: { cpu: '3' } },
    ],
  })
  const pod = { requests: '1100m', limits: '2' }
  const cpu = (status: object) => {
    const taken = usage('', 'pods', { spec, status })
    return { requests: taken['requests.cpu'], limits: taken['limits.cpu'] }
  }
  expect(usage('', 'pods', { spec })['limits.memory']).toBeUndefined()
  expect(cpu({})).toEqual({ ...pod, limits: '2100m' })
  expect(cpu(running())).toEqual({ requests: '3100m', limits: '2100m' })
  expect(cpu(running('Infeasible')).limits).toBeUndefined()
  const storage = (status: object) =>
    usage('', 'persistentvolumeclaims', {
      spec: { resources: { requests: { storage: '1500m' } } },
      status,
    })['requests.storage']
  expect([storage({}), storage({ allocatedResources: { storage: '1' } })]).toEqual(['2', '2'])
  expect(storage({ allocatedResources: { storage: '5Gi' } })).toBe('5Gi')
})
