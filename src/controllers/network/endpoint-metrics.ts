import type { Service } from '../../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { objectKey } from '../../client/resource.ts'
import { type Action, measure } from '../../controller/actions.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import { type EndpointGroup, endpointKey } from './slice-endpoints.ts'
import { endpointsPerSliceMax, type SliceChanges } from './slice-packing.ts'
import { type SliceShare, SliceTotals } from './slice-totals.ts'

const spec = (name: string, help: string, labels?: readonly string[]): MetricSpec => ({
  name: `endpoint_slice_controller_${name}`,
  help,
  ...(labels && { labels }),
  stability: 'ALPHA',
})
const perSync = exponentialBuckets(2, 2, 15)

/** Names, labels and buckets are upstream's (k8s.io/endpointslice/metrics). */
const syncs = spec('syncs', 'Looks at services.', ['result'])
const changeTotal = spec('changes', 'Slices written.', ['operation'])
const addedPerSync: HistogramSpec = {
  ...spec('endpoints_added_per_sync', 'Endpoints that came with a look at a service.'),
  buckets: perSync,
}
const removedPerSync: HistogramSpec = {
  ...spec('endpoints_removed_per_sync', 'Endpoints that went with a look at a service.'),
  buckets: perSync,
}
const changedPerSync: HistogramSpec = {
  ...spec('endpointslices_changed_per_sync', 'Slices that a look at a service wrote.', [
    'topology',
    'traffic_distribution',
  ]),
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
}
const sums = {
  endpoints: spec('endpoints_desired', 'Endpoints that services have.'),
  slices: spec('num_endpoint_slices', 'Slices that there are.'),
  desired: spec('desired_endpoint_slices', 'Slices that would do if all were full.'),
}
const byDistribution = spec(
  'services_count_by_traffic_distribution',
  'Services that prefer some endpoints.',
  ['traffic_distribution'],
)

/** What one look at one family of a service found and changes. */
export interface FamilySync {
  readonly service: Service
  readonly type: string
  readonly groups: ReadonlyMap<string, EndpointGroup>
  readonly here: readonly EndpointSlice[]
  readonly changes: SliceChanges
}

/** Counts what one controller does, and what it keeps altogether. */
export class EndpointTotals {
  readonly #totals = new SliceTotals(sums)
  readonly #distributions = new Map<string, string>()
  readonly #services = new Map<string, number>()

  /** To be done when the changes are written. */
  count(sync: FamilySync): Action {
    return measure(metrics => {
      countChanges(metrics, sync)
      const key = objectKey(sync.service)
      this.#totals.set(metrics, key, sync.type, shareOf(sync))
      this.#prefer(metrics, key, sync.service.spec?.trafficDistribution)
    })
  }

  /** A service that is gone has none. */
  forget(key: string): Action {
    return measure(metrics => {
      this.#totals.forget(metrics, key)
      this.#prefer(metrics, key, undefined)
    })
  }

  #prefer(metrics: Metrics, key: string, distribution: string | undefined): void {
    const before = this.#distributions.get(key)
    if (before === distribution) return
    if (distribution === undefined) this.#distributions.delete(key)
    else this.#distributions.set(key, distribution)
    for (const [name, by] of [[before, -1] as const, [distribution, 1] as const]) {
      if (name === undefined) continue
      const count = (this.#services.get(name) ?? 0) + by
      this.#services.set(name, count)
      metrics.gauge(byDistribution).with(name).set(count)
    }
  }
}

function shareOf({ groups, here, changes }: FamilySync): SliceShare {
  const sizes = [...groups.values()].map(({ endpoints }) => endpoints.size)
  const desired = sizes.reduce((sum, size) => sum + Math.max(1, Math.ceil(size / endpointsPerSliceMax)), 0)
  return {
    endpoints: sizes.reduce((sum, size) => sum + size, 0),
    slices: here.length + changes.created.length - changes.deleted.length,
    desired: Math.max(1, desired),
  }
}

function countChanges(metrics: Metrics, { service, groups, here, changes }: FamilySync): void {
  const { created, updated, deleted } = changes
  const operations = { create: created.length, update: updated.length, delete: deleted.length }
  for (const [operation, count] of Object.entries(operations))
    if (count > 0) metrics.counter(changeTotal).with(operation).inc(count)
  const changed = created.length + updated.length + deleted.length
  const before = changed > 0 ? new Set(here.flatMap(({ endpoints }) => endpoints.map(endpointKey))) : none
  const after = changed > 0 ? new Set([...groups.values()].flatMap(each => [...each.endpoints.keys()])) : none
  metrics.histogram(addedPerSync).with().observe(after.difference(before).size)
  metrics.histogram(removedPerSync).with().observe(before.difference(after).size)
  const distribution = service.spec?.trafficDistribution ?? ''
  metrics.histogram(changedPerSync).with('Disabled', distribution).observe(changed)
}

const none: ReadonlySet<string> = new Set()

/** Counts a look at a service. */
export function countSliceSync({ error }: { readonly error: unknown }, metrics: Metrics): void {
  metrics
    .counter(syncs)
    .with(error === undefined ? 'success' : 'error')
    .inc()
}
