import { expect, test } from 'bun:test'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { toCachedObject } from './cached-object.ts'

const make = (name: string): KubeObject => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: {
    name,
    labels: { app: 'web' },
    managedFields: [
      {
        manager: 'kubectl',
        operation: 'Update',
        apiVersion: 'v1',
        fieldsType: 'FieldsV1',
        fieldsV1: { 'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } } },
      },
    ],
  },
})

const cached = (name: string) =>
  toCachedObject({ key: name, object: make(name), revision: 7, createRevision: 7, storedBytes: 100 }).object

test('objects say what they said before, and equal sets of fields are one', () => {
  const [a, b] = [cached('a'), cached('b')]
  expect(a).toEqual({ ...make('a'), metadata: { ...make('a').metadata, resourceVersion: '7' } })
  expect(a.metadata.managedFields![0]!.fieldsV1).toBe(b.metadata.managedFields![0]!.fieldsV1!)
  expect(Object.isFrozen(a.metadata.managedFields![0]!.fieldsV1!['f:metadata'])).toBe(true)
})

test('objects that are made together share labels, owners and entries of managers whole', () => {
  const owned = (name: string, owner: string) => {
    const object = make(name)
    const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner, uid: owner }
    object.metadata.ownerReferences = [reference]
    return toCachedObject({ key: name, object, revision: 7, createRevision: 7, storedBytes: 100 }).object
      .metadata
  }
  const [a, b, other] = [owned('a', 'web'), owned('b', 'web'), owned('c', 'db')]
  expect(a.labels).toBe(b.labels!)
  expect(a.ownerReferences).toBe(b.ownerReferences!)
  expect(a.managedFields).toBe(b.managedFields!)
  expect(other.ownerReferences![0]!.name).toBe('db')
  expect(a.ownerReferences![0]!.name).toBe('web')
})

test('a set of fields that differs is another one', () => {
  const other = make('c')
  other.metadata.managedFields![0]!.fieldsV1 = { 'f:metadata': { 'f:labels': { 'f:app': {} } } }
  const { object } = toCachedObject({
    key: 'c',
    object: other,
    revision: 8,
    createRevision: 8,
    storedBytes: 100,
  })
  expect(object.metadata.managedFields![0]!.fieldsV1).toEqual({
    'f:metadata': { 'f:labels': { 'f:app': {} } },
  })
})
