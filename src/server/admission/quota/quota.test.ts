import { describe, expect, test } from 'bun:test'
import { usageOf } from '../../../api/shared/quota/evaluators.ts'
import type { PersistentVolumeClaim, Pod, ResourceQuota, Service } from '../../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { formatQuantity } from '../../../machinery/quantity/index.ts'
import { SimClock } from '../../../std/sim-ports.ts'
import { type MemorySource, memorySource } from '../../lister.ts'
import { run } from '../testing.ts'
import { type LimitedResource, readLimitedResources } from './limited.ts'
import { resourceQuota } from './plugin.ts'

const quota = (hard: Record<string, string>, more: object = {}): ResourceQuota => ({
  metadata: { name: 'q', namespace: 'a' },
  spec: { hard, ...more },
})

function setup(...quotas: ResourceQuota[]) {
  return limitedSetup(undefined, ...quotas)
}

function limitedSetup(limited: readonly LimitedResource[] | undefined, ...quotas: ResourceQuota[]) {
  const clock = new SimClock()
  const stores = new Map<string, MemorySource<KubeObject>>()
  const store = (plural: string) => {
    const found = stores.get(plural) ?? memorySource<KubeObject>()
    stores.set(plural, found)
    return found
  }
  const plugin = resourceQuota({
    resourceQuotas: memorySource(quotas),
    objectsOf: ({ plural }) => store(plural),
    clock,
    limited,
  })
  const create = (what: string, object: object) => run(plugin, { what, object })
  return { clock, store, plugin, create }
}

const pod = (name: string, resources: object = {}, spec: object = {}) => ({
  metadata: { name, namespace: 'a' },
  spec: { containers: [{ name: 'c', resources }], ...spec },
})
const cpu = (amount: string) => ({ requests: { cpu: amount } })

describe('ResourceQuota', () => {
  test('lets in what fits and tells what does not, as upstream does', async () => {
    const { create, store } = setup(quota({ pods: '2', 'requests.cpu': '1' }))
    store('pods').put(pod('one', cpu('600m')))
    expect((await create('pods', pod('two', cpu('500m')))).refused).toBe(
      'pods "two" is forbidden: exceeded quota: q, requested: requests.cpu=500m, used: requests.cpu=600m, limited: requests.cpu=1',
    )
    expect((await create('pods', pod('two', cpu('400m')))).refused).toBeUndefined()
    expect(
      (await create('pods', { ...pod('other', cpu('9')), metadata: { name: 'x', namespace: 'b' } })).refused,
    ).toBeUndefined()
  })

  test('of claims of a class takes in those that ask for it, have it or are on their way to it', async () => {
    const byClass = (operator: string, values?: string[]) => ({
      scopeSelector: { matchExpressions: [{ scopeName: 'VolumeAttributesClass', operator, values }] },
    })
    const claim = (spec: object, status: object = {}) => ({
      metadata: { name: 'c', namespace: 'a' },
      spec,
      status,
    })
    const hard = { persistentvolumeclaims: '0' }
    const gold = claim({ volumeAttributesClassName: 'gold' })
    const going = claim({}, { modifyVolumeStatus: { targetVolumeAttributesClassName: 'gold' } })
    const taken = async (scopes: object, object: object) =>
      (await setup(quota(hard, scopes)).create('persistentvolumeclaims', object)).refused !== undefined
    expect(await taken(byClass('In', ['gold']), gold)).toBe(true)
    expect(await taken(byClass('In', ['gold']), going)).toBe(true)
    expect(await taken(byClass('In', ['tin']), gold)).toBe(false)
    expect(await taken(byClass('Exists'), gold)).toBe(true)
    expect(await taken(byClass('Exists'), claim({}))).toBe(false)
    expect(await taken(byClass('NotIn', ['gold']), claim({}))).toBe(true)
    expect(await taken({ scopes: ['BestEffort'] }, gold)).toBe(false)
  })

  test('counts devices by class, and of choices the largest of each', () => {
    const claims = { group: 'resource.k8s.io', plural: 'resourceclaims' }
    const devices = (...requests: object[]) => {
      const usage = usageOf(claims, { metadata: {}, spec: { devices: { requests } } } as KubeObject, 0)
      return Object.fromEntries(Object.entries(usage).map(([name, amount]) => [name, formatQuantity(amount)]))
    }
    const gold = 'gold.deviceclass.resource.k8s.io/devices'
    expect(
      devices(
        { exactly: { deviceClassName: 'gold', count: 2 } },
        { exactly: { deviceClassName: 'gold', allocationMode: 'All' } },
      ),
    ).toEqual({ 'count/resourceclaims.resource.k8s.io': '1', [gold]: '34' })
    const firstAvailable = [
      { deviceClassName: 'gold', count: 3 },
      { deviceClassName: 'gold', count: 1 },
      { deviceClassName: 'tin' },
    ]
    expect(devices({ firstAvailable })).toMatchObject({
      [gold]: '3',
      'tin.deviceclass.resource.k8s.io/devices': '1',
    })
  })

  test('does not let two pods that come at once share the last place', async () => {
    const { create, store, clock } = setup(quota({ pods: '1' }))
    expect((await create('pods', pod('one'))).refused).toBeUndefined()
    expect((await create('pods', pod('two'))).refused).toContain(
      'exceeded quota: q, requested: pods=1, used: pods=1',
    )
    // The first write failed after all: its place is free again.
    await clock.advance(6000)
    expect((await create('pods', pod('two'))).refused).toBeUndefined()
    store('pods').put(pod('two'))
    expect((await create('pods', pod('three'))).refused).toContain('used: pods=1')
  })

  test('forgets pods that ended', async () => {
    const { create, store } = setup(quota({ pods: '1', 'count/pods': '5' }))
    store('pods').put({ ...pod('done'), status: { phase: 'Succeeded' } } as KubeObject)
    expect((await create('pods', pod('next'))).refused).toBeUndefined()
  })

  test('demands requests where they are counted', async () => {
    const { create } = setup(quota({ 'requests.cpu': '1', 'limits.memory': '1Gi' }))
    expect((await create('pods', pod('p', { limits: { memory: '1Mi' } }))).refused).toBe(
      'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: c',
    )
  })

  test('looks at scopes', async () => {
    const best = quota({ pods: '0' }, { scopes: ['BestEffort'] })
    const important = quota(
      { pods: '0' },
      {
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }],
        },
      },
    )
    const { create } = setup({ ...best, metadata: { ...best.metadata, name: 'best' } }, important)
    expect((await create('pods', pod('p'))).refused).toContain('exceeded quota: best')
    expect((await create('pods', pod('p', cpu('1')))).refused).toBeUndefined()
    expect((await create('pods', pod('p', cpu('1'), { priorityClassName: 'high' }))).refused).toContain(
      'exceeded quota: q',
    )
  })

  test('counts objects of every kind, custom ones too', async () => {
    const { create, store } = setup(quota({ 'count/widgets.example.com': '1', configmaps: '0' }))
    const widget = { metadata: { name: 'w', namespace: 'a' } }
    expect((await create('example.com/widgets', widget)).refused).toBeUndefined()
    store('widgets').put(widget)
    expect((await create('example.com/widgets', { metadata: { name: 'v', namespace: 'a' } })).code).toBe(403)
    expect((await create('configmaps', widget)).refused).toContain('configmaps=1')
  })

  test('charges an update for what it adds', async () => {
    const { plugin, store } = setup(quota({ 'services.nodeports': '1' }))
    const service = (type: string, ports: number): Service => ({
      metadata: { name: 's', namespace: 'a' },
      spec: { type, ports: Array.from({ length: ports }, (_, port) => ({ port: port + 1 })) },
    })
    store('services').put(service('NodePort', 1))
    const update = { operation: 'UPDATE' as const, what: 'services', oldObject: service('NodePort', 1) }
    expect((await run(plugin, { ...update, object: service('NodePort', 1) })).refused).toBeUndefined()
    expect((await run(plugin, { ...update, object: service('NodePort', 2) })).refused).toContain(
      'requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1',
    )
  })
})

