import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { Metrics } from '../../src/std/metrics.ts'
import { upstreamFile } from './upstream-file.ts'

/** Upstream's list of every metric of every component, made from its sources and published with them. */
export const upstreamMetrics = upstreamFile(
  'test/instrumentation/documentation/documentation-list.yaml',
  "metrics beside upstream's list",
)

interface Listed {
  readonly name: string
  readonly namespace?: string
  readonly subsystem?: string
  readonly type: string
  readonly stabilityLevel: string
  readonly labels?: readonly string[]
  readonly buckets?: readonly (number | string)[]
}

/** What the list says of a family, in one line. */
function line(family: {
  readonly type: string
  readonly stability: string | undefined
  readonly labels: readonly string[]
  readonly buckets: readonly number[]
}): string {
  const bounds = family.buckets.map(bound => Number(bound.toPrecision(6)))
  return `${family.type} ${family.stability} {${family.labels.toSorted()}} [${bounds}]`
}

const kinds: Readonly<Record<string, string>> = {
  Counter: 'counter',
  Gauge: 'gauge',
  Histogram: 'histogram',
  TimingRatioHistogram: 'histogram',
}

function upstream(): ReadonlyMap<string, string> {
  const listed = parse(readFileSync(upstreamMetrics.path, 'utf8')) as Listed[]
  return new Map(
    listed.map(({ name, namespace, subsystem, type, stabilityLevel, labels = [], buckets = [] }) => {
      const full = [namespace, subsystem, name].filter(Boolean).join('_')
      const what = kinds[type] ?? type
      return [full, line({ type: what, stability: stabilityLevel, labels, buckets: buckets.map(Number) })]
    }),
  )
}

const defaultBuckets = '[0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5,5,10]'

/** How families differ from upstream's of their name in type, labels, buckets and stability; `excused` ones are not asked. */
export function metricDifferences(metrics: Metrics, excused: ReadonlySet<string>): string[] {
  const listed = upstream()
  return metrics.families().flatMap(({ type, spec, buckets }) => {
    const { name, labels = [], stability } = spec
    if (excused.has(name)) return []
    const theirs = listed.get(name)
    const ours = line({ type, stability, labels, buckets })
    // The list has no bounds where upstream takes those of its library.
    if (theirs === ours || theirs === ours.replace(defaultBuckets, '[]')) return []
    return [`${name}: ${ours}, upstream ${theirs ?? 'has none'}`]
  })
}
