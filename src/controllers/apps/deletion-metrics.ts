import type { Pod } from '../../api/types/core-v1.gen.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { type Action, measure } from '../../controller/actions.ts'
import type { HistogramSpec } from '../../std/metrics.ts'
import { isReady } from '../shared/pod.ts'

/** Upstream's name and buckets (pkg/controller/replicaset/metrics). */
const ageRatio: HistogramSpec = {
  name: 'replicaset_controller_sorting_deletion_age_ratio',
  help: 'How many times as old as the youngest ready pod each ready pod is that a scale-down takes.',
  stability: 'ALPHA',
  buckets: [0.25, 0.5, 1, 2, 4, 8],
}

/** Measures which of the active pods were chosen to go. */
export function measureAges(active: readonly Pod[], doomed: readonly Pod[], nowMs: number): Action {
  const ageMs = ({ metadata }: Pod) => nowMs - (fromTimestamp(metadata.creationTimestamp) ?? nowMs)
  return measure(metrics => {
    const youngestMs = Math.min(...active.filter(isReady).map(ageMs))
    // As upstream, in whole numbers; within a millisecond all are as old.
    for (const pod of doomed.filter(isReady))
      metrics
        .histogram(ageRatio)
        .with()
        .observe(youngestMs > 0 ? Math.trunc(ageMs(pod) / youngestMs) : 1)
  })
}
