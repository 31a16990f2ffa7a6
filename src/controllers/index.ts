import { createFeatures, type Features } from '../api/features/features.ts'
import type { Catalog } from '../client/catalog.ts'
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
import {
  type CertificateOptions,
  certificateApprover,
  certificateCleaner,
  certificateSigner,
} from './identity/certificates.ts'
import { clusterRoleAggregation } from './identity/clusterrole-aggregation.ts'
import { rootCaPublisher } from './identity/root-ca.ts'
import { serviceAccountController } from './identity/serviceaccount.ts'
import { tokenCleaner } from './identity/token-cleaner.ts'
import { type TokenSecretOptions, tokenSecretController } from './identity/token-secret.ts'
import { endpointsController } from './network/endpoints.ts'
import { endpointSliceController } from './network/endpointslice.ts'
import { endpointSliceMirroring } from './network/endpointslice-mirroring.ts'
import { serviceCidrController } from './network/service-cidr.ts'
import { nodeIpamController } from './node/node-ipam.ts'
import { nodeLifecycleController } from './node/node-lifecycle.ts'
import { objectTtlController } from './node/object-ttl.ts'
import { taintEvictionController } from './node/taint-eviction.ts'

import { admissionPolicyStatus } from './policy/admission-policy-status.ts'
import { disruptionController } from './policy/disruption.ts'
import { resourceQuotaController } from './policy/resourcequota.ts'
import { staleDisruptionCleaner } from './policy/stale-disruption.ts'
import { podResourceClaims } from './resource/pod-claims.ts'
import { resourceClaimController } from './resource/resource-claim.ts'
import { claimBinder } from './storage/claim-binder.ts'
import { ephemeralVolumeController } from './storage/ephemeral-volume.ts'
import { attributesClassProtection, claimProtection, volumeProtection } from './storage/protection.ts'
import { volumeBinder } from './storage/volume-binder.ts'
import { storageVersionCollector } from './storageversion/forget-servers.ts'
import { storageVersionMigrator } from './storageversion/migrator.ts'

/** What controllers need from the rest of the program. */
export interface ControllerOptions {
  /** What is served, custom resources included: the server's registry, or discovery. */
  readonly catalog: Catalog
  /** `10.42.0.0/16`; one per IP family. */
  readonly clusterCidrs: readonly string[]
  readonly tokens: TokenSecretOptions
  readonly certificates: CertificateOptions
  /** Default: upstream's gates as they are by default. */
  readonly features?: Pick<Features, 'enabled'>
}

/** All controllers, in no order that matters. */
export function controllerTable({
  catalog,
  clusterCidrs,
  tokens,
  certificates,
  features = createFeatures(),
}: ControllerOptions): readonly Worker[] {
  return [
    deploymentController,
    replicaSetController,
    replicationController,
    daemonSetController(),
    statefulSetController,
    jobController(),
    jobPodReleaser,
    cronJobController(),
    ttlAfterFinishedController,
    admissionPolicyStatus(catalog),
    disruptionController(catalog),
    staleDisruptionCleaner,
    resourceQuotaController(catalog),
    horizontalPodAutoscaler(catalog),
    claimBinder,
    volumeBinder,
    claimProtection,
    volumeProtection,
    attributesClassProtection,
    ephemeralVolumeController,
    podResourceClaims,
    resourceClaimController,
    endpointsController(),
    endpointSliceController(),
    endpointSliceMirroring,
    serviceCidrController,
    namespaceController(catalog),
    garbageCollector(catalog),
    podGarbageCollector,
    nodeLifecycleController,
    taintEvictionController(),
    nodeIpamController(clusterCidrs),
    objectTtlController(),
    serviceAccountController,
    rootCaPublisher(tokens.rootCaPem),
    tokenSecretController(tokens),
    tokenCleaner,
    bootstrapSigner,
    clusterRoleAggregation,
    certificateApprover(certificates),
    certificateSigner(certificates),
    certificateCleaner,
    ...(features.enabled('StorageVersionAPI') ? [storageVersionCollector(catalog)] : []),
    ...(features.enabled('StorageVersionMigrator') ? [storageVersionMigrator(catalog)] : []),
  ]
}
