import { expect, test } from 'bun:test'
import { begin, remaining } from './plan.ts'
import type { Entry, Results } from './results.ts'

const names = ['[sig-node] a', '[sig-node] b', '[sig-node] c', '[sig-apps] d']
const at = (minute: number) => `2026-01-01T00:${String(minute).padStart(2, '0')}:00.000Z`
const ended = (name: string, minute: number, result: Entry['result'] = 'passed'): Entry => ({
  ...{ name, result, seconds: 1, commit: 'x' },
  date: at(minute),
})
const results: Results = {
  ...{ suite: 'v1', commit: '', date: '' },
  tests: [
    { name: names[0]!, result: 'failed', seconds: 1 },
    { name: names[1]!, result: 'passed', seconds: 1 },
    { name: names[2]!, result: 'failed', seconds: 1 },
  ],
}

test('a resumed run goes on with what it was begun for, whatever is typed then', () => {
  const plan = begin(names, { sigs: ['node'], last: [] }, results, at(5))
  expect(plan.names).toEqual(names.slice(0, 3))
  const before = ended(names[1]!, 4)
  expect(remaining(plan, {}, [before, ended(names[0]!, 6)])).toEqual(names.slice(1, 3))
  expect(remaining(plan, { focus: 'c' }, [before])).toEqual([names[2]!])
})

test('one of the failed leaves out those that have failed again since', () => {
  const plan = begin(names, { last: ['failed'] }, results, at(5))
  expect(plan.names).toEqual([names[0]!, names[2]!])
  expect(remaining(plan, {}, [ended(names[0]!, 6, 'failed')])).toEqual([names[2]!])
})

test('what was never run can be asked for', () => {
  expect(begin(names, { last: ['notrun'] }, results, at(5)).names).toEqual([names[3]!])
})
