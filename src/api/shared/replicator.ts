import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Behaviour } from '../define-resource.ts'
import type { PodTemplateSpec } from '../types/core-v1.gen.ts'
import { containerCells } from './cells.ts'
import { validateReplicaCounts } from './replica-status.ts'

/** What ReplicaSet and ReplicationController, which differ in their selectors alone, have in common. */
interface Replicator extends KubeObject {
  spec?: { replicas?: number; template?: PodTemplateSpec }
  status?: { replicas?: number; readyReplicas?: number }
}

const bounded = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas']

/** Status, its rules and the columns; `selector` is the last cell. */
export function replicatorBehaviour<T extends Replicator>(
  selector: (object: T) => string,
): Pick<Behaviour<T>, 'initialStatus' | 'subresources' | 'cells'> {
  return {
    initialStatus: () => ({ replicas: 0 }),
    subresources: {
      status: {
        strategy: {
          validateUpdate({ status }, _old, errors) {
            validateReplicaCounts({ ...status }, bounded, 'readyReplicas', errors)
          },
        },
      },
    },
    cells: {
      Desired: ({ spec }) => spec?.replicas ?? 0,
      Current: ({ status }) => status?.replicas ?? 0,
      Ready: ({ status }) => status?.readyReplicas ?? 0,
      ...containerCells(({ spec }: T) => spec?.template),
      Selector: selector,
    },
  }
}
