import { expect, test } from 'bun:test'
import { simulate } from './scenario.ts'

const small = { nodes: 6, podsPerNode: 8, chaosMs: 60_000 }

test('the same seed gives the same trace, byte by byte; another seed gives another', async () => {
  const [first, again, other] = [
    await simulate({ ...small, seed: 5 }),
    await simulate({ ...small, seed: 5 }),
    await simulate({ ...small, seed: 6 }),
  ]
  expect(first.failures).toEqual([])
  expect(other.failures).toEqual([])
  expect({ hash: again.hash, commits: again.commits }).toEqual({ hash: first.hash, commits: first.commits })
  expect(other.hash).not.toBe(first.hash)
}, 60_000)

test('100 nodes with 30 pods each keep every promise through faults, restarts and the loss of nodes', async () => {
  const report = await simulate({ seed: 1, nodes: 100, podsPerNode: 30, chaosMs: 90_000 })
  expect(report.failures).toEqual([])
  expect(report.counts.get('core/pods')).toBeGreaterThan(3_000 * 5)
  for (const fault of [
    'answer lost',
    'call delayed',
    'call refused',
    'store write delayed',
    'watch ended',
    'watch lagged',
  ])
    expect([fault, report.faults.get(fault) ?? 0]).not.toEqual([fault, 0])
}, 180_000)
