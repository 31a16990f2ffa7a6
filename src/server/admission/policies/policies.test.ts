import { describe, expect, test } from 'bun:test'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../api/types/admissionregistration-v1.gen.ts'
import type { ConfigMap, Namespace } from '../../../api/types/core-v1.gen.ts'
import type { Clock } from '../../../std/ports.ts'
import { realClock } from '../../../std/real-ports.ts'
import { simPorts } from '../../../std/sim-ports.ts'
import type { Authorizer } from '../../context.ts'
import { memorySource } from '../../lister.ts'
import { policyMeter } from '../../metrics/policies.ts'
import { type Outcome, run } from '../testing.ts'
import { validatingPolicies } from './plugin.ts'

type Spec = Partial<NonNullable<ValidatingAdmissionPolicy['spec']>>
type BindingSpec = Partial<NonNullable<ValidatingAdmissionPolicyBinding['spec']>>

const ports = simPorts()
const rules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }]
const object = { metadata: { name: 'm', namespace: 'a', labels: { app: 'web' } }, data: { key: 'value' } }
const later: Authorizer = async ({ info }) => ({
  decision: info.verb === 'get' ? 'allow' : 'noOpinion',
  reason: '',
})

function judge(spec: Spec, binding: BindingSpec = {}, clock: Clock = ports.clock): Promise<Outcome> {
  const policy: ValidatingAdmissionPolicy = {
    metadata: { name: 'p', generation: 1 },
    spec: { matchConstraints: { resourceRules: rules }, ...spec },
  }
  const bound: ValidatingAdmissionPolicyBinding = {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
  }
  const params: ConfigMap = { metadata: { name: 'params', namespace: 'a' }, data: { wanted: 'other' } }
  const plugin = validatingPolicies(
    { policies: memorySource([policy]), bindings: memorySource([bound]) },
    {
      namespaces: memorySource<Namespace>([{ metadata: { name: 'a', labels: { tier: 'one' } } }]),
      authorize: later,
      objectsOf: () => memorySource([params]),
      clock,
      meter: policyMeter(ports.metrics),
    },
  )
  return run(plugin, { what: 'configmaps', object })
}

const denied =
  "configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: "

