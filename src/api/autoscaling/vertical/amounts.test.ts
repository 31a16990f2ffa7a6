import { expect, test } from 'bun:test'
import type { LimitRange, Pod } from '../../types/core-v1.gen.ts'
import { recommendedAmounts } from './pod-amounts.ts'
import type { VerticalPodAutoscaler } from './types.ts'
// Answered by upstream's own packages (its release 1.8.1).
import cases from './upstream-cases.json' with { type: 'json' }

test.each(cases.map(each => [each.name, each] as const))('%s', (_, { pod, autoscaler, ranges, want }) => {
  const found = recommendedAmounts(
    autoscaler as unknown as VerticalPodAutoscaler,
    pod as unknown as Pod,
    ranges as unknown as LimitRange[],
  )
  const sorted = found.map(each => ({ ...each, notes: [...each.notes].sort() }))
  expect(sorted as unknown).toEqual(want.amounts)
})
