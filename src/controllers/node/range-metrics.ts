import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'

const labels = ['clusterCIDR']
const spec = (name: string, help: string): MetricSpec => ({
  name: `node_ipam_controller_${name}`,
  help,
  labels,
  stability: 'ALPHA',
})
/** Names, labels and buckets are upstream's, misspelt ones too (pkg/controller/nodeipam/ipam/cidrset). */
const max = spec('cirdset_max_cidrs', 'Ranges for nodes that a range of the cluster has.')
const usage = spec('cidrset_usage_cidrs', 'Share of them that is taken, 0 to 1.')
const allocations = spec('cidrset_cidrs_allocations_total', 'Ranges that were taken.')
const releases = spec('cidrset_cidrs_releases_total', 'Ranges that came back.')
const tries: HistogramSpec = {
  ...spec('cidrset_allocation_tries_per_request', 'Ranges that were found taken before a free one.'),
  buckets: exponentialBuckets(1, 5, 5),
}

/** What becomes of the ranges of one pool. */
export interface RangeMeter {
  /** So many of so many are taken now. */
  holds(taken: number, all: number): void
  taken(): void
  released(): void
  /** A free one was found after so many that were not. */
  found(afterTaken: number): void
}

/** Counts for the range of the cluster that is called `clusterCidr`. */
export function createRangeMeter(metrics: Metrics, clusterCidr: string): RangeMeter {
  const total = metrics.gauge(max).with(clusterCidr)
  const share = metrics.gauge(usage).with(clusterCidr)
  const allocated = metrics.counter(allocations).with(clusterCidr)
  const freed = metrics.counter(releases).with(clusterCidr)
  const searched = metrics.histogram(tries).with(clusterCidr)
  return {
    holds(taken, all) {
      total.set(all)
      share.set(taken / all)
    },
    taken: () => allocated.inc(),
    released: () => freed.inc(),
    found: afterTaken => searched.observe(afterTaken),
  }
}
