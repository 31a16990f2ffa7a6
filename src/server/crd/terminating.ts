import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
} from '../../api/types/apiextensions-v1.gen.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'

export type Terminating = Pick<CustomResourceDefinitionCondition, 'status' | 'reason' | 'message'>

/** How far the removal of a definition's objects is (apiextensions-apiserver controller/finalizer). */
export const outcomes = {
  inProgress: {
    status: 'True',
    reason: 'InstanceDeletionInProgress',
    message: 'CustomResource deletion is in progress',
  },
  completed: {
    status: 'False',
    reason: 'InstanceDeletionCompleted',
    message: 'removed all instances',
  },
  neverEstablished: {
    status: 'False',
    reason: 'NeverEstablished',
    message: 'resource was never established',
  },
} as const satisfies Record<string, Terminating>

/** The definition with this Terminating condition; a transition time moves only with the status. */
export function withTerminating(
  definition: CustomResourceDefinition,
  outcome: Terminating,
  now: string,
): CustomResourceDefinition {
  const { status } = definition
  const conditions = status?.conditions ?? []
  const old = findCondition(conditions, 'Terminating')
  const lastTransitionTime = (old?.status === outcome.status && old.lastTransitionTime) || now
  const made = { type: 'Terminating', ...outcome, lastTransitionTime }
  const others = conditions.filter(each => each !== old)
  return { ...definition, status: { ...status!, conditions: [...others, made] } }
}
