import { describe, expect, test } from 'bun:test'
import { createAbac } from './abac.ts'
import { readPolicies } from './abac-policy.ts'
import { info, user } from './testing.ts'

const v1beta1 = (spec: object) =>
  JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec })
const of = (...lines: string[]) => createAbac(readPolicies('/p.jsonl', lines.join('\n')))
const ann = user('ann', 'dev', 'system:authenticated')
const pods = { apiGroup: '', resource: 'pods', namespace: 'a' }

describe('policies', () => {
  const may = (lines: string[], who: typeof ann, ...what: Parameters<typeof info>) =>
    of(...lines).authorize({ user: who, info: info(...what) }).decision === 'allow'

  test('allow a user what they name in a namespace, and no more', () => {
    const policy = [v1beta1({ user: 'ann', ...pods })]
    expect(may(policy, ann, 'create', 'pods', { namespace: 'a' })).toBe(true)
    expect(may(policy, ann, 'create', 'pods/exec', { namespace: 'a' })).toBe(true)
    expect(may(policy, ann, 'get', 'pods', { namespace: 'b' })).toBe(false)
    expect(may(policy, ann, 'get', 'pods')).toBe(false)
    expect(may(policy, ann, 'get', 'services', { namespace: 'a' })).toBe(false)
    expect(may(policy, ann, 'get', 'pods', { namespace: 'a', group: 'metrics.k8s.io' })).toBe(false)
    expect(may(policy, user('ben', 'dev'), 'get', 'pods', { namespace: 'a' })).toBe(false)
  })

  test('that only read do not write', () => {
    const policy = [v1beta1({ group: 'dev', readonly: true, ...pods, namespace: '*' })]
    for (const verb of ['get', 'list', 'watch'])
      expect(may(policy, ann, verb, 'pods', { namespace: 'x' })).toBe(true)
    for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection'])
      expect(may(policy, ann, verb, 'pods', { namespace: 'x' })).toBe(false)
  })

  test('for a user and a group are for the user as a member; for nobody they are for nobody', () => {
    const rest = { ...pods, namespace: '*' }
    expect(may([v1beta1({ user: 'ann', group: 'ops', ...rest })], ann, 'get', 'pods')).toBe(false)
    expect(may([v1beta1({ user: 'ann', group: 'dev', ...rest })], ann, 'get', 'pods')).toBe(true)
    expect(may([v1beta1(rest)], ann, 'get', 'pods')).toBe(false)
    expect(may([v1beta1({ user: '*', ...rest })], ann, 'get', 'pods')).toBe(true)
    expect(may([v1beta1({ user: '*', ...rest })], user('system:anonymous'), 'get', 'pods')).toBe(false)
  })

  test('for paths take a star at the end', () => {
    const policy = [v1beta1({ user: 'ann', readonly: true, nonResourcePath: '/healthz*' })]
    expect(may(policy, ann, 'get', '/healthz/ping')).toBe(true)
    expect(may(policy, ann, 'get', '/livez')).toBe(false)
    expect(may(policy, ann, 'post', '/healthz')).toBe(false)
    expect(may([v1beta1({ user: 'ann', ...pods })], ann, 'get', '/healthz')).toBe(false)
  })

  test('without a version leave out what they mean all of', () => {
    expect(may(['{"user":"ann"}'], ann, 'delete', 'deployments', { group: 'apps', namespace: 'x' })).toBe(
      true,
    )
    expect(may(['{"user":"ann"}'], ann, 'get', '/anything')).toBe(true)
    expect(may(['{"user":"ann","namespace":"x"}'], ann, 'get', '/anything')).toBe(false)
    expect(may(['{"readonly":true}'], user('ben', 'system:authenticated'), 'get', 'secrets')).toBe(true)
    expect(may(['{"readonly":true}'], user('ben', 'system:authenticated'), 'create', 'secrets')).toBe(false)
  })

  test('of which none matches say so', () => {
    expect(of().authorize({ user: ann, info: info('get', 'pods') })).toEqual({
      decision: 'noOpinion',
      reason: 'No policy matched.',
    })
  })

  test('can be listed', () => {
    const abac = of(
      '# comment',
      '',
      v1beta1({ user: 'ann', readonly: true, ...pods }),
      v1beta1({ user: 'ann', nonResourcePath: '/x', namespace: '*' }),
      v1beta1({ user: 'ben', ...pods }),
    )
    expect(abac.rulesFor(ann, 'a')).toEqual({
      resourceRules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/x'] }],
    })
    expect(abac.rulesFor(ann, 'b').resourceRules).toEqual([])
  })
})

test.each([
  [
    '{"user":"a",}',
    'line 1: {"user":"a",}: couldn\'t get version/kind; json parse error: invalid character \'}\'',
  ],
  [
    `#\n\n${v1beta1({}).replace('v1beta1', 'v1')}`,
    'no kind "Policy" is registered for version "abac.authorization.kubernetes.io/v1"',
  ],
  [
    v1beta1({ readonly: 'yes' }),
    'json: cannot unmarshal string into Go struct field PolicySpec.spec.readonly of type bool',
  ],
  [
    '\n{"user":7}',
    'line 2: {"user":7}: json: cannot unmarshal number into Go struct field Policy.user of type string',
  ],
  [
    '["a"]',
    "couldn't get version/kind; json parse error: json: cannot unmarshal array into Go value of type struct",
  ],
])('%j is refused with its line', (text, why) => {
  expect(() => readPolicies('/p.jsonl', text)).toThrow(why)
})
