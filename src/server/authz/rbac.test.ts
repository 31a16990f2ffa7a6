import { describe, expect, test } from 'bun:test'
import type { PolicyRule } from '../../api/types/rbac-v1.gen.ts'
import { accessDenied } from '../../machinery/status/errors.ts'
import { describeRules, uncoveredRules } from './covers.ts'
import { createRbac } from './rbac.ts'
import { ruleAllows } from './rule.ts'
import { binding, clusterBinding, clusterRole, info, testRbacSource, user } from './testing.ts'
import { serverAuthorizer, subjectRules } from './union.ts'

const readPods: PolicyRule = { verbs: ['get', 'list'], apiGroups: [''], resources: ['pods', 'pods/log'] }

describe('a rule', () => {
  const matrix: [string, PolicyRule, Parameters<typeof info>, boolean][] = [
    ['matches verb, group and resource', readPods, ['get', 'pods'], true],
    ['refuses another verb', readPods, ['delete', 'pods'], false],
    ['refuses another group', readPods, ['get', 'pods', { group: 'metrics.k8s.io' }], false],
    ['names subresources', readPods, ['get', 'pods/log'], true],
    ['does not give subresources with the resource', readPods, ['get', 'pods/exec'], false],
    ['knows all verbs', { ...readPods, verbs: ['*'] }, ['frobnicate', 'pods'], true],
    ['knows all groups', { ...readPods, apiGroups: ['*'] }, ['get', 'pods', { group: 'x' }], true],
    ['knows all resources and subresources', { ...readPods, resources: ['*'] }, ['get', 'secrets/x'], true],
    ['knows one subresource of all', { ...readPods, resources: ['*/scale'] }, ['get', 'widgets/scale'], true],
    [
      'one subresource is not the resource',
      { ...readPods, resources: ['*/scale'] },
      ['get', 'widgets'],
      false,
    ],
    ['pods/* is a name, no pattern', { ...readPods, resources: ['pods/*'] }, ['get', 'pods/log'], false],
    ['names objects', { ...readPods, resourceNames: ['a', 'b'] }, ['get', 'pods', { name: 'b' }], true],
    ['refuses other objects', { ...readPods, resourceNames: ['a'] }, ['get', 'pods', { name: 'c' }], false],
    ['with names does not match a list', { ...readPods, resourceNames: ['a'] }, ['list', 'pods'], false],
    ['does not match paths by resources', readPods, ['get', '/pods'], false],
    ['matches a path', { verbs: ['get'], nonResourceURLs: ['/healthz'] }, ['get', '/healthz'], true],
    ['matches a path below', { verbs: ['get'], nonResourceURLs: ['/api/*'] }, ['GET', '/api/v1'], true],
    ['/api/* is not /api', { verbs: ['get'], nonResourceURLs: ['/api/*'] }, ['get', '/api'], false],
    ['matches all paths', { verbs: ['*'], nonResourceURLs: ['*'] }, ['post', '/x/y'], true],
    ['for paths does not match resources', { verbs: ['*'], nonResourceURLs: ['*'] }, ['get', 'pods'], false],
  ]
  test.each(matrix)('%s', (_, rule, target, allowed) => {
    expect(ruleAllows(rule, info(...target))).toBe(allowed)
  })
})

