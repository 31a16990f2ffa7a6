import { describe, expect, test } from 'bun:test'
import { createFeatures } from '../../api/features/features.ts'
import type { ClusterRole, ClusterRoleBinding } from '../../api/types/rbac-v1.gen.ts'
import type { ApiCall, Transport } from '../../client/transport.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { alreadyExists } from '../../machinery/status/errors.ts'
import { silentLogger } from '../../std/log.ts'
import { createRbac } from '../authz/rbac.ts'
import { info, testRbacSource, user } from '../authz/testing.ts'
import { bootstrapPolicy, nodeRules } from './policy.ts'
import { planBinding, planRole, reconcileBootstrapPolicy } from './reconcile.ts'

/** A server reduced to a map. */
function mapTransport() {
  const objects = new Map<string, KubeObject>()
  const writes: string[] = []
  const key = ({ resource, namespace, name }: ApiCall, object?: KubeObject) =>
    `${resource}/${object?.metadata.namespace ?? namespace ?? ''}/${object?.metadata.name ?? name}`
  const verbs: Record<string, (call: ApiCall) => KubeObject> = {
    list: ({ resource }) => {
      const items = [...objects].filter(([path]) => path.startsWith(`${resource}/`)).map(([, item]) => item)
      return { metadata: {}, items } as KubeObject
    },
    create: call => {
      const object = call.body as KubeObject
      if (objects.has(key(call, object))) throw alreadyExists({ group: '', resource: call.resource }, 'x')
      objects.set(key(call, object), object)
      return object
    },
    update: call => {
      objects.set(key(call), call.body as KubeObject)
      return call.body as KubeObject
    },
    delete: call => {
      objects.delete(key(call))
      return { metadata: {} }
    },
  }
  const transport: Transport = {
    async call(call) {
      if (call.verb !== 'list' && call.resource !== 'namespaces') writes.push(`${call.verb} ${call.resource}`)
      return verbs[call.verb]!(call)
    },
    watch: () => Promise.reject(new Error('not watched here')),
  }
  return { transport, objects, writes }
}

describe('reconcileBootstrapPolicy', () => {
  test('fills an empty cluster and writes nothing the second time', async () => {
    const { transport, objects, writes } = mapTransport()
    const written = await reconcileBootstrapPolicy(transport, { log: silentLogger })
    expect(written).toBe(objects.size - 2)
    expect(written).toBeGreaterThan(130)
    writes.length = 0
    expect(await reconcileBootstrapPolicy(transport, { log: silentLogger })).toBe(0)
    expect(writes).toEqual([])
  })

  test('adds what is missing, keeps what was added, leaves the protected alone', async () => {
    const { transport, objects, writes } = mapTransport()
    await reconcileBootstrapPolicy(transport, { log: silentLogger })
    const scheduler = objects.get('clusterroles//system:kube-scheduler') as ClusterRole
    const extra = { verbs: ['get'], apiGroups: ['x'], resources: ['y'] }
    objects.set('clusterroles//system:kube-scheduler', { ...scheduler, rules: [extra] } as KubeObject)
    const kept = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
    const dns = objects.get('clusterroles//system:kube-dns') as ClusterRole
    objects.set('clusterroles//system:kube-dns', {
      ...dns,
      metadata: { ...dns.metadata, annotations: kept },
      rules: [],
    } as KubeObject)
    writes.length = 0
    await reconcileBootstrapPolicy(transport, { log: silentLogger })
    expect(writes).toEqual(['update clusterroles'])
    const rules = (objects.get('clusterroles//system:kube-scheduler') as ClusterRole).rules!
    expect(rules[0]).toEqual(extra)
    expect(rules.length).toBeGreaterThan(10)
  })

  test('makes a binding to another role anew, with the subjects of both', () => {
    const desired = bootstrapPolicy().clusterRoleBindings.find(
      item => item.metadata.name === 'system:discovery',
    )!
    const existing: ClusterRoleBinding = {
      ...desired,
      roleRef: { ...desired.roleRef, name: 'other' },
      subjects: [{ kind: 'User', name: 'ann' }],
    }
    const write = planBinding(desired, existing)!
    expect(write.operation).toBe('recreate')
    expect((write.object as ClusterRoleBinding).subjects!.map(subject => subject.name)).toEqual([
      'ann',
      'system:authenticated',
    ])
    expect(planBinding(desired, desired)).toBeUndefined()
  })

  test('an administrator’s label survives and the release’s label comes', () => {
    const desired = bootstrapPolicy().clusterRoles.find(role => role.metadata.name === 'view')!
    const write = planRole(desired, { ...desired, metadata: { name: 'view', labels: { mine: '1' } } })
    expect(write!.object.metadata.labels).toMatchObject({
      mine: '1',
      'kubernetes.io/bootstrapping': 'rbac-defaults',
    })
  })
})

