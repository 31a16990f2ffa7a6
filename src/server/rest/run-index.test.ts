import { expect, test } from 'bun:test'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { placesOf } from './run-index.ts'

const run = ['a', 'b', undefined, 'a', 'c'].map((app, n) => ({
  object: { metadata: { name: String(n), ...(app && { labels: { app } }) } } as unknown as KubeObject,
  encodings: new Map<string, Uint8Array>(),
}))

test('a term names the places of those that have one of its values, in order', () => {
  expect(placesOf(run, { of: 'app', values: ['a'] })).toEqual([0, 3])
  expect(placesOf(run, { of: 'app', values: ['c', 'b', 'c'] })).toEqual([1, 4])
  expect(placesOf(run, { of: 'app', values: ['none'] })).toEqual([])
  expect(placesOf(run, { of: 'constructor', values: ['a'] })).toEqual([])
})

test('a field is read of each object once', () => {
  let reads = 0
  const of = ({ metadata }: KubeObject) => {
    reads++
    return metadata.name!
  }
  expect(placesOf(run, { of, values: ['3'] })).toEqual([3])
  expect(placesOf(run, { of, values: ['2'] })).toEqual([2])
  expect(reads).toBe(run.length)
})
