/**
 * Feature gates of Kubernetes 1.35 (pkg/features, apiserver pkg/features and those of the libraries): every one is known.
 * `fixed` ones are what Hutch always does; `switched` ones are asked by name where they matter. GenericWorkload
 * serves its kind alone; pods use trust bundles under a gate of their own.
 */
export type Stage = 'ALPHA' | 'BETA' | 'DEPRECATED' | 'GA'

export interface Gate {
  readonly name: string
  readonly stage: Stage
  /** Upstream's default in 1.35. */
  readonly byDefault: boolean
  /** Whether what it stands for is here as long as nobody says otherwise. */
  readonly isOn: boolean
  /** `switched`: may be set; `fixed`: what Hutch always does; `absent`: nothing of it is here. */
  readonly use: 'switched' | 'fixed' | 'absent'
  /** Upstream takes its default and nothing else. */
  readonly isLocked: boolean
}

/** Those that may be switched. */
export type SwitchedGate = (typeof switched)[number][0]

const switched = [
  ['CBORServingAndStorage', 'ALPHA', 'off'],
  ['ClusterTrustBundle', 'BETA', 'off'],
  ['ClusterTrustBundleProjection', 'BETA', 'off'],
  ['ConstrainedImpersonation', 'ALPHA', 'off'],
  ['DRADeviceTaintRules', 'ALPHA', 'off'],
  ['DRADeviceTaints', 'ALPHA', 'off'],
  ['GenericWorkload', 'ALPHA', 'off'],
  ['MutatingAdmissionPolicy', 'BETA', 'off'],
  ['PodCertificateRequest', 'BETA', 'off'],
  ['PodTopologyLabelsAdmission', 'BETA', 'on'],
  ['StorageVersionAPI', 'ALPHA', 'off'],
  ['StorageVersionMigrator', 'BETA', 'off'],
] as const

/** Their names. */
export const switchedGates: readonly SwitchedGate[] = switched.map(([name]) => name)

const fixed = [
  ['APIResponseCompression', 'BETA', 'on'],
  ['APIServerIdentity', 'BETA', 'on'],
  ['APIServerTracing', 'GA', 'on'],
  ['AggregatedDiscoveryRemoveBetaType', 'DEPRECATED', 'on'],
  ['AnonymousAuthConfigurableEndpoints', 'GA', 'on'],
  ['AnyVolumeDataSource', 'GA', 'on'],
  ['AuthorizeNodeWithSelectors', 'GA', 'on'],
  ['AuthorizePodWebsocketUpgradeCreatePermission', 'BETA', 'on'],
  ['AuthorizeWithSelectors', 'GA', 'on'],
  ['BtreeWatchCache', 'GA', 'on'],
  ['CRDValidationRatcheting', 'GA', 'on'],
  ['ClearingNominatedNodeNameAfterBinding', 'BETA', 'on'],
  ['ConsistentListFromCache', 'GA', 'on'],
  ['ContainerRestartRules', 'BETA', 'on'],
  ['CustomResourceFieldSelectors', 'GA', 'on'],
  ['DRAPrioritizedList', 'BETA', 'on'],
  ['DRAResourceClaimDeviceStatus', 'BETA', 'on'],
  ['DeploymentReplicaSetTerminatingReplicas', 'BETA', 'on'],
  ['DisableAllocatorDualWrite', 'GA', 'on'],
  ['DynamicResourceAllocation', 'GA', 'on'],
  ['ExecProbeTimeout', 'GA', 'on'],
  ['HPAConfigurableTolerance', 'BETA', 'on'],
  ['HostnameOverride', 'BETA', 'on'],
  ['ImageVolume', 'BETA', 'on'],
  ['InPlacePodVerticalScaling', 'GA', 'on'],
  ['JobBackoffLimitPerIndex', 'GA', 'on'],
  ['JobManagedBy', 'GA', 'on'],
  ['JobPodReplacementPolicy', 'GA', 'on'],
  ['JobSuccessPolicy', 'GA', 'on'],
  ['ListFromCacheSnapshot', 'BETA', 'on'],
  ['LogarithmicScaleDown', 'GA', 'on'],
  ['MatchLabelKeysInPodAffinity', 'GA', 'on'],
  ['MatchLabelKeysInPodTopologySpread', 'BETA', 'on'],
  ['MultiCIDRServiceAllocator', 'GA', 'on'],
  ['NFTablesProxyMode', 'GA', 'on'],
  ['NodeInclusionPolicyInPodTopologySpread', 'GA', 'on'],
  ['NominatedNodeNameForExpectation', 'BETA', 'on'],
  ['OpenAPIEnums', 'BETA', 'on'],
  ['OrderedNamespaceDeletion', 'GA', 'on'],
  ['PodDeletionCost', 'BETA', 'on'],
  ['PodLevelResources', 'BETA', 'on'],
  ['PodLifecycleSleepAction', 'GA', 'on'],
  ['PodLifecycleSleepActionAllowZero', 'GA', 'on'],
  ['PodObservedGenerationTracking', 'GA', 'on'],
  ['PodReadyToStartContainersCondition', 'BETA', 'on'],
  ['PodSchedulingReadiness', 'GA', 'on'],
  ['PortForwardWebsockets', 'BETA', 'on'],
  ['PreferSameTrafficDistribution', 'GA', 'on'],
  ['ProcMountType', 'BETA', 'on'],
  ['RelaxedDNSSearchValidation', 'GA', 'on'],
  ['RelaxedEnvironmentVariableValidation', 'GA', 'on'],
  ['RemoteRequestHeaderUID', 'BETA', 'on'],
  ['RetryGenerateName', 'GA', 'on'],
  ['SchedulerPopFromBackoffQ', 'BETA', 'on'],
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
  ['StreamingCollectionEncodingToJSON', 'GA', 'on'],
  ['StructuredAuthenticationConfiguration', 'GA', 'on'],
  ['StructuredAuthorizationConfiguration', 'GA', 'on'],
  ['TokenRequestServiceAccountUIDValidation', 'BETA', 'on'],
  ['TopologyAwareHints', 'GA', 'on'],
  ['TranslateStreamCloseWebsocketRequests', 'BETA', 'on'],
  ['UnauthenticatedHTTP2DOSMitigation', 'BETA', 'on'],
  ['VolumeAttributesClass', 'GA', 'on'],
  ['WatchList', 'BETA', 'on'],
] as const

