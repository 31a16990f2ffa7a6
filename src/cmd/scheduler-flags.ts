import type { Flag } from './flags.ts'
import { duration } from './operations-flags.ts'

/** Flags of kube-scheduler that `--kube-scheduler-arg` takes. */
export const schedulerFlags: readonly Flag[] = [
  {
    name: 'pod-max-in-unschedulable-pods-duration',
    type: 'string',
    placeholder: 'DURATION',
    default: '5m0s',
    help: 'a pod that could not be scheduled is tried again after so long, whatever happened meanwhile',
    check: duration,
  },
]
