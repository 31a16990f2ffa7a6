import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { runSteps } from '../../../std/turns.ts'
import { parsePieces } from './pieces.ts'

const read = (piece: string) => JSON.parse(piece) as object
const spaces = fc.constantFrom(undefined, 1, '\t')

function told(parse: () => unknown): unknown {
  try {
    return { value: JSON.stringify(parse()) }
  } catch (error) {
    if (error instanceof SyntaxError) return 'no JSON'
    throw error
  }
}

const texts = fc
  .tuple(fc.jsonValue({ maxDepth: 4 }), spaces)
  .map(([value, space]) => JSON.stringify(value, undefined, space))
  .filter(text => text.startsWith('{') || text.startsWith('['))

test('a text in pieces of any length is what the engine reads at once', () => {
  fc.assert(
    fc.property(texts, fc.nat({ max: 40 }), (text, length) => {
      expect(told(() => runSteps(parsePieces(text, { read, length })))).toEqual(told(() => read(text)))
    }),
    { numRuns: 2_000 },
  )
})

test('a text with a sign too many or too few, or another one, is as much JSON in pieces as at once', () => {
  const sign = fc.constantFrom(...',:[]{}"\\ 0-1a')
  fc.assert(
    fc.property(
      texts,
      fc.nat(),
      fc.nat({ max: 1 }),
      sign,
      fc.nat({ max: 20 }),
      (text, at, cut, put, length) => {
        const place = at % text.length
        const damaged = text.slice(0, place) + put + text.slice(place + cut)
        if (!/^[[{]/.test(damaged)) return
        expect(told(() => runSteps(parsePieces(damaged, { read, length })))).toEqual(
          told(() => read(damaged)),
        )
      },
    ),
    { numRuns: 5_000 },
  )
})

test('names that come again, and those that objects have of their own, stay members', () => {
  const text = '{"a":[1,2],"__proto__":{"b":[1,2,3]},"a":{"__proto__":1,"c":[{},{"d":0}]},"10":1,"2":[]}'
  for (let length = 0; length < 30; length++) {
    const made = runSteps(parsePieces(text, { read, length }))
    expect(JSON.stringify(made)).toBe(JSON.stringify(read(text)))
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
  }
})

test('it tells which lists and maps were put together', () => {
  const text = JSON.stringify({
    short: [1],
    long: { items: Array.from({ length: 50 }, (_, at) => ({ at })) },
  })
  const long: object[] = []
  const made = runSteps(parsePieces(text, { read, length: 60, onLong: each => long.push(each) }))
  const { long: inner } = made as { long: { items: object[] } }
  expect(long).toEqual([inner.items, inner, made])
})
