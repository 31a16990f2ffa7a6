import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.gen.ts'
import { type Action, measure, type Plan } from '../../controller/actions.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import { jsonEqual } from '../shared/equal.ts'
import { endpointKey, portsKey } from './slice-endpoints.ts'
import { SliceTotals } from './slice-totals.ts'

const spec = (name: string, help: string, labels?: readonly string[]): MetricSpec => ({
  name: `endpoint_slice_mirroring_controller_${name}`,
  help,
  ...(labels && { labels }),
  stability: 'ALPHA',
})
const perSync = (name: string, help: string): HistogramSpec => ({
  ...spec(name, help),
  buckets: exponentialBuckets(2, 2, 15),
})

/** Names, labels and buckets are upstream's (pkg/controller/endpointslicemirroring/metrics). */
const changeTotal = spec('changes', 'Slices written.', ['operation'])
const added = perSync('endpoints_added_per_sync', 'Endpoints that came with a look at an Endpoints.')
const updated = perSync('endpoints_updated_per_sync', 'Endpoints that changed with a look at an Endpoints.')
const removed = perSync('endpoints_removed_per_sync', 'Endpoints that went with a look at an Endpoints.')
const skipped = perSync(
  'addresses_skipped_per_sync',
  'Addresses that are none, or too many, at a look at an Endpoints.',
)
const syncSeconds: HistogramSpec = {
  ...spec('endpoints_sync_duration', 'Seconds that a look at an Endpoints took.'),
  buckets: exponentialBuckets(0.001, 2, 15),
}
const sums = {
  endpoints: spec('endpoints_desired', 'Endpoints that are mirrored.'),
  slices: spec('num_endpoint_slices', 'Slices that there are.'),
  desired: spec('desired_endpoint_slices', 'Slices that would do if all were full.'),
}

export type MirrorChange = readonly [operation: 'create' | 'update' | 'delete', slice: EndpointSlice]

/** What one look at an Endpoints found and changes. */
export interface MirrorSync {
  /** `namespace/name` of the Endpoints. */
  readonly key: string
  /** By family and ports: the endpoints that there ought to be. */
  readonly groups: ReadonlyMap<string, { readonly endpoints: ReadonlyMap<string, Endpoint> }>
  readonly existing: readonly EndpointSlice[]
  readonly changes: readonly MirrorChange[]
  readonly skippedAddresses: number
}

/** Counts what the controller does, and what it keeps altogether. */
export class MirrorTotals {
  readonly #totals = new SliceTotals(sums)

  /** To be done when the changes are written. */
  count(sync: MirrorSync): Action {
    return measure(metrics => {
      countChanges(metrics, sync)
      const sizes = [...sync.groups.values()].map(({ endpoints }) => endpoints.size)
      const made = (operation: MirrorChange[0]) => sync.changes.filter(([each]) => each === operation).length
      this.#totals.set(metrics, sync.key, '', {
        endpoints: sizes.reduce((sum, size) => sum + size, 0),
        slices: sync.existing.length + made('create') - made('delete'),
        // One holds all that are mirrored of a group.
        desired: sizes.length,
      })
    })
  }

  /** What is gone, or not mirrored, has none. */
  forget(key: string): Plan {
    return this.#totals.has(key) ? [measure(metrics => this.#totals.forget(metrics, key))] : []
  }
}

/** Times a look at an Endpoints. */
export function timeMirroring({ ms }: { readonly ms: number }, metrics: Metrics): void {
  metrics
    .histogram(syncSeconds)
    .with()
    .observe(ms / 1000)
}

function countChanges(metrics: Metrics, { groups, existing, changes, skippedAddresses }: MirrorSync): void {
  for (const [operation] of changes) metrics.counter(changeTotal).with(operation).inc()
  metrics.histogram(skipped).with().observe(skippedAddresses)
  const before = changes.length > 0 ? endpointsBefore(existing) : none
  const after = changes.length > 0 ? endpointsAfter(groups) : none
  const both = [...after].filter(([key]) => before.has(key))
  const different = both.filter(([key, endpoint]) => !jsonEqual(before.get(key), endpoint))
  metrics
    .histogram(added)
    .with()
    .observe(after.size - both.length)
  metrics.histogram(updated).with().observe(different.length)
  metrics
    .histogram(removed)
    .with()
    .observe(before.size - both.length)
}

type Keyed = ReadonlyMap<string, Endpoint>
const none: Keyed = new Map()

function endpointsBefore(existing: readonly EndpointSlice[]): Keyed {
  return new Map(
    existing.flatMap(({ addressType, ports, endpoints = [] }) =>
      endpoints.map(each => [`${addressType} ${portsKey(ports)} ${endpointKey(each)}`, each] as const),
    ),
  )
}

function endpointsAfter(groups: MirrorSync['groups']): Keyed {
  return new Map(
    [...groups].flatMap(([group, { endpoints }]) =>
      [...endpoints].map(([key, each]) => [`${group} ${key}`, each] as const),
    ),
  )
}
