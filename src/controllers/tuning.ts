/** Controllers under upstream's names of them (cmd/kube-controller-manager/names). */
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

/** What an administrator may set about controllers; `defaultTuning` is kube-controller-manager's. */
export interface ControllerTuning {
  readonly runs: (name: ControllerName) => boolean
  /** Keys that a controller works on at a time; absent: its own number. */
  readonly lanes: ReadonlyMap<ControllerName, number>
  /** So many finished pods are left alone. */
  readonly finishedPodsMax: number
  readonly autoscaling: AutoscalingTuning
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
  runs: () => true,
  lanes: new Map(),
  finishedPodsMax: 12_500,
  autoscaling: {
    periodMs: 15_000,
    tolerance: 0.1,
    downscaleStabilizationMs: 300_000,
    cpuInitializationMs: 300_000,
    initialReadinessMs: 30_000,
  },
}
