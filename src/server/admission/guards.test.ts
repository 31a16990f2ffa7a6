import { describe, expect, test } from 'bun:test'
import type { Node } from '../../api/types/core-v1.gen.ts'
import type { IngressClass } from '../../api/types/networking-v1.gen.ts'
import type { StorageClass } from '../../api/types/storage-v1.gen.ts'
import { createRbac } from '../authz/rbac.ts'
import { clusterBinding, clusterRole, testRbacSource, user } from '../authz/testing.ts'
import type { Authorizer } from '../context.ts'
import { memorySource } from '../lister.ts'
import { newEcKey } from '../pki/certificate.ts'
import { createCertificateRequest } from '../pki/issue.ts'
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts'
import { defaultIngressClass } from './ingress-class.ts'
import { taintNodesByCondition } from './node-taint.ts'
import { podTopologyLabels } from './pod-topology.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { claimResize, defaultStorageClass, storageObjectInUseProtection } from './storage-class.ts'
import { run } from './testing.ts'

const rbacGroup = 'rbac.authorization.k8s.io'
const readPods = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods'] }

describe('RBAC escalation', () => {
  const source = testRbacSource()
  const rbac = createRbac(source)
  const plugin = rbacEscalation(rbac, rbac.authorize)
  const ann = user('ann', 'devs')
  source.clusterRoles.put(clusterRole('reader', readPods))
  source.clusterRoles.put(clusterRole('admin', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }))
  source.clusterRoleBindings.put(clusterBinding('b', 'reader', { kind: 'User', name: 'ann' }))
  const role = (rules: object[]) => ({ metadata: { name: 'r', namespace: 'a' }, rules })
  const bind = (name: string) => ({
    metadata: { name: 'rb', namespace: 'a' },
    roleRef: { apiGroup: rbacGroup, kind: 'ClusterRole', name },
  })

  test('lets a user grant what they hold and no more', async () => {
    const roles = { what: `${rbacGroup}/roles`, user: ann }
    expect((await run(plugin, { ...roles, object: role([readPods]) })).refused).toBeUndefined()
    const more = { ...readPods, verbs: ['get', 'delete'], resources: ['pods', 'secrets'] }
    expect((await run(plugin, { ...roles, object: role([more]) })).refused).toBe(
      `roles.${rbacGroup} "r" is forbidden: user "ann" (groups=["devs"]) is attempting to grant RBAC permissions not currently held:\n` +
        '{APIGroups:[""], Resources:["pods"], Verbs:["delete"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "delete"]}',
    )
    expect(
      (await run(plugin, { ...roles, object: role([more]), user: user('x', 'system:masters') })).refused,
    ).toBeUndefined()
  })

  test('lets a user bind what they hold and no more', async () => {
    const bindings = { what: `${rbacGroup}/rolebindings`, user: ann }
    expect((await run(plugin, { ...bindings, object: bind('reader') })).refused).toBeUndefined()
    expect((await run(plugin, { ...bindings, object: bind('admin') })).code).toBe(403)
    expect((await run(plugin, { ...bindings, object: bind('gone') })).refused).toBe(
      `rolebindings.${rbacGroup} "gone" not found`,
    )
  })

  test('knows the verbs escalate and bind, and lets the garbage collector finish', async () => {
    const more = role([{ ...readPods, verbs: ['delete'] }])
    const finalized = { ...more, metadata: { ...more.metadata, finalizers: ['x'] } }
    const update = { operation: 'UPDATE' as const, what: `${rbacGroup}/roles`, user: ann }
    expect((await run(plugin, { ...update, object: more, oldObject: finalized })).refused).toBeUndefined()
    source.clusterRoles.put(
      clusterRole('giver', {
        verbs: ['escalate', 'bind'],
        apiGroups: [rbacGroup],
        resources: ['roles', 'clusterroles'],
      }),
    )
    source.clusterRoleBindings.put(clusterBinding('g', 'giver', { kind: 'User', name: 'bob' }))
    const bob = user('bob')
    expect(
      (await run(plugin, { what: `${rbacGroup}/roles`, object: more, user: bob })).refused,
    ).toBeUndefined()
    expect(
      (await run(plugin, { what: `${rbacGroup}/rolebindings`, object: bind('admin'), user: bob })).refused,
    ).toBeUndefined()
  })

  test('does not take a name into account that is still to be given', async () => {
    const rights = { apiGroups: [rbacGroup], resources: ['roles'], verbs: ['escalate'], resourceNames: ['r'] }
    source.clusterRoles.put(clusterRole('one', rights))
    source.clusterRoleBindings.put(clusterBinding('one', 'one', { kind: 'User', name: 'cat' }))
    const more = role([{ ...readPods, verbs: ['delete'] }])
    const named = { ...more, metadata: { ...more.metadata, name: 'r' } }
    const what = `${rbacGroup}/roles`
    const cat = user('cat')
    expect((await run(plugin, { what, object: named, user: cat })).refused).toContain('not currently held')
    const update = {
      what,
      operation: 'UPDATE' as const,
      object: named,
      oldObject: role([readPods]),
      user: cat,
    }
    expect((await run(plugin, update)).refused).toBeUndefined()
  })

  test('asks for everything before a role may aggregate', async () => {
    const object = {
      metadata: { name: 'agg' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
    }
    expect((await run(plugin, { what: `${rbacGroup}/clusterroles`, object, user: ann })).refused).toContain(
      'must have cluster-admin privileges to use the aggregationRule',
    )
  })
})

