import { expect, test } from 'bun:test'
import { runSteps } from '../../std/turns.ts'
import { freezeLong } from './freeze-long.ts'
import type { KubeObject } from './object.ts'

test('what is long is frozen to its leaves, and what may still change is not', () => {
  const items = Array.from({ length: 2_000 }, (_, at) => ({ at, inner: { list: [{ deep: true }] } }))
  const fieldsV1 = Object.fromEntries(items.map(({ at }) => [`f:${at}`, {}]))
  const metadata = { name: 'a', labels: { a: 'b' }, managedFields: [{ fieldsV1 }, { manager: 'b' }] }
  const object = {
    apiVersion: 'v1',
    kind: 'A',
    metadata,
    spec: { items },
    status: {},
  } as unknown as KubeObject
  runSteps(freezeLong(object))
  expect(items.every(item => Object.isFrozen(item) && Object.isFrozen(item.inner.list[0]))).toBe(true)
  expect(Object.isFrozen(fieldsV1)).toBe(true)
  expect([object, metadata, metadata.labels, metadata.managedFields[1]].some(Object.isFrozen)).toBe(false)
})
