import { expect, test } from 'bun:test'
import { samplesOf, singlesOf } from './schema-samples.ts'

const schema = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', pattern: '^[a-z]{3}$' },
        mode: { type: 'string', enum: ['on', 'off'] },
        sizes: { type: 'array', items: { type: 'integer' }, minItems: 2 },
      },
    },
  },
}

test('samples of a schema are good and bad in the way that their names tell, and the same each time', () => {
  const samples = Object.fromEntries(samplesOf(schema)) as Record<string, { spec: Record<string, unknown> }>
  expect(samples.least?.spec).toEqual({ name: expect.stringMatching(/^[a-z]{3}$/) })
  expect(samples.whole?.spec).toMatchObject({ mode: 'on', sizes: [1, 1] })
  expect(samples['without what it needs']?.spec).not.toHaveProperty('name')
  expect(samples['of wrong types']?.spec).toMatchObject({ name: 7, sizes: ['x', 'x'] })
  expect(samples['with strange fields']?.spec).toMatchObject({ noSuchField: 1 })
  expect(samplesOf(schema)).toEqual(samplesOf(schema))
})

test('each field of a spec stands once beside what has to be there', () => {
  expect(singlesOf(schema).map(([name]) => name)).toEqual(['name', 'mode', 'sizes'])
  expect(Object.keys((singlesOf(schema)[1]![1] as { spec: object }).spec)).toEqual(['name', 'mode'])
})