describe('certificate plugins', () => {
  const what = 'certificates.k8s.io/certificatesigningrequests'
  const may =
    (...rights: string[]): Authorizer =>
    ({ info }) => ({
      decision: rights.includes(`${info.verb} ${info.name}`) ? 'allow' : 'noOpinion',
      reason: '',
    })
  const csr = (status: object = {}) => ({
    metadata: { name: 'c' },
    spec: { signerName: 'example.com/mine' },
    status,
  })

  test('ask for approve and sign on the signer or its domain', async () => {
    const approval = {
      operation: 'UPDATE' as const,
      what,
      subresource: 'approval',
      object: csr(),
      oldObject: csr(),
    }
    expect((await run(certificateApproval(may('approve example.com/*')), approval)).refused).toBeUndefined()
    expect((await run(certificateApproval(may('sign example.com/mine')), approval)).refused).toBe(
      'certificatesigningrequests.certificates.k8s.io "c" is forbidden: user not permitted to approve requests with signerName "example.com/mine"',
    )
    const signing = { ...approval, subresource: 'status', object: csr({ certificate: 'x' }) }
    expect((await run(certificateSigning(may('sign example.com/mine')), signing)).refused).toBeUndefined()
    expect((await run(certificateSigning(may()), signing)).refused).toContain('not permitted to sign')
    expect((await run(certificateSigning(may()), { ...signing, object: csr() })).refused).toBeUndefined()
  })

  test('record who asks, whatever the request says', async () => {
    const forged = {
      ...csr(),
      spec: { ...csr().spec, username: 'system:node:n1', groups: ['system:nodes'], uid: 'x' },
    }
    const { object } = await run(certificateRequester(), { what, object: forged, user: user('ann', 'devs') })
    expect(object).toMatchObject({
      spec: { signerName: 'example.com/mine', username: 'ann', groups: ['devs'] },
    })
    expect((object as typeof forged).spec.uid).toBeUndefined()
  })

  test('let nobody become a master', async () => {
    const request = async (organizations: string[]) => ({
      what,
      object: {
        metadata: { name: 'c' },
        spec: {
          signerName: 'kubernetes.io/kube-apiserver-client',
          request: btoa(
            await createCertificateRequest({ commonName: 'x', organizations, names: [] }, newEcKey()),
          ),
        },
      },
    })
    const plugin = certificateSubjectRestriction()
    expect((await run(plugin, await request(['devs']))).refused).toBeUndefined()
    expect((await run(plugin, await request(['devs', 'system:masters']))).refused).toContain(
      'use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed',
    )
  })
})

