import { expect, test } from 'bun:test'
import type { ClusterRoleBinding } from '../api/types/rbac-v1.gen.ts'
import { silentLogger } from '../std/log.ts'
import { simPorts } from '../std/sim-ports.ts'
import { openMemoryStore } from '../storage/memory/memory-store.ts'
import { info, user } from './authz/testing.ts'
import { bootstrapPolicy } from './bootstrap-policy/policy.ts'
import { createCacheSources } from './cache-sources.ts'
import { newRsaKey } from './pki/certificate.ts'
import { createSecurity } from './security.ts'
import { collectionPrefix, createWatchCache } from './watchcache/index.ts'

const rbac = 'rbac.authorization.k8s.io'
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

async function setup() {
  const ports = simPorts(4)
  const store = openMemoryStore(ports)
  const put = (
    plural: string,
    group: string,
    object: { metadata: { name?: string; namespace?: string } },
  ) => {
    const { namespace, name } = object.metadata
    const key = `${collectionPrefix({ group, plural }, namespace)}${name}`
    return cache.put({ key, object: structuredClone(object), encoded: encode(object), expected: 0 })
  }
  const cache = createWatchCache({
    store,
    decode: bytes => JSON.parse(new TextDecoder().decode(bytes)),
    clock: ports.clock,
    log: silentLogger,
  })
  await cache.ready
  const policy = bootstrapPolicy()
  for (const role of policy.clusterRoles) await put('clusterroles', rbac, role)
  const sources = createCacheSources()
  const security = createSecurity({
    ...ports,
    sources,
    pki: () => ({ authorities: {} as never, serviceAccountKey: newRsaKey() }),
    issuer: 'https://kubernetes.default.svc.cluster.local',
    externalUrl: 'https://192.0.2.1:6443',
  })
  const stop = new AbortController()
  sources.bind(cache, stop.signal)
  return { security, put, cache, policy, stop }
}

test('the gates follow the watch cache, from before they were bound and after', async () => {
  const { security, put, cache, policy, stop } = await setup()
  const scheduler = user('system:kube-scheduler', 'system:authenticated')
  const decide = async () =>
    (await security.authorize({ user: scheduler, info: info('list', 'pods') })).decision
  expect(await decide()).toBe('noOpinion')
  const binding = policy.clusterRoleBindings.find(item => item.metadata.name === 'system:kube-scheduler')!
  const stored = await put('clusterrolebindings', rbac, binding)
  expect(await decide()).toBe('allow')
  expect(security.subjectRules(scheduler, 'a').resourceRules.length).toBeGreaterThan(10)
  await cache.remove(stored.key, stored.revision)
  expect(await decide()).toBe('noOpinion')
  stop.abort()
  await cache.close()
})

test('a node reaches the secrets of its pods as soon as they are bound to it', async () => {
  const { security, put, cache, stop } = await setup()
  const kubelet = user('system:node:n1', 'system:nodes')
  const read = async () =>
    (await security.authorize({ user: kubelet, info: info('get', 'secrets', { namespace: 'a', name: 's' }) }))
      .decision
  expect(await read()).toBe('noOpinion')
  const volumes = [{ name: 'v', secret: { secretName: 's' } }]
  await put('pods', '', {
    metadata: { name: 'p', namespace: 'a' },
    spec: { nodeName: 'n1', volumes, containers: [] },
  } as never)
  expect(await read()).toBe('allow')
  stop.abort()
  await cache.close()
})

test('upstream’s whole policy in the cache lets the controller manager watch what it must and delete nothing', async () => {
  const { security, put, cache, policy, stop } = await setup()
  for (const binding of policy.clusterRoleBindings)
    await put('clusterrolebindings', rbac, binding as ClusterRoleBinding)
  const controller = user('system:kube-controller-manager', 'system:authenticated')
  const decide = async (verb: string) =>
    (
      await security.authorize({
        user: controller,
        info: info(verb, 'replicasets', { group: 'apps', namespace: 'a' }),
      })
    ).decision
  expect([await decide('watch'), await decide('delete')]).toEqual(['allow', 'noOpinion'])
  stop.abort()
  await cache.close()
})
