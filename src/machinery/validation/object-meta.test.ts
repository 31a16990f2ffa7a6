import { describe, expect, test } from 'bun:test'
import { nameIsDnsSubdomain } from '../meta/names.ts'
import type { ObjectMeta } from '../meta/object.ts'
import { createFieldErrors } from './field-errors.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from './object-meta.ts'

const rules = { namespaced: true, validateName: nameIsDnsSubdomain }
const old: ObjectMeta = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '1', generation: 2 }

function created(meta: ObjectMeta): string[] {
  const errors = createFieldErrors()
  validateObjectMeta(meta, rules, 'metadata', errors)
  return errors.list.map(({ field, message }) => `${field}: ${message}`)
}

function updated(change: ObjectMeta, before: ObjectMeta = old): string[] {
  const errors = createFieldErrors()
  validateObjectMetaUpdate({ ...before, ...change }, before, 'metadata', errors)
  return errors.list.map(({ field, message }) => `${field}: ${message}`)
}

describe('metadata', () => {
  test('a namespaced object has a name and a namespace', () => {
    expect(created({})).toEqual([
      'metadata.name: Required value: name or generateName is required',
      'metadata.namespace: Required value',
    ])
    expect(created({ name: 'a', namespace: 'n' })).toEqual([])
  })

  test('annotations weigh at most 256 KiB together', () => {
    const annotations = { a: 'x'.repeat(256 * 1024) }
    expect(created({ name: 'a', namespace: 'n', annotations })).toEqual([
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ])
  })

  test('a property of every object is no label of it', () => {
    expect(created({ name: 'a', namespace: 'n', labels: JSON.parse('{"constructor": "x"}') })).toEqual([])
  })

  test('what identifies an object stays', () => {
    expect(updated({})).toEqual([])
    expect(updated({ name: 'b', uid: 'v', generation: 1, resourceVersion: '' })).toEqual([
      'metadata.resourceVersion: Invalid value: "": must be specified for an update',
      'metadata.generation: Invalid value: 1: must not be decremented',
      'metadata.name: Invalid value: "b": field is immutable',
      'metadata.uid: Invalid value: "v": field is immutable',
    ])
  })

  test('an object that is being deleted gets no new finalizers', () => {
    const leaving = { ...old, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['a/b'] }
    expect(updated({ finalizers: ['a/b', 'c/d'] }, leaving)).toEqual([
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"c/d"}',
    ])
    expect(updated({ finalizers: [] }, leaving)).toEqual([])
  })
})

test('an owner names a version, alone or with its group', () => {
  const wrong = (apiVersion: string) =>
    created({ name: 'a', namespace: 'n', ownerReferences: [{ apiVersion, kind: 'K', name: 'n', uid: 'u' }] })
  for (const apiVersion of ['v1', 'apps/v1']) expect(wrong(apiVersion)).toEqual([])
  for (const apiVersion of ['', 'v1/x/y', 'apps/'])
    expect(wrong(apiVersion)[0]).toEndWith(`"${apiVersion}": version must not be empty`)
})