describe('classes', () => {
  const marked = (name: string, created: string, key: string, more = {}) => ({
    metadata: { name, creationTimestamp: created, annotations: { [key]: 'true' } },
    ...more,
  })

  test('a claim and an ingress without class get the newest default', async () => {
    const key = 'storageclass.kubernetes.io/is-default-class'
    const classes = memorySource<StorageClass>([
      marked('old', '2025-01-01T00:00:00Z', key, { provisioner: 'x' }) as StorageClass,
      marked('new', '2026-01-01T00:00:00Z', key, { provisioner: 'x' }) as StorageClass,
    ])
    const claim = { metadata: { name: 'd', namespace: 'a' }, spec: {} }
    const plugin = defaultStorageClass(classes)
    expect((await run(plugin, { what: 'persistentvolumeclaims', object: claim })).object).toMatchObject({
      spec: { storageClassName: 'new' },
    })
    const none = { ...claim, spec: { storageClassName: '' } }
    expect((await run(plugin, { what: 'persistentvolumeclaims', object: none })).object).toEqual(none)
    const ingressClasses = memorySource<IngressClass>([
      marked('web', '2026-01-01T00:00:00Z', 'ingressclass.kubernetes.io/is-default-class') as IngressClass,
    ])
    const ingress = { metadata: { name: 'i', namespace: 'a' }, spec: {} }
    expect(
      (
        await run(defaultIngressClass(ingressClasses), {
          what: 'networking.k8s.io/ingresses',
          object: ingress,
        })
      ).object,
    ).toMatchObject({ spec: { ingressClassName: 'web' } })
  })

  test('only a bound claim of a growing class may grow', async () => {
    const plugin = claimResize(
      memorySource<StorageClass>([
        { metadata: { name: 'grows' }, provisioner: 'x', allowVolumeExpansion: true },
      ]),
    )
    const claim = (storage: string, phase: string, storageClassName = 'grows') => ({
      metadata: { name: 'd', namespace: 'a' },
      spec: { storageClassName, resources: { requests: { storage } } },
      status: { phase },
    })
    const resize = async (object: object, oldObject: object) =>
      (await run(plugin, { operation: 'UPDATE', what: 'persistentvolumeclaims', object, oldObject })).refused
    expect(await resize(claim('2Gi', 'Bound'), claim('1Gi', 'Bound'))).toBeUndefined()
    expect(await resize(claim('2Gi', 'Pending'), claim('1Gi', 'Pending'))).toContain(
      'Only bound persistent volume claims',
    )
    expect(await resize(claim('2Gi', 'Bound', 'x'), claim('1Gi', 'Bound', 'x'))).toContain(
      'must support resize',
    )
    expect(await resize(claim('1Gi', 'Bound', 'x'), claim('1024Mi', 'Bound', 'x'))).toBeUndefined()
  })

  test('volumes and claims are protected once', async () => {
    const object = { metadata: { name: 'd', namespace: 'a', finalizers: ['mine'] } }
    const outcome = await run(storageObjectInUseProtection(), { what: 'persistentvolumeclaims', object })
    expect(outcome.object!.metadata.finalizers).toEqual(['mine', 'kubernetes.io/pvc-protection'])
    const again = await run(storageObjectInUseProtection(), {
      what: 'persistentvolumeclaims',
      object: outcome.object!,
    })
    expect(again.object).toEqual(outcome.object!)
  })
})

test('a new node is tainted until it is ready', async () => {
  const outcome = await run(taintNodesByCondition(), { what: 'nodes', object: { metadata: { name: 'n' } } })
  expect((outcome.object as Node).spec!.taints).toEqual([
    { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
  ])
})

test('a binding carries zone and region of its node', async () => {
  const labels = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r', other: 'x' }
  const plugin = podTopologyLabels(memorySource<Node>([{ metadata: { name: 'n', labels } }]))
  const object = { metadata: { name: 'p', namespace: 'a' }, target: { kind: 'Node', name: 'n' } }
  const outcome = await run(plugin, { what: 'pods', subresource: 'binding', object })
  expect(outcome.object!.metadata.labels).toEqual({
    'topology.kubernetes.io/zone': 'z',
    'topology.kubernetes.io/region': 'r',
  })
})
