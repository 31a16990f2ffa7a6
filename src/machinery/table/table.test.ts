import { describe, expect, test } from 'bun:test'
import type { KubeObject } from '../meta/object.ts'
import { firstFew, formatLabelSelector, formatLabels, since } from './cells.ts'
import { humanDuration } from './duration.ts'
import { toTable } from './table.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

describe('durations', () => {
  test.each([
    [-2 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [2 * minute + 5 * second, '2m5s'],
    [10 * minute + 59 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [3 * hour + 7 * minute, '3h7m'],
    [8 * hour + 59 * minute, '8h'],
    [47 * hour, '47h'],
    [48 * hour, '2d'],
    [7 * day + 23 * hour, '7d23h'],
    [8 * day + hour, '8d'],
    [729 * day, '729d'],
    [2 * 365 * day, '2y'],
    [2 * 365 * day + 3 * day, '2y3d'],
    [8 * 365 * day + day, '8y'],
  ])('%d ms is %s', (durationMs, text) => {
    expect(humanDuration(durationMs)).toBe(text)
  })
})

test('cells say what is missing', () => {
  expect(since(undefined, 0)).toBe('<unknown>')
  expect(since('2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1, 0, 5))).toBe('5m')
  expect(formatLabels({})).toBe('<none>')
  expect(formatLabels({ b: '2', a: '1' })).toBe('a=1,b=2')
  expect(formatLabelSelector({})).toBe('<none>')
  const selector = { matchExpressions: [{ key: 'a', operator: 'In', values: ['y', 'x'] }] }
  expect(formatLabelSelector(selector)).toBe('a in (x,y)')
  expect(firstFew(['a', 'b', 'c', 'd'], 3, '<none>')).toBe('a,b,c + 1 more...')
})

describe('tables', () => {
  const columns = [
    {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: '',
      priority: 0,
      cell: (o: KubeObject) => o.metadata.name,
    },
  ] as const
  const object = { apiVersion: 'v1', kind: 'Thing', metadata: { name: 'a' }, spec: {} }

  test('rows carry metadata unless asked otherwise', () => {
    const rows = (includeObject?: 'None' | 'Metadata' | 'Object') =>
      toTable(columns, [object], { nowMs: 0, ...(includeObject && { includeObject }) }).rows
    const metadata = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: { name: 'a' } }
    expect(rows()).toEqual([{ cells: ['a'], object: metadata }])
    expect(rows('Object')).toEqual([{ cells: ['a'], object }])
    expect(rows('None')).toEqual([{ cells: ['a'], object: null }])
  })

  test('a cell may follow that no header tells of', () => {
    const surplus = { ...columns[0], name: 'Kind', cell: () => 'Thing', isUntold: true }
    const table = toTable<KubeObject>([...columns, surplus], [object], { nowMs: 0 })
    expect(table.columnDefinitions!.map(({ name }) => name)).toEqual(['Name'])
    expect(table.rows[0]!.cells).toEqual(['a', 'Thing'])
  })

  test('headers describe the columns and can be left out', () => {
    const header = { name: 'Name', type: 'string', format: 'name', description: '', priority: 0 }
    expect(toTable<KubeObject>(columns, [], { nowMs: 0 }).columnDefinitions).toEqual([header] as never)
    expect(toTable(columns, [], { nowMs: 0, noHeaders: true }).columnDefinitions).toBeNull()
  })
})
