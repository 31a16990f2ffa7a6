import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { copyToTouch, deleteTouched, setTouched, settle } from '../../machinery/meta/derived.ts'
import { dataScale } from './data-weight.ts'

type Data = Record<string, string>

const start = () =>
  Object.freeze(Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`key-${n}`, 'x'.repeat(n)])))

function touched(data: Data, changes: readonly (readonly [string, string | undefined])[]): Data {
  const copy = copyToTouch(data) as Data
  for (const [key, value] of changes) {
    if (value === undefined) deleteTouched(copy, key)
    else setTouched(copy, key, value)
  }
  settle(copy)
  return copy
}

const key = fc.oneof(
  fc.nat(110).map(n => `key-${n}`),
  fc.constantFrom('new', 'ü', '__proto__'),
)
const changes = fc.array(fc.tuple(key, fc.option(fc.string({ maxLength: 9 }), { nil: undefined })), {
  maxLength: 6,
})

test('patch after patch, data weighs what all of it weighs', () => {
  const weigh = dataScale(text => Buffer.byteLength(text))
  const property = fc.property(fc.array(changes, { maxLength: 5 }), patches => {
    let data: Data = start()
    for (const patch of patches) {
      data = touched(data, patch)
      const whole = Object.keys(data).reduce((sum, name) => sum + Buffer.byteLength(data[name]!), 0)
      expect(weigh(data, () => true)).toBe(whole)
    }
  })
  fc.assert(property, { numRuns: 300 })
})

test('of what was good only touched keys are asked about, and a bad one is not forgotten', () => {
  const weigh = dataScale(text => text.length)
  const asked: string[] = []
  const isGood = (name: string) => {
    asked.push(name)
    return name !== 'bad'
  }
  const first = touched(start(), [['a', '1']])
  weigh(first, isGood)
  expect(asked).toHaveLength(101)
  const second = touched(first, [['bad', '2']])
  weigh(second, isGood)
  expect(asked.slice(101)).toEqual(['bad'])
  weigh(touched(second, [['b', '3']]), isGood)
  expect(asked.slice(102)).toContain('bad')
})
