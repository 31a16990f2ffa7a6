import { expect, test } from 'bun:test'
import { createMetrics, exponentialBuckets } from './metrics.ts'

test('counters and gauges are told by name, their labels by name and series by values, escaped', () => {
  const metrics = createMetrics()
  const total = metrics.counter({
    name: 'b_total',
    help: 'What b did.',
    labels: ['verb', 'path'],
    stability: 'ALPHA',
  })
  total.with('GET', '/').inc()
  total.with('GET', '/').inc(2)
  total.with('DELETE', 'a"b\\c\nd').inc()
  metrics.gauge({ name: 'a', help: 'Now.' }).with().set(1.5)
  expect(metrics.text()).toBe(
    '# HELP a Now.\n# TYPE a gauge\na 1.5\n' +
      '# HELP b_total [ALPHA] What b did.\n# TYPE b_total counter\n' +
      'b_total{path="/",verb="GET"} 3\nb_total{path="a\\"b\\\\c\\nd",verb="DELETE"} 1\n',
  )
})

test('a histogram counts in buckets that include their bounds, cumulated', () => {
  const metrics = createMetrics()
  const seconds = metrics.histogram({ name: 'h_seconds', help: 'H.', labels: ['x'], buckets: [0.5, 1] })
  for (const value of [0.5, 0.75]) seconds.with('y').observe(value)
  seconds.with('y').observe(1.5, 2)
  expect(metrics.text()).toBe(
    '# HELP h_seconds H.\n# TYPE h_seconds histogram\nh_seconds_bucket{x="y",le="0.5"} 1\n' +
      'h_seconds_bucket{x="y",le="1"} 2\nh_seconds_bucket{x="y",le="+Inf"} 4\n' +
      'h_seconds_sum{x="y"} 4.25\nh_seconds_count{x="y"} 4\n',
  )
})

test('the same name is one family, dropped series and empty families are not told', () => {
  const metrics = createMetrics()
  const spec = { name: 'g', help: 'G.', labels: ['of'] }
  metrics.gauge(spec).with('one').set(1)
  metrics.gauge(spec).with('two').add(2)
  metrics.gauge(spec).drop('one')
  metrics.counter({ name: 'never_total', help: 'N.' })
  expect(metrics.text()).toBe('# HELP g G.\n# TYPE g gauge\ng{of="two"} 2\n')
})

test('a reset starts counters anew and leaves gauges, fillers run before each reading', () => {
  const metrics = createMetrics()
  const asked = metrics.counter({ name: 'asked_total', help: 'A.' }).with()
  metrics.onRead(() => asked.inc())
  metrics.gauge({ name: 'open', help: 'O.' }).with().set(4)
  metrics.text()
  metrics.reset()
  expect(metrics.text()).toContain('asked_total 1\n')
  expect(metrics.text()).toContain('open 4\n')
})

test('exponential buckets grow by their factor', () => {
  expect(exponentialBuckets(1, 2, 4)).toEqual([1, 2, 4, 8])
  expect(exponentialBuckets(1e-8, 10, 5).at(-1)).toBe(9.999999999999999e-5)
})

test.each([
  [999_999, '999999'],
  [1_050_000, '1.05e+06'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [-2.5e21, '-2.5e+21'],
  [0, '0'],
  [Number.NEGATIVE_INFINITY, '-Inf'],
])('%p is told as Go writes it', (value, text) => {
  const metrics = createMetrics()
  metrics.gauge({ name: 'g', help: 'G.' }).with().set(value)
  expect(metrics.text()).toEndWith(`g ${text}\n`)
})

test('what is disabled is not told, and labels have the values that they may', () => {
  const metrics = createMetrics()
  metrics.restrict({
    disabled: new Set(['secret_total']),
    labelValues: new Map([['asked_total,user', new Set(['jane'])]]),
  })
  metrics.counter({ name: 'secret_total', help: 'S.' }).with().inc()
  const asked = metrics.counter({ name: 'asked_total', help: 'A.', labels: ['verb', 'user'] })
  for (const user of ['jane', 'tom', 'ann']) asked.with('get', user).inc()
  expect(metrics.text()).toBe(
    '# HELP asked_total A.\n# TYPE asked_total counter\n' +
      'asked_total{user="jane",verb="get"} 1\nasked_total{user="unexpected",verb="get"} 2\n' +
      '# HELP cardinality_enforcement_unexpected_categorizations_total [ALPHA] Values of labels that were told as unexpected.\n' +
      '# TYPE cardinality_enforcement_unexpected_categorizations_total counter\n' +
      'cardinality_enforcement_unexpected_categorizations_total 2\n',
  )
})
