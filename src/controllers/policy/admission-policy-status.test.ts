import { expect, test } from 'bun:test'
import { typeCheckWarnings } from '../../api/admissionregistration/type-check.ts'
import { facts } from '../../api/schema/index.ts'
import { metaSchema } from '../../api/schema/meta-schema.ts'
import type { ValidatingAdmissionPolicy } from '../../api/types/admissionregistration-v1.gen.ts'
import { typeOfOpenApi, typeOfSchema } from '../../machinery/cel/declared-types.ts'

const crontab = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { replicas: { type: 'integer' }, note: { type: 'string' } } },
  },
}

const source = {
  kindsOf(group: string, version: string, name: string) {
    const kind = { deployments: 'Deployment', deployment: 'Deployment', crontabs: 'CronTab' }[name]
    return kind ? [{ group, version, kind }] : []
  },
  typeOf({ group, version, kind }: { group: string; version: string; kind: string }) {
    if (kind === 'CronTab') return typeOfOpenApi(crontab, kind, true, metaSchema('ObjectMeta'))
    const schema = facts.kindSchema(group, version, kind)
    return schema && typeOfSchema(schema, kind)
  },
}

function check(resource: string, ...expressions: readonly string[]) {
  const policy: ValidatingAdmissionPolicy = {
    metadata: { name: 'p' },
    spec: {
      variables: [{ name: 'count', expression: 'object.spec.replicas' }],
      matchConstraints: {
        resourceRules: [
          { operations: ['*'], apiGroups: ['apps'], apiVersions: ['v1'], resources: [resource] },
        ],
      },
      validations: expressions.map(expression => ({ expression })),
    },
  }
  return typeCheckWarnings(policy, source).map(({ fieldRef, warning }) => `${fieldRef}: ${warning}`)
}

test('expressions that fit their kinds are not warned of', () => {
  const fine = [
    'object.spec.replicas > 1 && variables.count < 5',
    "object.metadata.labels['a'] == 'b' && object.spec.template.spec.containers.all(c, c.name != '')",
    "object.metadata.creationTimestamp < timestamp('2030-01-01T00:00:00Z')",
    'type(object.spec.strategy.rollingUpdate.maxSurge) == string',
  ]
  expect(check('deployments', ...fine)).toEqual([])
})

test('what does not fit is told with the kind and the place', () => {
  expect(
    check(
      'deployments',
      "object.spec.replicas > '1'",
      'object.spec.nonsense == 1',
      "variables.count + 'x' == 'y'",
    ),
  ).toEqual([
    expect.stringContaining(
      "spec.validations[0].expression: apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_>_' applied to '(int, string)'",
    ),
    expect.stringContaining("undefined field 'nonsense'"),
    expect.stringContaining("found no matching overload for '_+_' applied to '(int, string)'"),
  ])
})

test('custom kinds are known by their schema, and have names whatever it says', () => {
  expect(
    check(
      'crontabs',
      "object.spec.note == 'x' && object.metadata.labels['a'] != '' && object.kind == 'CronTab'",
    ),
  ).toEqual([])
  expect(check('crontabs', 'object.spec.note == 1')).toHaveLength(1)
})

test('a resource is known by its singular and in any letters, params by their kind alone, and what is asked for not at all', () => {
  expect(check('Deployment', 'object.nonsense == 1')).toHaveLength(1)
  expect(check('deployments', 'params.data == 1')[0]).toContain("undeclared reference to 'params'")
  expect(check('deployments', "authorizer.requestResource.check('get').allowed()")[0]).toContain(
    "unexpected failed resolution of 'kubernetes.authorization.Authorizer'",
  )
})

test('what stands below a character of several bytes is as wide as cel-go makes it', () => {
  expect(check('deployments', "object.metadata.name == 'ü' && object.nonsense == 1")[0]).toContain(
    `${'.'.repeat(25)}．${'.'.repeat(11)}^`,
  )
})

test('nothing is said of kinds that nobody knows, nor of wildcards', () => {
  expect(check('others', 'object.nonsense')).toEqual([])
  expect(check('*', 'object.nonsense')).toEqual([])
})