test('usage has upstream’s names', () => {
  const show = (plural: string, object: object) =>
    Object.fromEntries(
      Object.entries(usageOf({ group: '', plural }, object as KubeObject, 0)).map(([name, amount]) => [
        name,
        formatQuantity(amount),
      ]),
    )
  const big: Pod = pod(
    'p',
    { requests: { cpu: '1', 'example.com/gpu': '2' }, limits: { memory: '1Gi' } },
    { overhead: { cpu: '10m' } },
  )
  expect(show('pods', big)).toEqual({
    'count/pods': '1',
    pods: '1',
    cpu: '1010m',
    'requests.cpu': '1010m',
    'requests.example.com/gpu': '2',
    'limits.memory': '1Gi',
  })
  const claim: PersistentVolumeClaim = {
    metadata: { name: 'd' },
    spec: { storageClassName: 'fast', resources: { requests: { storage: '1Gi' } } },
  }
  expect(show('persistentvolumeclaims', claim)).toEqual({
    'count/persistentvolumeclaims': '1',
    persistentvolumeclaims: '1',
    'requests.storage': '1Gi',
    'fast.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    'fast.storageclass.storage.k8s.io/requests.storage': '1Gi',
  })
})

describe('limited resources', () => {
  const read = (entries: object[]) =>
    readLimitedResources(
      JSON.stringify({
        ...{ apiVersion: 'apiserver.config.k8s.io/v1', kind: 'ResourceQuotaConfiguration' },
        limitedResources: entries,
      }),
    )

  test('are consumed only where a quota covers them', async () => {
    const limited = read([{ resource: 'pods', matchContains: ['cpu'] }])
    const { create } = limitedSetup(limited)
    expect((await create('pods', pod('p', cpu('1')))).refused).toBe(
      'pods "p" is forbidden: insufficient quota to consume: cpu,requests.cpu',
    )
    expect((await create('pods', pod('p'))).refused).toBeUndefined()
    const covered = limitedSetup(limited, quota({ cpu: '2', 'requests.cpu': '2' }))
    expect((await covered.create('pods', pod('p', cpu('1')))).refused).toBeUndefined()
  })

  test('by scope need a quota of that scope', async () => {
    const matchScopes = [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }]
    const limited = read([{ resource: 'pods', matchScopes }])
    const high = pod('p', {}, { priorityClassName: 'high' })
    const { create } = limitedSetup(limited)
    const { refused } = await create('pods', high)
    expect(refused).toContain('insufficient quota to match these scopes: [{PriorityClass In [high]}]')
    expect((await create('pods', pod('p'))).refused).toBeUndefined()
    const scoped = quota({ pods: '3' }, { scopeSelector: { matchExpressions: matchScopes } })
    expect((await limitedSetup(limited, scoped).create('pods', high)).refused).toBeUndefined()
  })

  test('without a resource are refused', () => {
    expect(() => read([{ matchContains: ['cpu'] }])).toThrow('limitedResources[0].resource: Required value')
  })
})
