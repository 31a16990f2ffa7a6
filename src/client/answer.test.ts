import { expect, test } from 'bun:test'
import { parseAnswer } from './answer.ts'

const read = (value: unknown) => parseAnswer(JSON.stringify(value))

test('nulls of built-in kinds are absent, alone, in lists and in watch events', () => {
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'Role', metadata: {}, rules: null }
  const { rules: _, ...bare } = role
  expect(read(role)).toEqual(bare)
  expect(read({ type: 'ADDED', object: role })).toEqual({ type: 'ADDED', object: bare })
  const items = [
    { metadata: {}, rules: null },
    { metadata: {}, rules: [{ verbs: null }] },
  ]
  expect(read({ ...bare, kind: 'RoleList', items })).toEqual({
    ...bare,
    kind: 'RoleList',
    items: [{ metadata: {} }, { metadata: {}, rules: [{}] }],
  })
})

test('nulls of custom kinds stay', () => {
  const thing = { apiVersion: 'example.org/v1', kind: 'Thing', metadata: {}, spec: { size: null } }
  expect(read(thing)).toEqual(thing)
  expect(read([null])).toEqual([null])
})
