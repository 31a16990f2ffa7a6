/**
 * Feature gates of Kubernetes 1.35 that mean something here (pkg/features and apiserver pkg/features): one line for each.
 * `fixed` ones are what Hutch always does; `switched` ones are asked by name where they matter. ClusterTrustBundle,
 * PodCertificateRequest and GenericWorkload serve their kinds, with who may write them; kubelets and pods use none yet.
 */
export type Stage = 'ALPHA' | 'BETA' | 'DEPRECATED' | 'GA'

export interface Gate {
  readonly name: string
  readonly stage: Stage
  /** Upstream's default in 1.35. */
  readonly isOn: boolean
  readonly isFixed: boolean
}

/** Those that may be switched. */
export type SwitchedGate = (typeof switched)[number][0]

const switched = [
  ['CBORServingAndStorage', 'ALPHA', 'off'],
  ['ClusterTrustBundle', 'BETA', 'off'],
  ['ConstrainedImpersonation', 'ALPHA', 'off'],
  ['GenericWorkload', 'ALPHA', 'off'],
  ['MutatingAdmissionPolicy', 'BETA', 'off'],
  ['PodCertificateRequest', 'BETA', 'off'],
  ['PodTopologyLabelsAdmission', 'BETA', 'on'],
  ['StorageVersionMigrator', 'BETA', 'off'],
] as const

const fixed = [
  ['APIResponseCompression', 'BETA', 'on'],
  ['AggregatedDiscoveryRemoveBetaType', 'DEPRECATED', 'on'],
  ['AnonymousAuthConfigurableEndpoints', 'GA', 'on'],
  ['AnyVolumeDataSource', 'GA', 'on'],
  ['AuthorizeNodeWithSelectors', 'GA', 'on'],
  ['AuthorizePodWebsocketUpgradeCreatePermission', 'BETA', 'on'],
  ['AuthorizeWithSelectors', 'GA', 'on'],
  ['CRDValidationRatcheting', 'GA', 'on'],
  ['ConsistentListFromCache', 'GA', 'on'],
  ['ContainerRestartRules', 'BETA', 'on'],
  ['CustomResourceFieldSelectors', 'GA', 'on'],
  ['DRAPrioritizedList', 'BETA', 'on'],
  ['DeploymentReplicaSetTerminatingReplicas', 'BETA', 'on'],
  ['DynamicResourceAllocation', 'GA', 'on'],
  ['HPAConfigurableTolerance', 'BETA', 'on'],
  ['HostnameOverride', 'BETA', 'on'],
  ['ImageVolume', 'BETA', 'on'],
  ['InPlacePodVerticalScaling', 'GA', 'on'],
  ['JobBackoffLimitPerIndex', 'GA', 'on'],
  ['JobManagedBy', 'GA', 'on'],
  ['JobPodReplacementPolicy', 'GA', 'on'],
  ['JobSuccessPolicy', 'GA', 'on'],
  ['LogarithmicScaleDown', 'GA', 'on'],
  ['MatchLabelKeysInPodAffinity', 'GA', 'on'],
  ['MatchLabelKeysInPodTopologySpread', 'BETA', 'on'],
  ['MultiCIDRServiceAllocator', 'GA', 'on'],
  ['NFTablesProxyMode', 'GA', 'on'],
  ['NodeInclusionPolicyInPodTopologySpread', 'GA', 'on'],
  ['OpenAPIEnums', 'BETA', 'on'],
  ['OrderedNamespaceDeletion', 'GA', 'on'],
  ['PodDeletionCost', 'BETA', 'on'],
  ['PodLevelResources', 'BETA', 'on'],
  ['PodLifecycleSleepAction', 'GA', 'on'],
  ['PodObservedGenerationTracking', 'GA', 'on'],
  ['PodReadyToStartContainersCondition', 'BETA', 'on'],
  ['PodSchedulingReadiness', 'GA', 'on'],
  ['PortForwardWebsockets', 'BETA', 'on'],
  ['PreferSameTrafficDistribution', 'GA', 'on'],
  ['ProcMountType', 'BETA', 'on'],
  ['RemoteRequestHeaderUID', 'BETA', 'on'],
  ['RetryGenerateName', 'GA', 'on'],
  ['SchedulerQueueingHints', 'GA', 'on'],
  ['SeparateTaintEvictionController', 'GA', 'on'],
  ['ServiceAccountNodeAudienceRestriction', 'BETA', 'on'],
  ['ServiceAccountTokenJTI', 'GA', 'on'],
  ['ServiceAccountTokenNodeBinding', 'GA', 'on'],
  ['ServiceAccountTokenNodeBindingValidation', 'GA', 'on'],
  ['ServiceAccountTokenPodNodeInfo', 'GA', 'on'],
  ['ServiceTrafficDistribution', 'GA', 'on'],
  ['SidecarContainers', 'GA', 'on'],
  ['StorageVersionHash', 'BETA', 'on'],
  ['StructuredAuthenticationConfiguration', 'GA', 'on'],
  ['StructuredAuthorizationConfiguration', 'GA', 'on'],
  ['TopologyAwareHints', 'GA', 'on'],
  ['TranslateStreamCloseWebsocketRequests', 'BETA', 'on'],
  ['VolumeAttributesClass', 'GA', 'on'],
  ['WatchList', 'BETA', 'on'],
] as const

type Row = readonly [name: string, stage: Stage, value: 'on' | 'off']

const toGate =
  (isFixed: boolean) =>
  ([name, stage, value]: Row): Gate => ({ name, stage, isOn: value === 'on', isFixed })

/** All of them, by name. */
export const gates: ReadonlyMap<string, Gate> = new Map(
  [...switched.map(toGate(false)), ...fixed.map(toGate(true))]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(gate => [gate.name, gate]),
)