/** Gates of 1.35 that nothing here asks: what they turn on is not there, for whoever has them on by default. */
const absent: readonly (readonly [stage: Stage, value: 'on' | 'off', names: string])[] = [
  [
    'GA',
    'on',
    `
    CPUManagerPolicyOptions CSIMigrationPortworx HonorPVReclaimPolicy ImageMaximumGCAge
    InformerResourceVersion KubeletCgroupDriverFromCRI KubeletTracing MemoryManager NodeSwap
    RecoverVolumeExpansionFailure RecursiveReadOnlyMounts ResilientWatchCacheInitialization
    StreamingCollectionEncodingToProtobuf SupplementalGroupsPolicy SystemdWatchdog
    TopologyManagerPolicyOptions WinDSR WinOverlay
    `,
  ],
  [
    'BETA',
    'on',
    `
    AllowParsingUserUIDFromCertAuth CPUManagerPolicyBetaOptions CSIServiceAccountTokenSecrets
    ContainerCheckpoint ContextualLogging DRAAdminAccess DRASchedulerFilterTimeout DeclarativeValidation
    DetectCacheInconsistency DisableCPUQuotaWithExclusiveCPUs EnvFiles ExternalServiceAccountTokenSigner
    GracefulNodeShutdown GracefulNodeShutdownBasedOnPodPriority InOrderInformers
    InOrderInformersBatchProcess KubeletCrashLoopBackOffMax KubeletEnsureSecretPulledImages
    KubeletFineGrainedAuthz KubeletPSI KubeletPodResourcesDynamicResources KubeletPodResourcesGet
    KubeletSeparateDiskGC KubeletServiceAccountTokenForCredentialProviders LoggingBetaOptions
    MatchLabelKeysInPodTopologySpreadSelectorMerge MutableCSINodeAllocatableCount OpportunisticBatching
    PreventStaticPodAPIReferences ReloadKubeletServerCertificateFile RotateKubeletServerCertificate
    SELinuxChangePolicy SELinuxMountReadWriteOncePod SchedulerAsyncPreemption SizeBasedListCostEstimate
    StatefulSetSemanticRevisionComparison StructuredAuthenticationConfigurationEgressSelector
    StructuredAuthenticationConfigurationJWKSMetrics TopologyManagerPolicyBetaOptions
    UserNamespacesSupport WatchListClient WindowsGracefulNodeShutdown
    `,
  ],
  [
    'BETA',
    'off',
    `
    CRDObservedGenerationTracking ConcurrentWatchObjectDecode
    CoordinatedLeaderElection DeclarativeValidationTakeover
    LocalStorageCapacityIsolationFSQuotaMonitoring MaxUnavailableStatefulSet NodeLogQuery SELinuxMount
    SchedulerAsyncAPICalls WatchCacheInitializationPostStartHook
    `,
  ],
  [
    'ALPHA',
    'off',
    `
    APIServingWithRoutine AllowUnsafeMalformedObjectDeletion CPUManagerPolicyAlphaOptions
    CSIVolumeHealth ClientsAllowCBOR ClientsPreferCBOR
    CloudControllerManagerWatchBasedRoutesReconciliation CloudControllerManagerWebhook ComponentFlagz
    ComponentStatusz ContainerStopSignals CrossNamespaceVolumeDataSource CustomCPUCFSQuotaPeriod
    DRAConsumableCapacity DRADeviceBindingConditions DRAExtendedResource DRAPartitionableDevices EventedPLEG GangScheduling HPAScaleToZero
    InPlacePodLevelResourcesVerticalScaling InPlacePodVerticalScalingExclusiveCPUs
    InPlacePodVerticalScalingExclusiveMemory InTreePluginPortworxUnregister KubeletInUserNamespace
    LoggingAlphaOptions MemoryQoS MutablePVNodeAffinity MutablePodResourcesForSuspendedJobs
    MutableSchedulingDirectivesForSuspendedJobs NodeDeclaredFeatures PodAndContainerStatsFromCRI
    PodLogsQuerySplitStreams QOSReserved ReduceDefaultCrashLoopBackOffDecay RelaxedServiceNameValidation
    ResourceHealthStatus RestartAllContainersOnContainerExits RuntimeClassInImageCriApi
    StorageCapacityScoring StrictIPCIDRValidation TaintTolerationComparisonOperators
    TopologyManagerPolicyAlphaOptions UnknownVersionInteroperabilityProxy
    UserNamespacesHostNetworkSupport VolumeLimitScaling WindowsCPUAndMemoryAffinity
    `,
  ],
  [
    'DEPRECATED',
    'on',
    `
    DisableNodeKubeProxyVersion KubeletPodResourcesListUseActivePods StorageNamespaceIndex
    `,
  ],
  [
    'DEPRECATED',
    'off',
    `
    AllowDNSOnlyNodeCSR AllowInsecureKubeletCertificateSigningRequests
    AllowOverwriteTerminationGracePeriodSeconds ChangeContainerStatusOnKubeletRestart GitRepoVolumeDriver
    InPlacePodVerticalScalingAllocatedStatus KMSv1 KubeletRegistrationGetOnExistsOnly SeparateCacheWatchRPC
    WatchFromStorageWithoutResourceVersion WindowsHostNetwork
    `,
  ],
]

