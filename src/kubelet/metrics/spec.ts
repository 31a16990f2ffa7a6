import type { HistogramSpec, MetricSpec } from '../../std/metrics.ts'

/** What a family of the kubelet is called and said to be (upstream pkg/kubelet/metrics): all of them are ALPHA. */
export function kubeletSpec(name: string, help: string, labels?: readonly string[]): MetricSpec {
  return { name: `kubelet_${name}`, help, ...(labels && { labels }), stability: 'ALPHA' }
}

/** The same of a histogram; without bounds, those of Prometheus' library. */
export function kubeletHistogram(
  name: string,
  help: string,
  { labels, buckets = libraryBuckets }: Partial<Pick<HistogramSpec, 'labels' | 'buckets'>> = {},
): HistogramSpec {
  return { ...kubeletSpec(name, help, labels), buckets }
}

/** Seconds. */
const libraryBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