describe('bindings', () => {
  function setup() {
    const source = testRbacSource()
    source.clusterRoles.put(clusterRole('reader', readPods))
    source.clusterRoles.put(clusterRole('admin', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }))
    source.roles.put({ metadata: { name: 'reader', namespace: 'a' }, rules: [readPods] })
    return { source, rbac: createRbac(source) }
  }
  const ann = user('ann', 'devs', 'system:authenticated')
  const robot = user('system:serviceaccount:a:robot', 'system:serviceaccounts')

  test('of a user, a group and a service account each apply, with upstream’s reason', () => {
    const { source, rbac } = setup()
    source.clusterRoleBindings.put(clusterBinding('by-user', 'reader', { kind: 'User', name: 'ann' }))
    expect(rbac.authorize({ user: ann, info: info('list', 'pods', { namespace: 'x' }) })).toEqual({
      decision: 'allow',
      reason: 'RBAC: allowed by ClusterRoleBinding "by-user" of ClusterRole "reader" to User "ann"',
    })
    source.roleBindings.put(
      binding('a', 'by-account', 'Role:reader', { kind: 'ServiceAccount', name: 'robot' }),
    )
    expect(rbac.authorize({ user: robot, info: info('get', 'pods', { namespace: 'a' }) })).toEqual({
      decision: 'allow',
      reason: 'RBAC: allowed by RoleBinding "by-account/a" of Role "reader" to ServiceAccount "robot/a"',
    })
  })

  test('a ClusterRole bound in a namespace holds only there', () => {
    const { source, rbac } = setup()
    source.roleBindings.put(binding('a', 'devs', 'ClusterRole:admin', { kind: 'Group', name: 'devs' }))
    const decide = (namespace: string) =>
      rbac.authorize({ user: ann, info: info('delete', 'pods', { namespace }) })
    expect([decide('a'), decide('b'), decide('')].map(answer => answer.decision)).toEqual([
      'allow',
      'noOpinion',
      'noOpinion',
    ])
  })

  test('follow changes and removals at once', () => {
    const { source, rbac } = setup()
    const decide = () => rbac.authorize({ user: ann, info: info('get', 'pods') }).decision
    const made = clusterBinding('b', 'reader', { kind: 'Group', name: 'devs' })
    source.clusterRoleBindings.put(made)
    expect(decide()).toBe('allow')
    source.clusterRoleBindings.put({ ...made, subjects: [{ kind: 'User', name: 'bob' }] })
    expect(decide()).toBe('noOpinion')
    source.clusterRoleBindings.put(made)
    source.clusterRoles.put(clusterRole('reader'))
    expect(decide()).toBe('noOpinion')
    source.clusterRoles.put(clusterRole('reader', readPods))
    expect(decide()).toBe('allow')
    source.clusterRoleBindings.remove('', 'b')
    expect(decide()).toBe('noOpinion')
  })

  test('to a missing role are told in the refusal, with the text of the stock server', () => {
    const { source, rbac } = setup()
    source.clusterRoleBindings.put(clusterBinding('b', 'gone', { kind: 'User', name: 'ann' }))
    const attributes = { user: ann, info: info('list', 'pods', { namespace: 'default' }) }
    const { reason } = rbac.authorize(attributes)
    expect(accessDenied({ ...attributes.info, user: 'ann' }, reason).message).toBe(
      'pods is forbidden: User "ann" cannot list resource "pods" in API group "" in the namespace "default": ' +
        'RBAC: clusterrole.rbac.authorization.k8s.io "gone" not found',
    )
  })

  test('masters pass without any role, and nobody else anywhere', async () => {
    const { rbac } = setup()
    const authorize = serverAuthorizer({
      Node: () => ({ decision: 'noOpinion', reason: '' }),
      RBAC: rbac.authorize,
    })
    const anonymous = user('system:anonymous', 'system:unauthenticated')
    expect(
      (await authorize({ user: user('x', 'system:masters'), info: info('delete', 'nodes') })).decision,
    ).toBe('allow')
    expect((await authorize({ user: anonymous, info: info('get', '/livez') })).decision).toBe('noOpinion')
  })

  test('one that could not be asked is told of, unless somebody allows', async () => {
    const { rbac } = setup()
    const sick = () => ({ decision: 'noOpinion', reason: '', error: 'it is sick' }) as const
    const Node = () => ({ decision: 'noOpinion', reason: '' }) as const
    const authorize = serverAuthorizer({ Node, RBAC: rbac.authorize }, () => [{ authorize: sick }, 'RBAC'])
    expect((await authorize({ user: user('x'), info: info('get', 'nodes') })).error).toBe('it is sick')
    const master = await authorize({ user: user('x', 'system:masters'), info: info('get', 'nodes') })
    expect(master).toEqual({ decision: 'allow', reason: '' })
  })

  test('make up a rules review', () => {
    const { source, rbac } = setup()
    source.roleBindings.put(binding('a', 'devs', 'ClusterRole:reader', { kind: 'Group', name: 'devs' }))
    source.roleBindings.put(binding('a', 'more', 'Role:gone', { kind: 'Group', name: 'devs' }))
    expect(subjectRules({ rbac }, ann, 'a')).toEqual({
      resourceRules: [readPods],
      nonResourceRules: [],
      incomplete: false,
      evaluationError: 'role.rbac.authorization.k8s.io "gone" not found',
    })
    expect(subjectRules({ rbac }, ann, 'b').resourceRules).toEqual([])
  })
})

describe('coverage', () => {
  test('breaks rules down and compares each part', () => {
    const owned: PolicyRule[] = [readPods, { verbs: ['update'], apiGroups: ['*'], resources: ['*/scale'] }]
    expect(
      uncoveredRules(owned, [{ verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['x'] }]),
    ).toEqual([])
    expect(
      uncoveredRules(owned, [{ verbs: ['update'], apiGroups: ['apps'], resources: ['deployments/scale'] }]),
    ).toEqual([])
    const wanted: PolicyRule[] = [
      { verbs: ['get', 'watch', 'delete'], apiGroups: [''], resources: ['pods', 'secrets'] },
    ]
    expect(describeRules(uncoveredRules(owned, wanted))).toBe(
      '{APIGroups:[""], Resources:["pods"], Verbs:["watch" "delete"]}\n' +
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get" "watch" "delete"]}',
    )
  })

  test('a rule for named objects does not cover the same rule without names', () => {
    const named: PolicyRule = { ...readPods, resourceNames: ['a'] }
    expect(uncoveredRules([named], [readPods]).length).toBe(4)
    expect(uncoveredRules([readPods], [named])).toEqual([])
  })

  test('paths are covered by a star that ends a prefix', () => {
    const owned: PolicyRule[] = [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }]
    expect(uncoveredRules(owned, [{ verbs: ['get'], nonResourceURLs: ['/api/v1'] }])).toEqual([])
    expect(uncoveredRules(owned, [{ verbs: ['get'], nonResourceURLs: ['*'] }]).length).toBe(1)
  })
})
