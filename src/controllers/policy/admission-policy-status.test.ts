import { expect, test } from 'bun:test'
import { typeCheckWarnings } from '../../api/admissionregistration/type-check.ts'
import { facts } from '../../api/schema/index.ts'
import type { ValidatingAdmissionPolicy } from '../../api/types/admissionregistration-v1.gen.ts'
import { typeOfOpenApi, typeOfSchema } from '../../machinery/cel/declared-types.ts'

const crontab = {
  type: 'object',
  properties: {
    spec: { type: 'object', properties: { replicas: { type: 'integer' }, note: { type: 'string' } } },
  },
}

const source = {
  kindOf(group: string, version: string, plural: string) {
    const kind = { deployments: 'Deployment', crontabs: 'CronTab' }[plural]
    return kind ? { group, version, kind } : undefined
  },
  typeOf({ group, version, kind }: { group: string; version: string; kind: string }) {
    if (kind === 'CronTab') return typeOfOpenApi(crontab, kind, true)
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
    check('crontabs', "object.spec.note == 'x' && object.metadata.name != '' && object.kind == 'CronTab'"),
  ).toEqual([])
  expect(check('crontabs', 'object.spec.note == 1')).toHaveLength(1)
})

test('nothing is said of kinds that nobody knows, nor of wildcards', () => {
  expect(check('others', 'object.nonsense')).toEqual([])
  expect(check('*', 'object.nonsense')).toEqual([])
})
