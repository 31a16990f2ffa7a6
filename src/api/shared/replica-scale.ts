import type { KubeObject } from '../../machinery/meta/object.ts'
import type { ScaleView } from '../define.ts'

interface Replicated extends KubeObject {
  readonly spec?: { replicas?: number }
  readonly status?: { readonly replicas?: number }
}

/** The scale subresource of a workload with `spec.replicas` and `status.replicas`. */
export function replicaScale<T extends Replicated>(selector: (object: T) => string): ScaleView<T> {
  return {
    replicasPath: ['spec', 'replicas'],
    specReplicas: ({ spec }) => spec?.replicas ?? 0,
    setReplicas: ({ spec }, replicas) => {
      spec!.replicas = replicas
    },
    statusReplicas: ({ status }) => status?.replicas ?? 0,
    selector,
  }
}
