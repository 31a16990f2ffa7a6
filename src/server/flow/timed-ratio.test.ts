import { expect, test } from 'bun:test'
import { createMetrics } from '../../std/metrics.ts'
import { createTimedRatio } from './timed-ratio.ts'

const spec = { name: 'r', help: 'R.', buckets: [0, 0.5, 1] }

test('each nanosecond is one observation of the part that the value is', () => {
  const metrics = createMetrics()
  const ratio = createTimedRatio(metrics.histogram(spec).with(), 0, 4)
  ratio.set(2, 1)
  ratio.add(2, 3)
  ratio.setWhole(8, 4)
  ratio.settle(10)
  const lines = metrics.text().split('\n')
  expect(lines).toContain('r_bucket{le="0"} 1000000')
  expect(lines).toContain('r_bucket{le="0.5"} 9000000')
  expect(lines).toContain('r_bucket{le="1"} 10000000')
})

test('mean and deviation weigh values by their time and start anew when asked', () => {
  const ratio = createTimedRatio(createMetrics().histogram(spec).with(), 0)
  ratio.set(4, 5)
  expect(ratio.summary(10)).toEqual({ mean: 2, deviation: 2 })
  expect(ratio.summary(20)).toEqual({ mean: 4, deviation: 0 })
})
