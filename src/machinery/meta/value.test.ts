import { describe, expect, test } from 'bun:test'
import { controllerOf } from './owners.ts'
import { cloneDeep, deepEqual, deepFreeze, semanticEqual } from './value.ts'

describe('values', () => {
  test('equality follows content, not order or identity', () => {
    expect(deepEqual({ a: [1, { b: 2 }], c: null }, { c: null, a: [1, { b: 2 }] })).toBe(true)
    expect(deepEqual({ a: undefined }, {})).toBe(true)
    expect(deepEqual({ a: [1] }, { a: [1, 2] })).toBe(false)
    expect(deepEqual([], {})).toBe(false)
    expect(deepEqual({}, { a: null })).toBe(false)
    expect(deepEqual({ constructor: 'x' }, {})).toBe(false)
    expect(deepEqual({}, { constructor: 'x' })).toBe(false)
    expect(deepEqual({ a: '1' }, { a: '1', valueOf: undefined })).toBe(true)
  })

  test('semantic equality takes absent, null and empty for the same', () => {
    expect(semanticEqual({ a: {}, b: [], c: null }, {})).toBe(true)
    expect(semanticEqual({ a: { b: [] } }, { a: null })).toBe(true)
    expect(semanticEqual({ a: 0 }, {})).toBe(false)
    expect(semanticEqual([1, null], [1, {}])).toBe(true)
  })

  test('a clone shares nothing and may be changed', () => {
    const original = deepFreeze({ a: [{ b: 1 }] }, true)
    const copy = cloneDeep(original)
    copy.a[0]!.b = 2
    expect(original.a[0]!.b).toBe(1)
    expect(() => Object.assign(original.a, [0])).toThrow()
  })

  test('a clone keeps odd keys, and leaves out members that are undefined', () => {
    const given = { a: [{ b: 1, c: undefined }], n: null, ...JSON.parse('{"__proto__": {"x": 1}}') }
    const copy = cloneDeep(given)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(given))
    expect(Object.keys(copy.a[0]!)).toEqual(['b'])
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
  })
})

test('the controller is the owner that says so', () => {
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'o', uid: 'u', controller: true }
  const child = { metadata: { ownerReferences: [{ ...reference, controller: false, uid: 'x' }, reference] } }
  expect(controllerOf(child)).toBe(reference)
  expect(controllerOf({ metadata: {} })).toBeUndefined()
})
