import { expect, test } from 'bun:test'
import { runSteps } from '../../std/turns.ts'
import { printSteps } from './vast.ts'

test('what is written with pauses is what JSON has for it', () => {
  const items = Array.from({ length: 700 }, (_, at) => ({ at, gone: undefined, texts: ['"', String(at)] }))
  const tree = {
    metadata: { name: 'a', gone: undefined },
    empty: [],
    spec: {
      items,
      nested: [[items, 1], null, [undefined, ...items]],
      long: Object.fromEntries(items.entries()),
    },
  }
  const pieces = runSteps(printSteps(tree))
  expect(pieces.length).toBeGreaterThan(20)
  expect(pieces.join('')).toBe(JSON.stringify(tree))
})
