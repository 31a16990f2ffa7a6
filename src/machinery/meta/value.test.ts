import { describe, expect, test } from 'bun:test'
import { controllerOf, isControlledBy, objectKey, ownerReferenceTo, parseObjectKey } from './owners.ts'
import { cloneDeep, deepEqual, deepFreeze, semanticEqual } from './value.ts'

describe('values', () => {
  test('equality follows content, not order or identity', () => {
    expect(deepEqual({ a: [1, { b: 2 }], c: null }, { c: null, a: [1, { b: 2 }] })).toBe(true)
    expect(deepEqual({ a: undefined }, {})).toBe(true)
    expect(deepEqual({ a: [1] }, { a: [1, 2] })).toBe(false)
    expect(deepEqual([], {})).toBe(false)
    expect(deepEqual({}, { a: null })).toBe(false)
    expect(deepEqual({ constructor: Object }, {})).toBe(false)
  })

  test('semantic equality takes absent, null and empty for the same', () => {
    expect(semanticEqual({ a: {}, b: [], c: null }, {})).toBe(true)
    expect(semanticEqual({ a: { b: [] } }, { a: null })).toBe(true)
    expect(semanticEqual({ a: 0 }, {})).toBe(false)
    expect(semanticEqual([1, null], [1, {}])).toBe(true)
  })

  test('a clone shares nothing and may be changed', () => {
    const original = deepFreeze({ a: [{ b: 1 }] })
    const copy = cloneDeep(original)
    copy.a[0]!.b = 2
    expect(original.a[0]!.b).toBe(1)
    expect(() => Object.assign(original.a, [0])).toThrow()
  })
})

describe('owners', () => {
  const owner = { metadata: { name: 'o', namespace: 'n', uid: 'u' } }
  test('the controller is the one that says so, and only in the same incarnation', () => {
    const reference = ownerReferenceTo(owner, { group: 'apps', version: 'v1', kind: 'ReplicaSet' })
    expect(reference).toEqual({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      name: 'o',
      uid: 'u',
      controller: true,
      blockOwnerDeletion: true,
    })
    const child = {
      metadata: { ownerReferences: [{ ...reference, controller: false, uid: 'x' }, reference] },
    }
    expect(controllerOf(child)).toBe(reference)
    expect(isControlledBy(child, owner)).toBe(true)
    expect(isControlledBy(child, { metadata: { name: 'o', uid: 'new' } })).toBe(false)
  })

  test('keys lead back to names', () => {
    expect(objectKey(owner)).toBe('n/o')
    expect(parseObjectKey('n/o')).toEqual({ namespace: 'n', name: 'o' })
    expect(parseObjectKey(objectKey({ metadata: { name: 'node' } }))).toEqual({
      namespace: undefined,
      name: 'node',
    })
  })
})
