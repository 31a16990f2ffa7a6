import { expect, test } from 'bun:test'
import { createRegistry } from '../../api/registry.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { toCachedObject } from '../watchcache/cached-object.ts'
import { type ExactTerm, indexOf, placesOf } from './run-index.ts'

const resource = createRegistry().find('', 'v1', 'configmaps')!

const run = ['a', 'b', undefined, 'a', 'c'].map((app, n) => {
  const metadata = { name: String(n), ...(app && { labels: { app } }) }
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata } as KubeObject
  return toCachedObject({ key: String(n), object, revision: n + 1, createRevision: n + 1, storedBytes: 100 })
})

const placesFor = (term: ExactTerm) => placesOf(indexOf(resource, run, term), term)

test('a term names the places of those that have one of its values, in order', () => {
  expect(placesFor({ of: 'app', values: ['a'] })).toEqual([0, 3])
  expect(placesFor({ of: 'app', values: ['c', 'b', 'c'] })).toEqual([1, 4])
  expect(placesFor({ of: 'app', values: ['none'] })).toEqual([])
  expect(placesFor({ of: 'constructor', values: ['a'] })).toEqual([])
})

test('a field is read of each object once', () => {
  let reads = 0
  const of = ({ metadata }: KubeObject) => {
    reads++
    return metadata.name!
  }
  expect(placesFor({ of, values: ['3'] })).toEqual([3])
  expect(placesFor({ of, values: ['2'] })).toEqual([2])
  expect(reads).toBe(run.length)
})

test('keys that nobody has leave little behind, and what was asked for before is made again', () => {
  for (let n = 0; n < 100; n++) expect(placesFor({ of: `key-${n}`, values: ['a'] })).toEqual([])
  expect(placesFor({ of: 'app', values: ['b'] })).toEqual([1])
})
