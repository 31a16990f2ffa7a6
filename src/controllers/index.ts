import { createFeatures } from '../api/features/features.ts'
import type { SwitchedGate } from '../api/features/gates.ts'
import type { Worker } from '../controller/worker.ts'
import { daemonSetController } from './apps/daemonset.ts'
import { deploymentController } from './apps/deployment.ts'
import { replicaSetController } from './apps/replicaset.ts'
import { replicationController } from './apps/replicationcontroller.ts'
import { statefulSetController } from './apps/statefulset.ts'
import { horizontalPodAutoscaler } from './autoscaling/horizontal.ts'
import { cronJobController } from './batch/cronjob.ts'
import { jobController } from './batch/job.ts'
import { jobPodReleaser } from './batch/job-orphans.ts'
import { ttlAfterFinishedController } from './batch/ttl-after-finished.ts'
import { garbageCollector } from './cleanup/garbage-collector.ts'
import { namespaceController } from './cleanup/namespace.ts'
import { podGarbageCollector } from './cleanup/pod-gc.ts'
import { bootstrapSigner } from './identity/bootstrap-signer.ts'
import { certificateApprover, certificateCleaner, certificateSigner } from './identity/certificates.ts'
import { clusterRoleAggregation } from './identity/clusterrole-aggregation.ts'
import { legacyTokenCleaner } from './identity/legacy-token-cleaner.ts'
import { podCertificateCleaner } from './identity/pod-certificate-cleaner.ts'
import { rootCaPublisher } from './identity/root-ca.ts'
import { serviceAccountController } from './identity/serviceaccount.ts'
import { tokenCleaner } from './identity/token-cleaner.ts'
import { tokenSecretController } from './identity/token-secret.ts'
import { trustBundlePublisher } from './identity/trust-bundle-publisher.ts'
import { endpointsController } from './network/endpoints.ts'
import { endpointSliceController } from './network/endpointslice.ts'
import { endpointSliceMirroring } from './network/endpointslice-mirroring.ts'
import { serviceCidrController } from './network/service-cidr.ts'
import { nodeIpamController } from './node/node-ipam.ts'
import { nodeLifecycleController } from './node/node-lifecycle.ts'
import { objectTtlController } from './node/object-ttl.ts'
import { taintEvictionController } from './node/taint-eviction.ts'
import { optionalControllers, workersOf } from './optional.ts'
import type { ControllerOptions } from './options.ts'
import { admissionPolicyStatus } from './policy/admission-policy-status.ts'
import { disruptionController } from './policy/disruption.ts'
import { resourceQuotaController } from './policy/resourcequota.ts'
import { staleDisruptionCleaner } from './policy/stale-disruption.ts'
import { deviceTaintEviction } from './resource/device-taint-eviction.ts'
import { podResourceClaims } from './resource/pod-claims.ts'
import { resourceClaimController } from './resource/resource-claim.ts'
import { claimBinder } from './storage/claim-binder.ts'
import { ephemeralVolumeController } from './storage/ephemeral-volume.ts'
import { attributesClassProtection, claimProtection, volumeProtection } from './storage/protection.ts'
import { volumeBinder } from './storage/volume-binder.ts'
import { storageVersionCollector } from './storageversion/forget-servers.ts'
import { storageVersionMigrator } from './storageversion/migrator.ts'
import { type ControllerName, controllerNames, defaultTuning } from './tuning.ts'

/** All controllers that run, in no order that matters. */
export function controllerTable(options: ControllerOptions): readonly Worker[] {
  const { tuning = defaultTuning } = options
  const workers = workersByName(options)
  const always = controllerNames.filter(tuning.runs).flatMap(name => {
    const concurrency = tuning.lanes.get(name)
    return workers[name].map(worker => (concurrency ? { ...worker, concurrency } : worker))
  })
  const named = optionalControllers.filter(({ name }) => tuning.runs(name))
  return [...always, ...named.flatMap(each => workersOf(each, options))]
}

