import type { VerticalPodAutoscaler } from '../../../api/autoscaling/vertical/types.ts'
import type { PodMetrics } from '../../../api/types/metrics-v1beta1.gen.ts'
import type { ResourceRef } from '../../../client/resource.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { CheckpointStatus } from './aggregate.ts'

export interface Checkpoint extends KubeObject {
  readonly spec?: { readonly vpaObjectName?: string; readonly containerName?: string }
  readonly status?: CheckpointStatus
}

const group = { group: 'autoscaling.k8s.io', version: 'v1', namespaced: true } as const

export const verticalPodAutoscalers: ResourceRef<VerticalPodAutoscaler> = {
  ...group,
  plural: 'verticalpodautoscalers',
  kind: 'VerticalPodAutoscaler',
}

export const verticalCheckpoints: ResourceRef<Checkpoint> = {
  ...group,
  plural: 'verticalpodautoscalercheckpoints',
  kind: 'VerticalPodAutoscalerCheckpoint',
}

export const podMetrics: ResourceRef<PodMetrics> = {
  ...{ group: 'metrics.k8s.io', version: 'v1beta1', namespaced: true },
  plural: 'pods',
  kind: 'PodMetrics',
}
