import { describe, expect, test } from 'bun:test'
import { workloadSchema } from '../apply/testing.ts'
import { deepFreeze } from '../meta/value.ts'
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from './index.ts'

describe('JSON patch', () => {
  test.each([
    [
      'adding a member',
      { foo: 'bar' },
      [{ op: 'add', path: '/baz', value: 'qux' }],
      { baz: 'qux', foo: 'bar' },
    ],
    ['adding an element', { foo: [1, 3] }, [{ op: 'add', path: '/foo/1', value: 2 }], { foo: [1, 2, 3] }],
    ['removing a member', { baz: 1, foo: 2 }, [{ op: 'remove', path: '/baz' }], { foo: 2 }],
    ['removing an element', { foo: [1, 2, 3] }, [{ op: 'remove', path: '/foo/1' }], { foo: [1, 3] }],
    ['replacing a value', { baz: 1 }, [{ op: 'replace', path: '/baz', value: 2 }], { baz: 2 }],
    [
      'moving a value',
      { a: { b: 1 }, c: {} },
      [{ op: 'move', from: '/a/b', path: '/c/d' }],
      { a: {}, c: { d: 1 } },
    ],
    [
      'moving an element',
      { a: [1, 2, 3, 4] },
      [{ op: 'move', from: '/a/1', path: '/a/3' }],
      { a: [1, 3, 4, 2] },
    ],
    ['a test that holds', { a: ['x', 2] }, [{ op: 'test', path: '/a/1', value: 2 }], { a: ['x', 2] }],
    [
      'adding a nested object',
      { a: 1 },
      [{ op: 'add', path: '/b', value: { c: {} } }],
      { a: 1, b: { c: {} } },
    ],
    ['ignoring unknown members', { a: 1 }, [{ op: 'add', path: '/b', value: 2, xyz: 3 }], { a: 1, b: 2 }],
    ['escapes', { '/': 9, '~1': 10 }, [{ op: 'replace', path: '/~01', value: 1 }], { '/': 9, '~1': 1 }],
    ['adding an array value', { a: ['b'] }, [{ op: 'add', path: '/a/-', value: ['c'] }], { a: ['b', ['c']] }],
    [
      'copying',
      { a: { b: 1 } },
      [
        { op: 'copy', from: '/a', path: '/c' },
        { op: 'add', path: '/c/d', value: 2 },
      ],
      { a: { b: 1 }, c: { b: 1, d: 2 } },
    ],
    ['a negative index', { a: [1, 2] }, [{ op: 'remove', path: '/a/-1' }], { a: [1] }],
    ['replacing all', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['replacing what is missing', { a: 1 }, [{ op: 'replace', path: '/b', value: 2 }], { a: 1, b: 2 }],
  ])('%s', (_, document, patch, wanted) => {
    expect(applyJsonPatch<unknown>(deepFreeze(document, true), deepFreeze(patch, true))).toEqual(wanted)
  })

  test('unchanged parts are shared, and a patch cannot reach into its own values', () => {
    const value = { deep: {} }
    const document = deepFreeze({ keep: { a: 1 }, change: {} as Record<string, unknown> })
    const patch = [
      { op: 'add', path: '/change/x', value },
      { op: 'add', path: '/change/x/deep/y', value: 1 },
    ]
    const result = applyJsonPatch(document, patch)
    expect(result.keep).toBe(document.keep)
    expect(result.change).toEqual({ x: { deep: { y: 1 } } })
    expect(value).toEqual({ deep: {} })
  })

  test.each([
    ['a failing test', [{ op: 'test', path: '/a', value: 2 }], 'testing value /a failed: test failed'],
    [
      'a missing parent',
      [{ op: 'add', path: '/x/y', value: 1 }],
      'add operation does not apply: doc is missing path: "/x/y": missing value',
    ],
    [
      'removing what is missing',
      [{ op: 'remove', path: '/x' }],
      "error in remove for path: '/x': Unable to remove nonexistent key: x: missing value",
    ],
    ['an unknown operation', [{ op: 'spam', path: '/a' }], 'Unexpected kind: spam'],
    ['an index out of bounds', [{ op: 'add', path: '/l/5', value: 1 }], 'Unable to access invalid index: 5'],
  ])('%s is a 422 whose cause says why', (_, patch, why) => {
    try {
      applyJsonPatch({ a: 1, l: [] }, patch)
      throw new Error('applied')
    } catch (error) {
      expect(error).toMatchObject({
        message: 'the server rejected our request due to an error in our request',
        status: { code: 422, reason: 'Invalid' },
        cause: { message: why },
      })
    }
  })

  test('what is no list of operations is a 400, too many are a 413, too much copying a 422', () => {
    expect(() => applyJsonPatch({}, { op: 'add' })).toThrow(
      'json: cannot unmarshal object into Go value of type jsonpatch.Patch',
    )
    expect(() =>
      applyJsonPatch(
        {},
        Array.from({ length: 10_001 }, () => ({})),
      ),
    ).toThrow('Request entity too large: The allowed maximum operations in a JSON patch is 10000, got 10001')
    const doubling = Array.from({ length: 30 }, (_, index) => ({
      op: 'copy',
      from: '/a',
      path: `/a/k${index}`,
    }))
    expect(() => applyJsonPatch({ a: { x: 'y'.repeat(100) } }, doubling)).toThrow(
      'the server rejected our request',
    )
  })
})

describe('merge patch', () => {
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ] as [object, object, object][])('%j with %j is %j', (document, patch, wanted) => {
    expect(applyMergePatch(deepFreeze(document, true), deepFreeze(patch, true))).toEqual(wanted)
  })

  test('a patch that is no object is refused', () => {
    expect(() => applyMergePatch({}, ['c'])).toThrow(
      'cannot unmarshal array into Go value of type map[string]interface {}',
    )
    expect(() => applyMergePatch({}, null)).toThrow('Invalid JSON Patch')
  })
})

