import { time } from './flag-makers.ts'
import type { Flag } from './flags.ts'

/** Flags of kube-scheduler that `--kube-scheduler-arg` takes. */
export const schedulerFlags: readonly Flag[] = [
  time(
    'pod-max-in-unschedulable-pods-duration',
    '5m0s',
    'a pod that could not be scheduled is tried again after so long, whatever happened meanwhile',
  ),
]
