import type { FamilyState, FamilyType, MetricSpec, SeriesState } from './metrics-state.ts'
import { renderFamilies } from './metrics-text.ts'

export type { MetricSpec } from './metrics-state.ts'

export interface HistogramSpec extends MetricSpec {
  /** Upper bounds, ascending, in the unit that the name ends with. */
  readonly buckets: readonly number[]
}

/** A number that only grows. */
export interface Counter {
  inc(by?: number): void
}

export interface Gauge {
  set(value: number): void
  add(by: number): void
}

export interface Histogram {
  /** `times`: so many observations of the same. */
  observe(value: number, times?: number): void
}

/** The series of one metric. Ask once for each set of label values and keep the handle: that is what makes it cheap. */
export interface Family<Series> {
  with(...values: string[]): Series
  /** Forgets a series whose subject is gone. */
  drop(...values: string[]): void
}

/** What of the metrics is told (component-base metrics options). */
export interface MetricRules {
  /** Families that are not. */
  readonly disabled: ReadonlySet<string>
  /** Values that a label may have, by `METRIC,LABEL`; all others are told as `unexpected`. */
  readonly labelValues: ReadonlyMap<string, ReadonlySet<string>>
}

const unexpected = 'unexpected'
const unexpectedTotal: MetricSpec = {
  name: 'cardinality_enforcement_unexpected_categorizations_total',
  help: 'Values of labels that were told as unexpected.',
  stability: 'ALPHA',
}

/** The metrics of a process. Asking for a name again answers the family that is there. */
export interface Metrics {
  counter(spec: MetricSpec): Family<Counter>
  gauge(spec: MetricSpec): Family<Gauge>
  histogram(spec: HistogramSpec): Family<Histogram>
  /** `fill` is called before each reading, for what is cheaper asked than kept. */
  onRead(fill: () => void): () => void
  /** `ask` is awaited by each `prepare`: for what another process has to be asked for. The result takes it away. */
  beforeRead(ask: () => Promise<void>): () => void
  /** To be awaited before `text` where somebody reads from outside. Never rejects: each `ask` tells its own troubles. */
  prepare(): Promise<void>
  /** Prometheus' text format 0.0.4, families by name. */
  text(): string
  /** From now on; series that somebody holds already stay as they are. */
  restrict(rules: MetricRules): void
  /** What was asked for so far, with or without series. */
  families(): readonly Pick<FamilyState, 'type' | 'spec' | 'buckets'>[]
  /** Counters and histograms start anew; gauges tell what is and stay. */
  reset(): void
}

class PlainSeries implements Counter, Gauge, SeriesState {
  readonly labels: readonly string[]
  value = 0
  constructor(labels: readonly string[]) {
    this.labels = labels
  }
  inc(by = 1): void {
    this.value += by
  }
  add(by: number): void {
    this.value += by
  }
  set(value: number): void {
    this.value = value
  }
}

class HistogramSeries implements Histogram, SeriesState {
  readonly labels: readonly string[]
  /** The sum of all observations. */
  value = 0
  /** Observations of each bucket alone; the last one is above all bounds. */
  readonly counts: number[]
  readonly #bounds: readonly number[]
  constructor(labels: readonly string[], bounds: readonly number[]) {
    this.labels = labels
    this.#bounds = bounds
    this.counts = new Array<number>(bounds.length + 1).fill(0)
  }
  observe(value: number, times = 1): void {
    const bounds = this.#bounds
    let index = 0
    while (index < bounds.length && value > bounds[index]!) index++
    this.counts[index]! += times
    this.value += value * times
  }
}

/** An empty registry; every process has one, in its ports. */
export function createMetrics(): Metrics {
  const families = new Map<string, FamilyState>()
  const fillers = new Set<() => void>()
  const askers = new Set<() => Promise<void>>()
  let rules: MetricRules | undefined
  const within = ({ name, labels = [] }: MetricSpec, values: readonly string[]): readonly string[] =>
    values.map((value, index) => {
      const allowed = rules?.labelValues.get(`${name},${labels[index]}`)
      if (!allowed || allowed.has(value)) return value
      metrics.counter(unexpectedTotal).with().inc()
      return unexpected
    })
  const open = <Series extends SeriesState>(
    type: FamilyType,
    spec: MetricSpec & { readonly buckets?: readonly number[] },
    make: (labels: readonly string[]) => Series,
  ): Family<Series> => {
    const buckets = spec.buckets ?? []
    const state = families.get(spec.name) ?? { type, spec, buckets, series: new Map() }
    families.set(spec.name, state)
    const series = state.series as Map<string, Series>
    return {
      with(...given) {
        const values = rules && rules.labelValues.size > 0 ? within(spec, given) : given
        const key = values.length === 1 ? values[0]! : values.join('\0')
        let known = series.get(key)
        if (!known) {
          known = make(values)
          series.set(key, known)
        }
        return known
      },
      drop: (...values) => void series.delete(values.join('\0')),
    }
  }
  const metrics: Metrics = {
    counter: spec => open('counter', spec, labels => new PlainSeries(labels)),
    gauge: spec => open('gauge', spec, labels => new PlainSeries(labels)),
    histogram: spec => open('histogram', spec, labels => new HistogramSeries(labels, spec.buckets)),
    onRead(fill) {
      fillers.add(fill)
      return () => void fillers.delete(fill)
    },
    beforeRead(ask) {
      askers.add(ask)
      return () => void askers.delete(ask)
    },
    async prepare() {
      await Promise.allSettled([...askers].map(ask => ask()))
    },
    text() {
      for (const fill of fillers) fill()
      return renderFamilies([...families.values()].filter(({ spec }) => !rules?.disabled.has(spec.name)))
    },
    restrict(next) {
      rules = next
    },
    families: () => [...families.values()],
    reset() {
      for (const { type, series } of families.values()) {
        if (type !== 'gauge') for (const each of series.values()) clear(each)
      }
    },
  }
  return metrics
}

function clear(series: SeriesState): void {
  series.value = 0
  series.counts?.fill(0)
}

/** `count` bounds from `first`, each `factor` times the one before (Prometheus' ExponentialBuckets). */
export function exponentialBuckets(first: number, factor: number, count: number): number[] {
  const bounds: number[] = []
  // Rounded at each step, as upstream's are: bounds are labels too.
  for (let bound = first; bounds.length < count; bound *= factor) bounds.push(bound)
  return bounds
}