describe('a policy', () => {
  test('that holds lets the request through', async () => {
    expect(
      (await judge({ validations: [{ expression: "object.data.key == 'value'" }] })).refused,
    ).toBeUndefined()
  })

  test.each<[string, Spec, number, string]>([
    ['says the expression', { validations: [{ expression: 'false' }] }, 422, 'failed expression: false'],
    ['says its message', { validations: [{ expression: 'false', message: 'no' }] }, 422, 'no'],
    [
      'says what it evaluates',
      {
        validations: [
          { expression: 'false', messageExpression: "'no ' + object.data.key", reason: 'Forbidden' },
        ],
      },
      403,
      'no value',
    ],
    [
      'that cannot be evaluated refuses',
      { validations: [{ expression: 'object.spec.x == 1' }] },
      422,
      "expression 'object.spec.x == 1' resulted in error: no such key: spec",
    ],
    [
      'looks at its variables',
      {
        variables: [
          { name: 'key', expression: 'object.data.key' },
          { name: 'twice', expression: 'variables.key + variables.key' },
        ],
        validations: [{ expression: 'false', messageExpression: 'string(variables.twice)' }],
      },
      422,
      'valuevalue',
    ],
    [
      'looks at the namespace',
      { validations: [{ expression: "namespaceObject.metadata.labels['tier'] == 'two'" }] },
      422,
      "failed expression: namespaceObject.metadata.labels['tier'] == 'two'",
    ],
    [
      'asks an authorizer that answers later',
      { validations: [{ expression: "authorizer.group('').resource('pods').check('list').allowed()" }] },
      422,
      "failed expression: authorizer.group('').resource('pods').check('list').allowed()",
    ],
    [
      'costs no more than it may',
      { validations: [{ expression: 'lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))' }] },
      422,
      "expression 'lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))' resulted in error: operation cancelled: actual cost limit exceeded",
    ],
  ])('%s', async (_what, spec, code, message) => {
    expect(await judge(spec)).toMatchObject({ code, refused: denied + message })
  })

  test('whose failures are ignored refuses only what it denies', async () => {
    const validations = [{ expression: 'object.nonsense == 1' }]
    expect((await judge({ failurePolicy: 'Ignore', validations })).refused).toBeUndefined()
    const more = [...validations, { expression: 'false' }]
    expect((await judge({ failurePolicy: 'Ignore', validations: more })).refused).toBe(
      `${denied}failed expression: false`,
    )
  })

  test('that only warns lets the request through', async () => {
    const outcome = await judge({ validations: [{ expression: 'false' }] }, { validationActions: ['Warn'] })
    expect(outcome.refused).toBeUndefined()
    expect(outcome.warnings).toEqual([
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: false",
    ])
  })

  test('is evaluated with the params that its binding names', async () => {
    const spec: Spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      validations: [{ expression: 'object.data.key == params.data.wanted' }],
    }
    const named = (name: string) => judge(spec, { paramRef: { name, parameterNotFoundAction: 'Deny' } })
    expect((await named('params')).refused).toContain('failed expression')
    expect((await named('none')).refused).toBe(
      `${denied}failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    )
  })

  test('does not ask about what its binding leaves out', async () => {
    const matchResources = { namespaceSelector: { matchLabels: { tier: 'two' } } }
    expect(
      (await judge({ validations: [{ expression: 'false' }] }, { matchResources })).refused,
    ).toBeUndefined()
  })

  test('counts what fails by what is done about it, and what holds not at all', async () => {
    const count = (type: string, action: string) => {
      const name = 'apiserver_validating_admission_policy_check_total'
      const series = `${name}{enforcement_action="${action}",error_type="${type}",policy="p",policy_binding="b"} `
      const line = ports.metrics
        .text()
        .split('\n')
        .find(each => each.startsWith(series))
      return Number(line?.slice(series.length) ?? 0)
    }
    ports.metrics.reset()
    await judge({ validations: [{ expression: 'true' }] })
    expect(ports.metrics.text()).not.toContain('error_type="no_error",policy="p",policy_binding="b"')
    await judge({ validations: [{ expression: 'false' }] }, { validationActions: ['Warn', 'Audit'] })
    expect([count('invalid_error', 'warn'), count('invalid_error', 'audit')]).toEqual([1, 1])
    await judge({ failurePolicy: 'Ignore', validations: [{ expression: 'object.nonsense == 1' }] })
    expect([count('invalid_error', 'allow'), count('invalid_error', 'deny')]).toEqual([1, 0])
    const far = 'lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))'
    await judge({ validations: Array.from({ length: 12 }, () => ({ expression: far })) })
    expect(count('out_of_budget', 'deny') + count('invalid_error', 'deny')).toBeGreaterThan(0)
    const series = 'apiserver_validating_admission_policy_check_duration_seconds_count'
    expect(ports.metrics.text()).toMatch(new RegExp(`${series}{.*,policy="p",`))
  })
})

test('expressions that take long let others have their turn', async () => {
  const digits = `[${Array.from({ length: 10 }, (_, digit) => digit).join()}]`
  const sum = ['a', 'b', 'c', 'd', 'e'].reduceRight(
    (inner, name) => `${digits}.all(${name}, ${inner})`,
    'a + b >= 0',
  )
  let turns = 0
  let isOver = false
  const tick = () => {
    turns++
    if (!isOver) setImmediate(tick)
  }
  tick()
  const validations = [
    { expression: sum },
    { expression: `${sum} && object.data.key == 'other'`, message: 'no' },
  ]
  const { refused } = await judge({ validations }, {}, realClock)
  expect(turns).toBeGreaterThan(5)
  expect(refused).toContain('denied request: no')
  turns = 0
  const variables = [{ name: 'all', expression: sum }]
  const outcome = await judge(
    { variables, validations: [{ expression: '!variables.all', message: 'of variables' }] },
    {},
    realClock,
  )
  isOver = true
  expect(turns).toBeGreaterThan(5)
  expect(outcome.refused).toContain('denied request: of variables')
}, 60_000)