/** Several are halves of one of upstream's; those of gates that are off are not there. */
function workersByName({
  catalog,
  clusterCidrs,
  tokens,
  certificates,
  features = createFeatures(),
  tuning = defaultTuning,
}: ControllerOptions): Readonly<Record<ControllerName, readonly Worker[]>> {
  const gated = (gate: SwitchedGate, make: () => Worker) => (features.enabled(gate) ? [make()] : [])
  return {
    'bootstrap-signer-controller': [bootstrapSigner],
    'certificatesigningrequest-approving-controller': [certificateApprover(certificates)],
    'certificatesigningrequest-cleaner-controller': [certificateCleaner],
    'certificatesigningrequest-signing-controller': [certificateSigner(certificates)],
    'clusterrole-aggregation-controller': [clusterRoleAggregation],
    'cronjob-controller': [cronJobController()],
    'daemonset-controller': [daemonSetController()],
    'deployment-controller': [deploymentController],
    'device-taint-eviction-controller': gated('DRADeviceTaints', () =>
      deviceTaintEviction(catalog, features.enabled('DRADeviceTaintRules')),
    ),
    'disruption-controller': [disruptionController(catalog), staleDisruptionCleaner],
    'endpoints-controller': [endpointsController()],
    'endpointslice-controller': [endpointSliceController()],
    'endpointslice-mirroring-controller': [endpointSliceMirroring()],
    'ephemeral-volume-controller': [ephemeralVolumeController],
    'garbage-collector-controller': [garbageCollector(catalog)],
    'horizontal-pod-autoscaler-controller': [horizontalPodAutoscaler(catalog, tuning.autoscaling)],
    'job-controller': [jobController(), jobPodReleaser],
    'kube-apiserver-serving-clustertrustbundle-publisher-controller': gated('ClusterTrustBundle', () =>
      trustBundlePublisher(catalog, tokens.rootCaPem),
    ),
    'legacy-serviceaccount-token-cleaner-controller': [legacyTokenCleaner(tuning.unusedTokensMs)],
    'namespace-controller': [namespaceController(catalog)],
    'node-ipam-controller': [nodeIpamController(clusterCidrs)],
    'node-lifecycle-controller': [nodeLifecycleController(tuning.nodes)],
    'persistentvolume-binder-controller': [claimBinder, volumeBinder],
    'persistentvolume-protection-controller': [volumeProtection],
    'persistentvolumeclaim-protection-controller': [claimProtection],
    'pod-garbage-collector-controller': [podGarbageCollector(tuning)],
    'podcertificaterequest-cleaner-controller': gated('PodCertificateRequest', () => podCertificateCleaner),
    'replicaset-controller': [replicaSetController],
    'replicationcontroller-controller': [replicationController],
    'resourceclaim-controller': [podResourceClaims, resourceClaimController],
    'resourcequota-controller': [resourceQuotaController(catalog)],
    'root-ca-certificate-publisher-controller': [rootCaPublisher(tokens.rootCaPem)],
    'service-cidr-controller': [serviceCidrController],
    'serviceaccount-controller': [serviceAccountController],
    'serviceaccount-token-controller': [tokenSecretController(tokens)],
    'statefulset-controller': [statefulSetController],
    'storage-version-migrator-controller': gated('StorageVersionMigrator', () =>
      storageVersionMigrator(catalog),
    ),
    'storageversion-garbage-collector-controller': gated('StorageVersionAPI', () =>
      storageVersionCollector(catalog),
    ),
    'taint-eviction-controller': [taintEvictionController()],
    'token-cleaner-controller': [tokenCleaner],
    'ttl-after-finished-controller': [ttlAfterFinishedController],
    'ttl-controller': [objectTtlController()],
    'validatingadmissionpolicy-status-controller': [admissionPolicyStatus(catalog)],
    'volumeattributesclass-protection-controller': [attributesClassProtection],
  }
}
