import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createRegistry } from '../../api/registry.ts'
import { decodeValue, encodeProtobuf } from '../../machinery/codec/index.ts'
import type { JsonObject, KubeObject } from '../../machinery/meta/object.ts'
import { deepEqual, deepFreeze } from '../../machinery/meta/value.ts'
import { applyJsonPatch, applyMergePatch } from '../../machinery/patch/index.ts'
import { toCachedObject } from '../watchcache/cached-object.ts'
import { keepForm, storedForm } from '../watchcache/index.ts'
import { encodeStored } from './stored-edits.ts'

const resource = createRegistry().find('', 'v1', 'configmaps')!
const members = 300

const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as JsonObject

function conformed(object: unknown): KubeObject {
  return decodeValue(resource.schema, object).object as unknown as KubeObject
}

/** A large ConfigMap that has come through a patch before, as it lies in the cache with its bytes. */
function stored(object: KubeObject, bytes: Uint8Array) {
  const cached = toCachedObject({
    key: 'a',
    object,
    revision: 7,
    createRevision: 1,
    storedBytes: bytes.length,
  })
  keepForm(cached, storedForm, bytes)
  return cached
}

const first = () => {
  const data = Object.fromEntries(Array.from({ length: members }, (_, n) => [`key-${n}`, 'y'.repeat(80)]))
  const metadata = { name: 'large', labels: { app: 'x' }, annotations: {} }
  return conformed({ kind: 'ConfigMap', apiVersion: 'v1', metadata, data })
}

const key = fc.oneof(
  fc.nat(members + 20).map(n => `key-${n}`),
  fc.constantFrom('new', 'a.b', '__proto__', 'ü', 'm~n', 'a/b'),
)
const text = fc.string({ unit: 'grapheme', maxLength: 20 })
const path = key.map(name => `/data/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`)
const operation = fc.oneof(
  fc.record({ op: fc.constantFrom('add', 'replace'), path, value: text }),
  path.map(where => ({ op: 'remove', path: where })),
  fc.record({
    op: fc.constant('add'),
    path: fc.constantFrom('/metadata/labels/a', '/immutable'),
    value: text,
  }),
)
const jsonPatch = fc.array(operation, { maxLength: 12 })
const mergePatch = fc.record({ data: fc.dictionary(key, fc.oneof(text, fc.constant(null)), { maxKeys: 12 }) })

type Change = (current: KubeObject) => KubeObject

const change: fc.Arbitrary<Change> = fc.oneof(
  jsonPatch.map(
    (document): Change =>
      current =>
        applyJsonPatch(current, document),
  ),
  mergePatch.map(
    (document): Change =>
      current =>
        applyMergePatch(current, document),
  ),
)

/** Undefined where the patch is refused. */
function changed(change: Change, current: KubeObject): KubeObject | undefined {
  try {
    return change(current)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return undefined
  }
}

/** What `patched` is as a ConfigMap; undefined where it is none. */
function read(patched: unknown): KubeObject | undefined {
  try {
    return conformed(patched)
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return undefined
  }
}

test('patch after patch: objects, equality, stored bytes and messages are those of an object that remembers nothing', () => {
  const property = fc.property(fc.array(change, { maxLength: 6 }), changes => {
    let current = stored(first(), Buffer.from(JSON.stringify(first())))
    for (const change of changes) {
      const patched = changed(change, current.object)
      const forgetful = patched && read(plain(patched))
      const next = patched && read(patched)
      expect(next && plain(next)).toEqual(forgetful && plain(forgetful))
      if (!next || !forgetful) continue
      expect(deepEqual(next, current.object)).toBe(deepEqual(forgetful, current.object))
      delete next.metadata.resourceVersion
      delete forgetful.metadata.resourceVersion
      deepFreeze(next)
      const bytes = encodeStored(next, current)
      expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(plain(forgetful))
      expect(Buffer.from(encodeProtobuf(resource.schema, next))).toEqual(
        Buffer.from(encodeProtobuf(resource.schema, forgetful)),
      )
      current = stored(next, bytes)
    }
  })
  fc.assert(property, { numRuns: 150 })
}, 60_000)