/** Those that upstream locks to their default, of all the others. */
const locked = `
  APIServerTracing AggregatedDiscoveryRemoveBetaType AllowOverwriteTerminationGracePeriodSeconds
  AnonymousAuthConfigurableEndpoints AnyVolumeDataSource AuthorizeNodeWithSelectors
  AuthorizeWithSelectors BtreeWatchCache CPUManagerPolicyOptions CRDValidationRatcheting
  CSIMigrationPortworx ConsistentListFromCache CustomResourceFieldSelectors DisableAllocatorDualWrite
  DynamicResourceAllocation ExecProbeTimeout HonorPVReclaimPolicy ImageMaximumGCAge
  InPlacePodVerticalScaling JobBackoffLimitPerIndex JobManagedBy JobPodReplacementPolicy
  JobSuccessPolicy KubeletCgroupDriverFromCRI KubeletTracing LogarithmicScaleDown
  MatchLabelKeysInPodAffinity MemoryManager MultiCIDRServiceAllocator NFTablesProxyMode
  NodeInclusionPolicyInPodTopologySpread NodeSwap OrderedNamespaceDeletion PodLifecycleSleepAction
  PodLifecycleSleepActionAllowZero PodObservedGenerationTracking PodSchedulingReadiness
  PreferSameTrafficDistribution RecoverVolumeExpansionFailure RecursiveReadOnlyMounts
  RelaxedDNSSearchValidation RelaxedEnvironmentVariableValidation ResilientWatchCacheInitialization
  RetryGenerateName SchedulerQueueingHints SeparateTaintEvictionController ServiceAccountTokenJTI
  ServiceAccountTokenNodeBinding ServiceAccountTokenNodeBindingValidation
  ServiceAccountTokenPodNodeInfo ServiceTrafficDistribution SidecarContainers
  StreamingCollectionEncodingToJSON StreamingCollectionEncodingToProtobuf
  StructuredAuthenticationConfiguration StructuredAuthorizationConfiguration SupplementalGroupsPolicy
  SystemdWatchdog TopologyAwareHints WatchFromStorageWithoutResourceVersion WinDSR WinOverlay
`

type Row = readonly [name: string, stage: Stage, value: 'on' | 'off']

const words = (text: string) => text.trim().split(/\s+/)
const lockedNames: ReadonlySet<string> = new Set(words(locked))

const toGate =
  (use: Gate['use']) =>
  ([name, stage, value]: Row): Gate => {
    const byDefault = value === 'on'
    const isOn = byDefault && use !== 'absent'
    return { name, stage, byDefault, isOn, use, isLocked: lockedNames.has(name) }
  }

const absentRows: readonly Row[] = absent.flatMap(([stage, value, names]) =>
  words(names).map((name): Row => [name, stage, value]),
)

/** All of them, by name. */
export const gates: ReadonlyMap<string, Gate> = new Map(
  [...switched.map(toGate('switched')), ...fixed.map(toGate('fixed')), ...absentRows.map(toGate('absent'))]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(gate => [gate.name, gate]),
)
