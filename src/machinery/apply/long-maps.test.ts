import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { KubeObject } from '../meta/object.ts'
import { updateManagedFields } from './index.ts'
import { field, struct, workloadSchema } from './testing.ts'

const strings = { kind: 'map', values: { kind: 'string' } } as const
const schema = struct('ConfigMap', ...workloadSchema.fields.values(), field('data', strings))
const writer = { manager: 'a', apiVersion: 'v1', now: '2026-01-01T00:00:00Z' }

/** More members than are compared at once, all alike in both; what a test is about lies among them. */
const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`key-${at}`, '']))

function ownersOf(live: object | undefined, next: object): unknown {
  const object = (data: object, uid?: string): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', ...(uid && { uid }) },
    ...{ data },
  })
  const before = live && object(live, 'u')
  const managedFields = before && updateManagedFields({ ...writer, schema, live: undefined, next: before })
  if (before && managedFields) before.metadata.managedFields = managedFields
  const managed = updateManagedFields({
    ...writer,
    manager: 'b',
    schema,
    live: before,
    next: object(next, 'u'),
  })
  const data = managed?.map(({ manager, fieldsV1 }) => [
    manager,
    (fieldsV1 as { 'f:data'?: object })?.['f:data'],
  ])
  return data?.map(([manager, set]) => [
    manager,
    Object.keys(set ?? {}).filter(element => !element.startsWith('f:key-')),
  ])
}

const small = fc.dictionary(
  fc.constantFrom('a', 'b', '.', '__proto__', 'constructor', 'z'),
  fc.constantFrom('', '1', '2'),
  { maxKeys: 4 },
)

test('a long map has the owners of a short one', () => {
  const property = fc.property(fc.option(small, { nil: undefined }), small, (live, next) => {
    const base = { base: '' }
    const short = ownersOf(live && { ...base, ...live }, { ...base, ...next })
    const long = ownersOf(live && { ...many, ...base, ...live }, { ...many, ...base, ...next })
    expect(long).toEqual(short)
  })
  fc.assert(property, { numRuns: 40 })
}, 60_000)

const values = fc.oneof(small, fc.array(fc.nat(), { maxLength: 3 }), fc.constantFrom(null, '', 1, true))
const parts = fc.dictionary(fc.constantFrom('a', 'b', 'c', '.'), values, { maxKeys: 4 })
const items = fc.uniqueArray(
  fc.record({ name: fc.constantFrom('x', 'y', 'z', '<'), image: fc.constantFrom('1', '2') }),
  {
    selector: ({ name }) => name,
    maxLength: 3,
  },
)
const crowd = Array.from({ length: 400 }, (_, at) => ({ name: `c${at}`, image: 'i' }))
const wide = Object.fromEntries(Array.from({ length: 1_500 }, (_, at) => [`w${at}`, { at }]))

function shaped(free: object, containers: readonly object[]): KubeObject {
  const spec = { containers: [...crowd, ...containers] }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u' }, spec }
  return { ...object, ...{ free: { ...wide, ...free } } } as KubeObject
}

test('whose an object is stays the same when it is compared with pauses', () => {
  const property = fc.property(parts, items, parts, items, (freeBefore, before, freeAfter, after) => {
    const made = (isLong: boolean) => {
      const live = shaped(freeBefore, before)
      const first = updateManagedFields({ ...writer, schema, live: undefined, next: live, isLong })
      if (first) live.metadata.managedFields = first
      const next = shaped(freeAfter, after)
      return JSON.stringify([
        first,
        updateManagedFields({ ...writer, manager: 'b', schema, live, next, isLong }),
      ])
    }
    expect(made(true)).toBe(made(false))
  })
  fc.assert(property, { numRuns: 40 })
}, 60_000)
