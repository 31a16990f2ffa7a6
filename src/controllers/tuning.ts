/** Controllers under upstream's names of them (cmd/kube-controller-manager/names); more are in `optional.ts`. */
export const controllerNames = [
  'bootstrap-signer-controller',
  'certificatesigningrequest-approving-controller',
  'certificatesigningrequest-cleaner-controller',
  'certificatesigningrequest-signing-controller',
  'clusterrole-aggregation-controller',
  'cronjob-controller',
  'daemonset-controller',
  'deployment-controller',
  'device-taint-eviction-controller',
  'disruption-controller',
  'endpoints-controller',
  'endpointslice-controller',
  'endpointslice-mirroring-controller',
  'ephemeral-volume-controller',
  'garbage-collector-controller',
  'horizontal-pod-autoscaler-controller',
  'job-controller',
  'kube-apiserver-serving-clustertrustbundle-publisher-controller',
  'legacy-serviceaccount-token-cleaner-controller',
  'namespace-controller',
  'node-ipam-controller',
  'node-lifecycle-controller',
  'persistentvolume-binder-controller',
  'persistentvolume-protection-controller',
  'persistentvolumeclaim-protection-controller',
  'pod-garbage-collector-controller',
  'podcertificaterequest-cleaner-controller',
  'replicaset-controller',
  'replicationcontroller-controller',
  'resourceclaim-controller',
  'resourcequota-controller',
  'root-ca-certificate-publisher-controller',
  'service-cidr-controller',
  'serviceaccount-controller',
  'serviceaccount-token-controller',
  'statefulset-controller',
  'storage-version-migrator-controller',
  'storageversion-garbage-collector-controller',
  'taint-eviction-controller',
  'token-cleaner-controller',
  'ttl-after-finished-controller',
  'ttl-controller',
  'validatingadmissionpolicy-status-controller',
  'volumeattributesclass-protection-controller',
] as const

export type ControllerName = (typeof controllerNames)[number]
const ofTheList: ReadonlySet<string> = new Set(controllerNames)

/** What an administrator may set about controllers; `defaultTuning` is kube-controller-manager's. */
export interface ControllerTuning {
  readonly runs: (name: string) => boolean
  /** Keys that a controller works on at a time; absent: its own number. */
  readonly lanes: ReadonlyMap<ControllerName, number>
  /** So many finished pods are left alone. */
  readonly finishedPodsMax: number
  /** Tokens of old servers that nobody has used for so long are invalidated, and later deleted. */
  readonly unusedTokensMs: number
  readonly autoscaling: AutoscalingTuning
  readonly nodes: NodeTuning
}

export interface NodeTuning {
  /** How long a node may say nothing, and how long before its first word. */
  readonly monitorGraceMs: number
  readonly startupGraceMs: number
  readonly monitorPeriodMs: number
  /** Nodes of a zone that may be begun to be emptied, in ordinary times and while most of the zone is ill. */
  readonly evictionsPerSecond: number
  readonly secondaryEvictionsPerSecond: number
  /** From this share on a zone is ill. */
  readonly unhealthyShare: number
  /** In a zone that is not larger nothing is emptied while it is ill. */
  readonly largeZoneMin: number
}

export interface AutoscalingTuning {
  readonly periodMs: number
  /** Share of the target by which usage may miss it. */
  readonly tolerance: number
  readonly downscaleStabilizationMs: number
  readonly cpuInitializationMs: number
  readonly initialReadinessMs: number
}

export const defaultTuning: ControllerTuning = {
  runs: name => ofTheList.has(name),
  lanes: new Map(),
  finishedPodsMax: 12_500,
  unusedTokensMs: 8760 * 3_600_000,
  autoscaling: {
    periodMs: 15_000,
    tolerance: 0.1,
    downscaleStabilizationMs: 300_000,
    cpuInitializationMs: 300_000,
    initialReadinessMs: 30_000,
  },
  nodes: {
    monitorGraceMs: 50_000,
    startupGraceMs: 60_000,
    monitorPeriodMs: 5_000,
    evictionsPerSecond: 0.1,
    secondaryEvictionsPerSecond: 0.01,
    unhealthyShare: 0.55,
    largeZoneMin: 50,
  },
}
