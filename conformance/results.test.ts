import { expect, test } from 'bun:test'
import { exactly, select, sigOf } from './names.ts'
import { type Entry, merge, page } from './results.ts'

const names = ['[sig-node] a (1) [Conformance]', '[sig-node] b [Conformance]', '[sig-apps] c [Conformance]']
const entry = (name: string, result: Entry['result'], date: string): Entry => ({
  ...{ name, result, seconds: 3, commit: `commit-${date}`, date },
  ...(result === 'failed' ? { cause: 'it `broke`' } : {}),
})

test('every name has its newest result, and what was never run is not run', () => {
  const first = merge(names, undefined, [entry(names[0]!, 'failed', '1'), entry(names[1]!, 'passed', '2')])
  expect(first.tests.map(({ result }) => result)).toEqual(['failed', 'passed', 'notrun'])
  expect(first.commit).toBe('commit-2')
  const second = merge(names, first, [entry(names[0]!, 'passed', '3'), entry(names[1]!, 'failed', '1')])
  expect(second.tests.map(({ result }) => result)).toEqual(['passed', 'passed', 'notrun'])
  expect(second.tests[0]).not.toHaveProperty('cause')
  expect(second.suite).toMatch(/^v1\.35\./)
})

test('names that the suite no longer has are forgotten', () => {
  const before = merge(['[sig-node] gone'], undefined, [entry('[sig-node] gone', 'passed', '1')])
  expect(merge(names, before, []).tests.map(({ name }) => name)).toEqual(names)
})

test('the page scores each SIG and names what failed and what was not run', () => {
  const text = page(
    merge(names, undefined, [entry(names[0]!, 'failed', '1'), entry(names[1]!, 'passed', '2')]),
  )
  expect(text).toContain('| node | 1 | 1 | 0 | 2 |')
  expect(text).toContain('| **all** | 1 | 1 | 1 | 3 |')
  expect(text).toContain(`- ${names[0]}: \`it 'broke'\``)
  expect(text).toContain(`## Not run\n\n- ${names[2]}`)
})

test('tests are chosen by name and SIG, and focused on exactly', () => {
  expect(names.map(sigOf)).toEqual(['node', 'node', 'apps'])
  expect(select(names, { sigs: ['node'], skip: '\\(1\\)' })).toEqual([names[1]!])
  expect(select(names, { focus: 'c \\[' })).toEqual([names[2]!])
  const focus = new RegExp(exactly([names[0]!, names[2]!]))
  expect(names.filter(name => focus.test(`Kubernetes e2e suite ${name}`))).toEqual([names[0]!, names[2]!])
  expect(focus.test(`${names[0]} and more`)).toBe(false)
})
