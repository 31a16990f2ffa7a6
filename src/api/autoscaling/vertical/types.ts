/** autoscaling.k8s.io/v1, as upstream's autoscaler publishes it (its pkg/apis/autoscaling.k8s.io/v1). */
import type { KubeObject, ObjectMeta } from '../../../machinery/meta/object.ts'

export type ResourceAmounts = Readonly<Record<string, string>>
export type UpdateMode = 'Off' | 'Initial' | 'Recreate' | 'Auto' | 'InPlaceOrRecreate' | 'InPlace'

export interface VerticalPodAutoscaler extends KubeObject {
  readonly metadata: ObjectMeta
  readonly spec: {
    readonly targetRef?: TargetReference
    readonly updatePolicy?: UpdatePolicy
    readonly resourcePolicy?: ResourcePolicy
    readonly recommenders?: readonly { readonly name: string }[]
    readonly startupBoost?: StartupBoost
  }
  readonly status?: AutoscalerStatus
}

export interface TargetReference {
  readonly apiVersion?: string
  readonly kind: string
  readonly name: string
}

/** Read, and refused where upstream's gate CPUStartupBoost stands before it. */
export interface StartupBoost {
  readonly cpu?: {
    readonly type?: string
    readonly factor?: number
    readonly quantity?: string | number
    readonly durationSeconds?: number
  }
}

export interface UpdatePolicy {
  readonly updateMode?: UpdateMode
  readonly minReplicas?: number
  readonly evictionRequirements?: readonly EvictionRequirement[]
  readonly evictAfterOOMSeconds?: number
}

export interface EvictionRequirement {
  readonly resources: readonly string[]
  readonly changeRequirement: 'TargetHigherThanRequests' | 'TargetLowerThanRequests'
}

export interface ResourcePolicy {
  readonly containerPolicies?: readonly ContainerPolicy[]
}

export interface ContainerPolicy {
  /** `*` is for those that have no policy of their own. */
  readonly containerName?: string
  readonly mode?: 'Auto' | 'Off'
  readonly minAllowed?: ResourceAmounts
  readonly maxAllowed?: ResourceAmounts
  readonly controlledResources?: readonly string[]
  readonly controlledValues?: 'RequestsAndLimits' | 'RequestsOnly'
  readonly oomBumpUpRatio?: string | number
  readonly oomMinBumpUp?: string | number
  readonly memoryAggregationIntervalSeconds?: number
  readonly memoryAggregationIntervalCount?: number
  readonly startupBoost?: StartupBoost
}

export interface AutoscalerStatus {
  readonly recommendation?: Recommendation
  readonly conditions?: readonly AutoscalerCondition[]
  readonly observedGeneration?: number
}

export interface Recommendation {
  readonly containerRecommendations?: readonly ContainerRecommendation[]
}

export interface ContainerRecommendation {
  readonly containerName?: string
  readonly target: ResourceAmounts
  readonly lowerBound?: ResourceAmounts
  readonly upperBound?: ResourceAmounts
  readonly uncappedTarget?: ResourceAmounts
}

export interface AutoscalerCondition {
  readonly type: string
  readonly status: string
  readonly lastTransitionTime?: string
  readonly reason?: string
  readonly message?: string
}