describe('strategic merge patch', () => {
  const patchSpec = (spec: object, patch: object) => {
    const result = applyStrategicPatch<{ spec: object }>(
      workloadSchema,
      deepFreeze({ spec }, true),
      deepFreeze({ spec: patch }, true),
    )
    return result.spec
  }
  const named = (...names: string[]) => names.map(name => ({ name }))

  test('lists merge by key; new elements come first', () => {
    const containers = [{ name: 'a', image: 'i' }, { name: 'b' }]
    expect(patchSpec({ containers }, { containers: [{ name: 'b', image: 'j' }, { name: 'c' }] })).toEqual({
      containers: [{ name: 'a', image: 'i' }, { name: 'b', image: 'j' }, { name: 'c' }],
    })
    expect(patchSpec({ containers }, { containers: named('c') })).toEqual({
      containers: [{ name: 'c' }, { name: 'a', image: 'i' }, { name: 'b' }],
    })
  })

  test('$patch deletes and replaces elements, lists and objects', () => {
    const containers = named('a', 'b')
    expect(patchSpec({ containers }, { containers: [{ name: 'a', $patch: 'delete' }] })).toEqual({
      containers: named('b'),
    })
    expect(patchSpec({ containers }, { containers: [{ $patch: 'replace' }, { name: 'c' }] })).toEqual({
      containers: named('c'),
    })
    expect(
      patchSpec({ strategy: { type: 'x' } }, { strategy: { $patch: 'replace', rollingUpdate: {} } }),
    ).toEqual({
      strategy: { rollingUpdate: {} },
    })
  })

  test('lists that do not merge are replaced, sets of primitives are united', () => {
    const containers = [{ name: 'a', args: ['x', 'y'] }]
    expect(patchSpec({ containers }, { containers: [{ name: 'a', args: ['z'] }] })).toEqual({
      containers: [{ name: 'a', args: ['z'] }],
    })
    const metadata = { finalizers: ['a', 'b'] }
    const patched = (patch: object) =>
      applyStrategicPatch<object>(workloadSchema, { metadata }, { metadata: patch })
    expect(patched({ finalizers: ['c', 'a'] })).toEqual({ metadata: { finalizers: ['c', 'a', 'b'] } })
    expect(patched({ '$deleteFromPrimitiveList/finalizers': ['a'] })).toEqual({
      metadata: { finalizers: ['b'] },
    })
    expect(() => patched({ '$deleteFromPrimitiveList/finalizers': [{ a: 'b' }] })).toThrow(
      'list element types are not identical: [[a b] [map[a:b]]]',
    )
  })

  test('$setElementOrder puts elements in order and keeps the server’s own', () => {
    const patch = { '$setElementOrder/containers': named('c', 'a'), containers: named('c') }
    expect(patchSpec({ containers: named('a', 'side') }, patch)).toEqual({
      containers: named('c', 'a', 'side'),
    })
    expect(() =>
      patchSpec({}, { '$setElementOrder/containers': named('a', 'b'), containers: named('b', 'a') }),
    ).toThrow(
      "The order in patch list:\n[map[name:b] map[name:a]]\n doesn't match $setElementOrder list:\n[map[name:a] map[name:b]]\n",
    )
    expect(() => patchSpec({}, { '$setElementOrder/nothing': [] })).toThrow('for the json field "nothing"')
    expect(() => patchSpec({ containers: named('a') }, { '$setElementOrder/containers': ['a'] })).toThrow(
      'value for key 0 is not a map',
    )
  })

  test('$retainKeys clears what it does not list', () => {
    const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }
    const patch = { strategy: { $retainKeys: ['type'], type: 'Recreate' } }
    expect(patchSpec({ strategy }, patch)).toEqual({ strategy: { type: 'Recreate' } })
    expect(() => patchSpec({ strategy }, { strategy: { $retainKeys: ['type'], other: 1 } })).toThrow(
      'invalid patch format of retainKeys',
    )
  })

  test('null removes, and nulls and directives never end up in the object', () => {
    expect(patchSpec({ replicas: 1, paused: true }, { replicas: null })).toEqual({ paused: true })
    expect(patchSpec({}, { strategy: { type: null, rollingUpdate: { $patch: 'delete' } } })).toEqual({
      strategy: {},
    })
  })

  test('null changes nothing; what is no object is refused', () => {
    const original = deepFreeze({ spec: {} })
    expect(applyStrategicPatch(workloadSchema, original, null)).toBe(original)
    expect(() => applyStrategicPatch(workloadSchema, original, [])).toThrow(
      'json: cannot unmarshal array into Go value of type map[string]interface {}',
    )
  })

  test('an element without its key is refused with the whole element', () => {
    expect(() => patchSpec({ containers: named('a') }, { containers: [{ image: 'i' }] })).toThrow(
      'map: map[image:i] does not contain declared merge key: name',
    )
    expect(() => patchSpec({ strategy: { x: {} } }, { strategy: { x: { y: 1 } } })).toThrow(
      'unable to find api field in struct Strategy for the json field "x"',
    )
  })
})
