import type { Pod, ResourceRequirements } from '../../api/types/core-v1.gen.ts'
import { type Allocation, allocationOf } from './allocation.ts'

/** Why a node does not grant a resize, now or ever. */
export interface ResizeRefusal {
  readonly reason: 'Deferred' | 'Infeasible'
  readonly message: string
}

/** Where a pod's in-place resize stands (KEP-1287). */
export interface ResizeState {
  /** What the pod's source asks for; `PodState.pod` has what was granted. */
  desired: Pod
  allocation: Allocation
  /** What the container engine was last told, by container id. One that is missing has what was granted at first. */
  readonly actuated: Map<string, ResourceRequirements>
  readonly atStart: Allocation
  pending: (ResizeRefusal & { readonly generation: number | undefined }) | undefined
  started: StartedResize | undefined
}

export interface StartedResize {
  readonly generation: number | undefined
  readonly error?: { readonly message: string; readonly retryAtMs: number }
}

/** Of a pod that has what it asks for. */
export function newResizeState(pod: Pod): ResizeState {
  const allocation = allocationOf(pod)
  return {
    ...{ desired: pod, allocation, atStart: allocation },
    ...{ actuated: new Map(), pending: undefined, started: undefined },
  }
}
