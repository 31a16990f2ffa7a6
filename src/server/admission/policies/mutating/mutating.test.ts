import { describe, expect, test } from 'bun:test'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../../../api/types/admissionregistration-v1beta1.gen.ts'
import type { ConfigMap, Namespace } from '../../../../api/types/core-v1.gen.ts'
import { StatusError } from '../../../../machinery/status/status.ts'
import { simPorts } from '../../../../std/sim-ports.ts'
import type { Authorizer } from '../../../context.ts'
import { memorySource } from '../../../lister.ts'
import { policyMeter } from '../../../metrics/policies.ts'
import { admissionRequest, type Outcome, run } from '../../testing.ts'
import { mutatingPolicies } from './plugin.ts'

type Spec = Partial<NonNullable<MutatingAdmissionPolicy['spec']>>
type BindingSpec = Partial<NonNullable<MutatingAdmissionPolicyBinding['spec']>>

const ports = simPorts()
const rules = [
  {
    operations: ['CREATE', 'UPDATE'],
    apiGroups: ['*'],
    apiVersions: ['v1'],
    resources: ['configmaps', 'pods'],
  },
]
const configMap = { metadata: { name: 'm', namespace: 'a' }, data: { key: 'value' } }
const pod = { metadata: { name: 'p', namespace: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const later: Authorizer = async () => ({ decision: 'allow', reason: '' })

const apply = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
})
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

function pluginOf(specs: readonly Spec[], binding: BindingSpec = {}) {
  const policies = specs.map((spec, index): MutatingAdmissionPolicy => {
    const common = { matchConstraints: { resourceRules: rules }, reinvocationPolicy: 'Never' }
    return { metadata: { name: `p${index}`, generation: 1 }, spec: { ...common, ...spec } }
  })
  const bindings = policies.map(
    ({ metadata }): MutatingAdmissionPolicyBinding => ({
      metadata: { name: 'b' },
      spec: { policyName: metadata.name!, ...binding },
    }),
  )
  const named = bindings.map((each, index) => ({ ...each, metadata: { name: `b${index}` } }))
  const params: ConfigMap = { metadata: { name: 'params', namespace: 'a' }, data: { wanted: 'other' } }
  return mutatingPolicies(
    { policies: memorySource(policies), bindings: memorySource(named) },
    {
      namespaces: memorySource<Namespace>([{ metadata: { name: 'a', labels: { tier: 'one' } } }]),
      authorize: later,
      objectsOf: () => memorySource([params]),
      clock: ports.clock,
      meter: policyMeter(ports.metrics),
    },
  )
}

function change(spec: Spec, object: object = configMap, binding: BindingSpec = {}): Promise<Outcome> {
  const what = 'data' in object ? 'configmaps' : 'pods'
  return run(pluginOf([spec], binding), { what, object })
}

const dataOf = ({ object }: Outcome) => (object as ConfigMap).data

