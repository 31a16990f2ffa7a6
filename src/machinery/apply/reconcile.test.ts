import { expect, test } from 'bun:test'
import type { KubeObject } from '../meta/object.ts'
import type { ObjectSchema } from '../schema/schema.ts'
import { applyPatch } from './index.ts'
import { field } from './testing.ts'

/** A custom kind, whose `spec` is one value or not. */
function kindWith(atomic: boolean): ObjectSchema {
  const spec = field('spec', { kind: 'map', values: { kind: 'string' }, atomic })
  const fields = [
    field('apiVersion', 'string'),
    field('kind', 'string'),
    field('metadata', { kind: 'any' }),
    spec,
  ]
  return { kind: 'object', fields: new Map(fields.map(entry => [entry.name, entry])) }
}

test('who owned a member owns the whole where the schema makes it one value', () => {
  const writer = { apiVersion: 'example.com/v1', now: '2026-01-01T00:00:00Z', force: false }
  const applied = (spec: object) =>
    ({ apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' }, spec }) as unknown as KubeObject
  const one = { ...writer, manager: 'one', applied: applied({ a: '1' }) }
  const live = applyPatch({ ...one, schema: kindWith(false), live: undefined }).object
  const two = { ...writer, manager: 'two', live, applied: applied({ b: '2' }) }
  expect(() => applyPatch({ ...two, schema: kindWith(true) })).toThrow(
    'Apply failed with 1 conflict: conflict with "one": .spec',
  )
  expect(applyPatch({ ...two, schema: kindWith(false) }).managedFields).toHaveLength(2)
})
