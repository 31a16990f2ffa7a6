import { expect, test } from 'bun:test'
import { simRandom } from '../std/sim-ports.ts'
import { createLabelIndexTwin, type LabelTest } from './label-index.ts'
import { createLabelIndex } from './label-index-wasm.ts'

const random = simRandom(11)
const below = (n: number) => Math.floor(random.next() * n)
const operators = ['in', 'notin', '=', '!=', 'exists', '!'] as const

function labels(): Record<string, string> | undefined {
  if (below(10) === 0) return undefined
  return Object.fromEntries(Array.from({ length: below(5) }, () => [`key-${below(8)}`, `value-${below(6)}`]))
}

function oneTest(): LabelTest {
  const operator = operators[below(operators.length)]!
  const many = operator === 'in' || operator === 'notin' ? 1 + below(4) : 1
  const values =
    operator === 'exists' || operator === '!' ? [] : Array.from({ length: many }, () => `value-${below(9)}`)
  return { key: `key-${below(10)}`, operator, values }
}

/** What a selector means, said without any index. */
function holds(test: LabelTest, object: Readonly<Record<string, string>> = {}): boolean {
  const value = object[test.key]
  const listed = value !== undefined && test.values.includes(value)
  if (test.operator === 'exists') return value !== undefined
  if (test.operator === '!') return value === undefined
  return test.operator === 'notin' || test.operator === '!=' ? !listed : listed
}

test('kernel, twin and meaning agree on 100,000 rows', () => {
  const [kernel, twin] = [createLabelIndex(), createLabelIndexTwin()]
  const objects: (Record<string, string> | undefined)[] = []
  let matched = 0
  while (matched < 100_000) {
    for (let changes = 0; changes < 200; changes++) {
      const row = below(4) === 0 ? below(objects.length || 1) : objects.length
      objects[row] = labels()
      for (const index of [kernel, twin]) index.set(row, objects[row])
    }
    const tests = Array.from({ length: below(4) }, oneTest)
    const expected = Buffer.from(objects.map(object => (tests.every(one => holds(one, object)) ? 1 : 0)))
    expect(Buffer.from(kernel.match(tests, objects.length))).toEqual(expected)
    expect(Buffer.from(twin.match(tests, objects.length))).toEqual(expected)
    matched += objects.length
  }
})