describe('the bootstrap policy', () => {
  const policy = bootstrapPolicy()
  const source = testRbacSource()
  for (const role of policy.clusterRoles) source.clusterRoles.put(role)
  for (const role of policy.roles) source.roles.put(role)
  for (const binding of policy.clusterRoleBindings) source.clusterRoleBindings.put(binding)
  for (const binding of policy.roleBindings) source.roleBindings.put(binding)
  const rbac = createRbac(source)
  const may = (who: ReturnType<typeof user>, ...target: Parameters<typeof info>) =>
    rbac.authorize({ user: who, info: info(...target) }).decision === 'allow'

  test('has upstream’s 68 roles and 49 bindings and every role that is bound', () => {
    const names = policy.clusterRoles.map(role => role.metadata.name)
    expect(names.filter(name => !name!.startsWith('system:hutch:')).length).toBe(68)
    expect(
      policy.clusterRoleBindings.filter(item => !item.metadata.name!.startsWith('system:hutch:')).length,
    ).toBe(49)
    for (const { roleRef } of policy.clusterRoleBindings) expect(names).toContain(roleRef.name)
    expect(nodeRules().length).toBe(25)
    const more = createFeatures(['ClusterTrustBundle=true', 'StorageVersionMigrator=true'])
    expect(nodeRules(more).at(-1)?.resources).toEqual(['clustertrustbundles'])
    const node = bootstrapPolicy(more).clusterRoles.find(({ metadata }) => metadata.name === 'system:node')
    expect(node?.rules?.at(-1)?.resources).toEqual(['clustertrustbundles'])
    const added = bootstrapPolicy(more).clusterRoles.map(({ metadata }) => metadata.name)
    const usual = bootstrapPolicy().clusterRoles.map(({ metadata }) => metadata.name)
    expect(added.filter(name => !usual.includes(name))).toEqual([
      'system:cluster-trust-bundle-discovery',
      'system:controller:kube-apiserver-serving-clustertrustbundle-publisher',
      'system:controller:storage-version-migrator-controller',
    ])
  })

  test('gives each component its own and no more', () => {
    const scheduler = user('system:kube-scheduler', 'system:authenticated')
    expect(may(scheduler, 'create', 'pods/binding', { namespace: 'a', name: 'p' })).toBe(true)
    expect(may(scheduler, 'get', 'secrets', { namespace: 'a', name: 's' })).toBe(false)
    const proxy = user('system:kube-proxy', 'system:authenticated')
    expect(may(proxy, 'watch', 'endpointslices', { group: 'discovery.k8s.io' })).toBe(true)
    expect(may(proxy, 'list', 'secrets')).toBe(false)
    const toKubelet = user('kube-apiserver-kubelet-client', 'system:authenticated')
    expect(may(toKubelet, 'create', 'nodes/proxy', { name: 'n' })).toBe(true)
    expect(may(toKubelet, 'list', 'pods')).toBe(false)
    expect(may(user('system:admin', 'system:masters'), 'delete', 'nodes', { name: 'n' })).toBe(true)
  })

  test('lets the anonymous see health, version and the CA, nothing else', () => {
    const anonymous = user('system:anonymous', 'system:unauthenticated')
    const paths = ['/healthz', '/livez', '/readyz', '/version', '/version/', '/cacerts']
    for (const path of paths) expect(may(anonymous, 'get', path)).toBe(true)
    for (const path of ['/', '/api', '/apis', '/metrics', '/openapi/v2', '/livez/ping']) {
      expect(may(anonymous, 'get', path)).toBe(false)
    }
    expect(may(anonymous, 'list', 'namespaces')).toBe(false)
  })

  test('lets a joining node ask for its certificate only', () => {
    const joiner = user('system:bootstrap:abcdef', 'system:bootstrappers')
    const csr = { group: 'certificates.k8s.io' }
    expect(may(joiner, 'create', 'certificatesigningrequests', csr)).toBe(true)
    expect(may(joiner, 'create', 'certificatesigningrequests/nodeclient', csr)).toBe(true)
    expect(may(joiner, 'get', 'nodes', { name: 'n' })).toBe(false)
    expect(may(joiner, 'update', 'certificatesigningrequests/approval', csr)).toBe(false)
  })
})
