import { expect, test } from 'bun:test'
import type { Results, TestResult } from './results.ts'
import { sampleOf } from './sample.ts'

const passed = (name: string, more: Partial<TestResult> = {}): TestResult => ({
  ...{ name, result: 'passed', seconds: 3, streak: 5 },
  ...more,
})
const of = (...tests: TestResult[]): Results => ({ suite: 'v1', commit: '', date: '', tests })

test('a sample is of tests that passed often, are quick and run beside others', () => {
  const results = of(
    passed('[sig-node] good'),
    passed('[sig-node] failed', { result: 'failed' }),
    passed('[sig-node] slow', { seconds: 60 }),
    passed('[sig-node] alone [Serial]'),
    passed('[sig-node] once', { streak: 1 }),
  )
  expect(sampleOf(results, 0)).toEqual(['[sig-node] good'])
})

test('every good test is in the sample of some round, and none twice in one', () => {
  const names = Array.from({ length: 100 }, (_, index) => `[sig-node] test ${index}`)
  const results = of(...names.map(name => passed(name)))
  const seen = new Set<string>()
  for (let round = 0; round < 20; round++) {
    const sample = sampleOf(results, round)
    expect(new Set(sample).size).toBe(sample.length)
    expect(sample.length).toBeLessThan(20)
    for (const name of sample) seen.add(name)
  }
  expect(seen.size).toBe(names.length)
})
