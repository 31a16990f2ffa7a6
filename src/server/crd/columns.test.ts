import { expect, test } from 'bun:test'
import { toColumns } from './columns.ts'

const born = '2026-01-01T00:00:00Z'
const object = {
  apiVersion: 'g/v1',
  kind: 'K',
  metadata: { name: 'one', creationTimestamp: born },
  spec: { size: 3 },
}

test('a kind whose definition lists no columns has its name and its age, as the kinds that are built in have them', () => {
  const columns = toColumns(undefined)
  expect(columns.map(({ name, type, description }) => [name, type, description])).toEqual([
    ['Name', 'string', ''],
    ['Age', 'date', ''],
  ])
  expect(columns.map(({ cell }) => cell(object, Date.parse(born) + 5000))).toEqual(['one', '5s'])
})

test('a column that tells nothing of itself is described by its path', () => {
  const [, size] = toColumns([{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }])
  expect(size).toMatchObject({
    description: 'Custom resource definition column (in JSONPath format): .spec.size',
  })
  expect(size!.cell(object, 0)).toBe(3)
})
