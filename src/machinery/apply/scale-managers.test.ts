import { expect, test } from 'bun:test'
import type { ManagedFieldsEntry } from '../meta/object.ts'
import { fromScaleEntries, toScaleEntries } from './scale-managers.ts'

const place = { apiVersion: 'apps/v1', path: ['spec', 'replicas'] }
const entry = (manager: string, spec: object, more: object = {}): ManagedFieldsEntry => ({
  manager,
  operation: 'Apply',
  apiVersion: 'apps/v1',
  fieldsType: 'FieldsV1',
  fieldsV1: { 'f:spec': spec },
  ...more,
})
const owner = entry('owner', { 'f:paused': {}, 'f:replicas': {} })
const other = entry('other', { 'f:paused': {} })
const scale = (manager: string) =>
  entry(manager, { 'f:replicas': {} }, { apiVersion: 'autoscaling/v1', subresource: 'scale' })

test('a scale shows who owns the replicas, in its own version', () => {
  expect(toScaleEntries([owner, other], place)).toEqual([
    entry('owner', { 'f:replicas': {} }, { apiVersion: 'autoscaling/v1' }),
  ])
  expect(toScaleEntries(undefined, place)).toBeUndefined()
})

test('a new owner takes the replicas and nothing else', () => {
  expect(fromScaleEntries([owner, other], [scale('scaler')], place)).toEqual([
    other,
    entry('owner', { 'f:paused': {} }),
    entry('scaler', { 'f:replicas': {} }, { subresource: 'scale' }),
  ])
})

test('an owner that the scale names still keeps its entry as it is', () => {
  const named = { ...owner, apiVersion: 'autoscaling/v1', fieldsV1: { 'f:spec': { 'f:replicas': {} } } }
  expect(fromScaleEntries([owner], [named], place)).toEqual([owner])
})
