import { expect, test } from 'bun:test'
import { conform, decodeJson } from '../../machinery/codec/index.ts'
import { forgetEmpties, isGivenEmpty } from '../../machinery/schema/empties.ts'
import { exactFieldEqual, fieldEqual } from '../../machinery/schema/equal.ts'
import { toStoredForm } from '../../machinery/schema/stored-form.ts'
import { sameExactly, sameField } from '../shared/same-field.ts'
import { builtinKind } from './index.ts'

const policy = builtinKind('networking.k8s.io', 'v1', 'NetworkPolicy')
const spec = policy.fields.get('spec')!

function read(text: string) {
  return decodeJson(policy, text).object as { spec: { egress?: unknown; podSelector: object } }
}

test('what a client gave empty is absent and remembered where it was, until it is stored', () => {
  const given = read('{"spec":{"podSelector":{"matchLabels":{}},"egress":[]}}')
  expect(given.spec).toEqual({ podSelector: {} })
  expect(isGivenEmpty(given.spec, 'egress')).toBe(true)
  expect(isGivenEmpty(given.spec.podSelector, 'matchLabels')).toBe(true)
  expect(isGivenEmpty(given.spec, 'ingress')).toBe(false)
  forgetEmpties(given)
  expect(isGivenEmpty(given.spec, 'egress')).toBe(false)
  expect(isGivenEmpty(given.spec.podSelector, 'matchLabels')).toBe(false)
})

test('a struct is none of these, and a number or text is nothing when it is empty', () => {
  const pod = conform(builtinKind('', 'v1', 'Pod'), {
    spec: { hostname: '', containers: [{ resources: {} }] },
  })
  const { spec: read } = pod as { spec: { containers: object[] } }
  expect(isGivenEmpty(read, 'hostname')).toBe(false)
  expect(isGivenEmpty(read.containers[0], 'resources')).toBe(false)
})

test('only an exact comparison tells an empty list from none, at any depth', () => {
  const one = { ...read('{"spec":{"podSelector":{},"ingress":[{"ports":[]}]}}') }
  const other = { ...read('{"spec":{"podSelector":{},"ingress":[{}]}}') }
  expect(fieldEqual(spec, one, other)).toBe(true)
  expect(exactFieldEqual(spec, one, other)).toBe(false)
  expect(exactFieldEqual(spec, one, one)).toBe(true)
  expect(exactFieldEqual(spec, other, structuredClone(other))).toBe(true)
})

test('a field of a type is compared by the name of the type', () => {
  const type = 'k8s.io/api/batch/v1.JobSpec'
  expect(sameField(type, 'backoffLimitPerIndex', { backoffLimitPerIndex: 0 }, {})).toBe(false)
  expect(sameField(type, 'parallelism', { parallelism: 1 }, { parallelism: 1 })).toBe(true)
  expect(sameField('k8s.io/api/storage/v1.StorageClass', 'parameters', { parameters: {} }, undefined)).toBe(
    true,
  )
  expect(sameExactly('k8s.io/api/storage/v1.StorageClass', 'parameters', { parameters: {} }, {})).toBe(false)
})

test('an empty list that Go prints is nothing once it was stored, at any depth', () => {
  const role = { metadata: { name: 'a' }, rules: [] as unknown[] }
  toStoredForm(builtinKind('rbac.authorization.k8s.io', 'v1', 'Role'), role)
  expect(role).toEqual({ metadata: { name: 'a' } } as never)
  const node = { spec: { drivers: [{ name: 'd', nodeID: 'n', topologyKeys: [] }] } }
  toStoredForm(builtinKind('storage.k8s.io', 'v1', 'CSINode'), node)
  expect(node.spec.drivers[0]).toEqual({ name: 'd', nodeID: 'n' } as never)
})

test('what is frozen comes from the store and stays as it is', () => {
  const status = Object.freeze({ images: Object.freeze([Object.freeze({ names: Object.freeze([]) })]) })
  const node = { metadata: {}, status }
  toStoredForm(builtinKind('', 'v1', 'Node'), node)
  expect(node.status).toBe(status)
})
