import { expect, test } from 'bun:test'
import { compileIn } from '../compile.ts'
import { type BoundedSchema, boundsOf, sizesWithin } from '../declared-sizes.ts'
import { typeOfOpenApi } from '../declared-types.ts'
import { declare } from '../environment.ts'
import { estimateCost } from './estimate.ts'

const schema: BoundedSchema = {
  type: 'object',
  properties: {
    s: { type: 'string', maxLength: 5 },
    l: { type: 'array', items: { type: 'string', maxLength: 5 }, maxItems: 4 } as BoundedSchema,
    m: { type: 'object', additionalProperties: { type: 'integer' }, maxProperties: 3 } as BoundedSchema,
    e: { type: 'string', enum: ['abc', 'de'] },
  },
}

function costOf(text: string): number {
  const declared = typeOfOpenApi(schema, 'self', false)!
  const environment = declare({ variables: { self: declared.type }, findStructure: declared.find })
  const program = compileIn(environment, text)
  if ('fault' in program) throw new Error(program.fault)
  return estimateCost(program.checked, sizesWithin(boundsOf(schema, false)!)).max
}

/** Steps counted by hand after cel-go's rules: a name or selection is 1, a text of 20 bytes 2 for each walk. */
test.each<[string, number]>([
  ['true', 0],
  ['self.s', 2],
  ['has(self.s)', 1],
  ["self.s == 'abc'", 3],
  ["self.s.matches('ab')", 5],
  ["self.s.contains('ab')", 4],
  ["self.e.lowerAscii() == 'a'", 4],
  ['self.s + self.s == self.s', 12],
  ["self.l[0] == 'a'", 4],
  ["'a' in self.l", 6],
  ["['a', 'b']", 10],
  ['{1: 2}', 30],
  ["self.l.all(x, x == 'a')", 23],
  ['self.l.distinct().size() > 1', 47],
  ['lists.range(10).size() > 1', 23],
  ['true ? self.s : self.s + self.s', 8],
])('%s may cost %d', (text, cost) => {
  expect(costOf(text)).toBe(cost)
})

test('what is not bounded costs as much as fits into a request', () => {
  const unbounded: BoundedSchema = { type: 'object', properties: { s: { type: 'string' } } }
  expect(boundsOf(unbounded, false)?.fields?.get('s')?.max).toBe(3 * 1024 * 1024 - 2)
})
