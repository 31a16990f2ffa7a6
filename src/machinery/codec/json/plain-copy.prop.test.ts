import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { plainCopy } from './plain-copy.ts'

const anyValue = fc.object({ maxDepth: 2, maxKeys: 4, values: [fc.jsonValue(), fc.constant(undefined)] })

test('a plain copy is what writing as JSON and reading again gives, and shares no container', () => {
  const property = fc.property(anyValue, value => {
    const copy = plainCopy(value)
    expect(JSON.stringify(copy)).toBe(JSON.stringify(value))
    expect(copy).not.toBe(value)
  })
  fc.assert(property, { numRuns: 1_000 })
})

test('what is nested too deeply to be read as text is refused', () => {
  let deep: unknown = []
  for (let depth = 0; depth < 20_000; depth++) deep = { deep }
  expect(() => plainCopy(deep)).toThrow('exceeded max depth')
})
