/** What a metric is called and which labels its series carry; one constant for each, beside the code that measures. */
export interface MetricSpec {
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
  /** Upstream's promise about the name; the first word of the help. */
  readonly stability?: 'ALPHA' | 'BETA' | 'STABLE'
}

export type FamilyType = 'counter' | 'gauge' | 'histogram'

/** One series as it is kept: `counts` and `sum` of histograms alone. */
export interface SeriesState {
  readonly labels: readonly string[]
  value: number
  readonly counts?: number[]
}

export interface FamilyState {
  readonly type: FamilyType
  readonly spec: MetricSpec
  readonly buckets: readonly number[]
  readonly series: Map<string, SeriesState>
}