describe('a mutating policy', () => {
  test('lays an apply configuration over the object, list items by their keys', async () => {
    const container = 'Object.spec.containers{name: "c", imagePullPolicy: "Always"}'
    const { object } = await change(
      { mutations: [apply(`Object{spec: Object.spec{containers: [${container}]}}`)] },
      pod,
    )
    expect(object).toMatchObject({
      spec: { containers: [{ name: 'c', image: 'i', imagePullPolicy: 'Always' }] },
    })
  })

  test('applies a JSON patch, and none whose test fails', async () => {
    const add = 'JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("a/b"), value: object.data.key}'
    expect(dataOf(await change({ mutations: [patch(`[${add}]`)] }))).toEqual({ key: 'value', 'a/b': 'value' })
    const fails = 'JSONPatch{op: "test", path: "/data/key", value: "no"}'
    expect(dataOf(await change({ mutations: [patch(`[${fails}, ${add}]`)] }))).toEqual({ key: 'value' })
  })

  test('sees in each mutation what the one before it made, with variables', async () => {
    const mutations = [
      apply('Object{data: {"key": variables.twice}}'),
      apply('Object{data: {"key": variables.twice}}'),
    ]
    const variables = [{ name: 'twice', expression: 'object.data.key + object.data.key' }]
    expect(dataOf(await change({ mutations, variables }))).toEqual({ key: 'valuevaluevaluevalue' })
  })

  test('is evaluated with its params, the namespace and an authorizer that answers later', async () => {
    const answers =
      'params.data.wanted + namespaceObject.metadata.labels["tier"] + string(authorizer.group("").resource("pods").check("get").allowed())'
    const spec = {
      paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
      mutations: [apply(`Object{data: {"key": ${answers}}}`)],
    }
    const paramRef = { name: 'params', parameterNotFoundAction: 'Deny' }
    expect(dataOf(await change(spec, configMap, { paramRef }))).toEqual({ key: 'otheronetrue' })
    const { refused } = await change(spec, configMap, { paramRef: { ...paramRef, name: 'none' } })
    expect(refused).toBe(
      "policy 'p0' with binding 'b0' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
    )
  })

  test('leaves alone what its conditions leave out', async () => {
    const matchConditions = [{ name: 'c', expression: 'object.metadata.name == "other"' }]
    const mutations = [apply('Object{data: {"key": "changed"}}')]
    expect(dataOf(await change({ mutations, matchConditions }))).toEqual({ key: 'value' })
  })

  const denied = "policy 'p0' with binding 'b0' denied request: "
  const applying = `${denied}error applying patch: `
  test.each<[string, object, string]>([
    [
      'Object{data: {"key": object.data.none}}',
      configMap,
      `${denied}expression 'Object{data: {"key": object.data.none}}' resulted in error: no such key: none`,
    ],
    [
      'Object{spec: Object.spec{a: 1}}',
      configMap,
      `${applying}failed to convert patch object to typed object: .spec: field not declared in schema`,
    ],
    [
      'Object{spec: Object.spec{nodeSelector: {"a": "b"}}}',
      pod,
      `${applying}invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.nodeSelector`,
    ],
    [
      'Object{metadata: Object.spec{name: "x"}}',
      configMap,
      `${denied}type mismatch: unexpected type name "Object.spec", expected "Object.metadata", which matches field name path from root Object type`,
    ],
    ['Object{data: {1: "x"}}', configMap, `${denied}invalid return type: *dynamic.ObjectVal`],
  ])('%s refuses the request', async (expression, object, refused) => {
    expect(await change({ mutations: [apply(expression)] }, object)).toMatchObject({ code: 403, refused })
  })

  test.each<[string, string]>([
    [
      'remove", path: "/data/none"',
      "error in remove for path: '/data/none': Unable to remove nonexistent key: none: missing value",
    ],
    [
      'replace", path: "/spec/a", value: 1',
      'replace operation does not apply: doc is missing path: /spec/a: missing value',
    ],
    ['frob", path: "/data"', 'Unexpected kind: frob'],
  ])('op: "%s} refuses the request', async (operation, reason) => {
    const { refused } = await change({ mutations: [patch(`[JSONPatch{op: "${operation}}]`)] })
    expect(refused).toBe(`${denied}JSON Patch: ${reason}`)
  })

  test('that makes something else of the object fails the request', async () => {
    const { code, refused } = await change({
      mutations: [patch('[JSONPatch{op: "add", path: "/spec", value: {"a": 1}}]')],
    })
    expect({ code, refused }).toEqual({
      code: 500,
      refused: 'Internal error occurred: strict decoding error: unknown field "spec"',
    })
  })

  test('whose failures are ignored does what it can', async () => {
    const mutations = [apply('Object{data: {"key": object.data.none}}'), apply('Object{data: {"b": "c"}}')]
    expect(dataOf(await change({ mutations, failurePolicy: 'Ignore' }))).toEqual({ key: 'value', b: 'c' })
  })

  test('is asked again after others changed the object, if it wants to be', async () => {
    const count = (name: string, reinvocationPolicy: string): Spec => ({
      reinvocationPolicy,
      mutations: [apply(`Object{data: {"${name}": object.data.?${name}.orValue("") + "x"}}`)],
    })
    const plugin = pluginOf([count('again', 'IfNeeded'), count('once', 'Never')])
    const request = admissionRequest({ what: 'configmaps', object: configMap })
    await plugin.admit!(request)
    expect(request.reinvocation.isWanted).toBe(true)
    request.reinvocation.isReinvoke = true
    await plugin.admit!(request)
    expect((request.object as ConfigMap).data).toEqual({ key: 'value', again: 'xx', once: 'x' })
  })

  test('is not asked about deletions', () => {
    const request = admissionRequest({ what: 'configmaps', operation: 'DELETE', oldObject: configMap })
    expect(pluginOf([{ mutations: [apply('Object{}')] }]).handles(request)).toBe(false)
  })

  test('tells why in the status: the reason of the first failure and all of them as causes', async () => {
    const plugin = pluginOf([{ mutations: [apply('Object{data: {"key": object.data.none}}')] }])
    const failed = await Promise.resolve(
      plugin.admit!(admissionRequest({ what: 'configmaps', object: configMap })),
    ).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(StatusError)
    const { status } = failed as StatusError
    expect(status).toMatchObject({ code: 403, reason: 'Invalid' })
    expect(status.details?.causes).toHaveLength(1)
  })

  test('counts each mutation, and why it failed', async () => {
    ports.metrics.reset()
    await change({ mutations: [apply('Object{data: {"key": "new"}}')] })
    await change({ mutations: [apply('Object{data: {"key": object.data.none}}')] })
    const name = 'apiserver_mutating_admission_policy_check_total'
    const labels = (type: string) => `{error_type="${type}",policy="p0",policy_binding="b0"} 1`
    expect(ports.metrics.text()).toContain(name + labels('no_error'))
    expect(ports.metrics.text()).toContain(name + labels('invalid_error'))
  })
})
