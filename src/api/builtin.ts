/** The table of built-in kinds. A new kind is one file and one line here. */
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPoliciesAlpha,
} from './admissionregistration/mutating-admission-policy.ts'
import {
  mutatingAdmissionPolicyBindings,
  mutatingAdmissionPolicyBindingsAlpha,
} from './admissionregistration/mutating-admission-policy-binding.ts'
import { mutatingWebhookConfigurations } from './admissionregistration/mutating-webhook-configuration.ts'
import { validatingAdmissionPolicies } from './admissionregistration/validating-admission-policy.ts'
import { validatingAdmissionPolicyBindings } from './admissionregistration/validating-admission-policy-binding.ts'
import { validatingWebhookConfigurations } from './admissionregistration/validating-webhook-configuration.ts'
import { customResourceDefinitions } from './apiextensions/custom-resource-definition.ts'
import { apiServices } from './apiregistration/api-service.ts'
import { controllerRevisions } from './apps/controller-revision.ts'
import { daemonSets } from './apps/daemon-set.ts'
import { deployments } from './apps/deployment.ts'
import { replicaSets } from './apps/replica-set.ts'
import { statefulSets } from './apps/stateful-set.ts'
import { selfSubjectReviews } from './authentication/self-subject-review.ts'
import { tokenReviews } from './authentication/token-review.ts'
import { localSubjectAccessReviews } from './authorization/local-subject-access-review.ts'
import { selfSubjectAccessReviews } from './authorization/self-subject-access-review.ts'
import { selfSubjectRulesReviews } from './authorization/self-subject-rules-review.ts'
import { subjectAccessReviews } from './authorization/subject-access-review.ts'
import { horizontalPodAutoscalers } from './autoscaling/horizontal-pod-autoscaler.ts'
import { horizontalPodAutoscalersV1 } from './autoscaling/horizontal-pod-autoscaler-v1.ts'
import { cronJobs } from './batch/cron-job.ts'
import { jobs } from './batch/job.ts'
import { certificateSigningRequests } from './certificates/certificate-signing-request.ts'
import { clusterTrustBundles, clusterTrustBundlesAlpha } from './certificates/cluster-trust-bundle.ts'
import { podCertificateRequests } from './certificates/pod-certificate-request.ts'
import { leases } from './coordination/lease.ts'
import { leaseCandidates, leaseCandidatesAlpha } from './coordination/lease-candidate.ts'
import { bindings } from './core/binding.ts'
import { componentStatuses } from './core/component-status.ts'
import { configMaps } from './core/config-map.ts'
import { endpoints } from './core/endpoints.ts'
import { events } from './core/event.ts'
import { limitRanges } from './core/limit-range.ts'
import { namespaces } from './core/namespace.ts'
import { nodes } from './core/node.ts'
import { persistentVolumes } from './core/persistent-volume.ts'
import { persistentVolumeClaims } from './core/persistent-volume-claim.ts'
import { pods } from './core/pod.ts'
import { podTemplates } from './core/pod-template.ts'
import { replicationControllers } from './core/replication-controller.ts'
import { resourceQuotas } from './core/resource-quota.ts'
import { secrets } from './core/secret.ts'
import { services } from './core/service.ts'
import { serviceAccounts } from './core/service-account.ts'
import type { Resource } from './define.ts'
import { endpointSlices } from './discovery/endpoint-slice.ts'
import { eventsV1 } from './events/event.ts'
import { flowSchemas } from './flowcontrol/flow-schema.ts'
import { priorityLevelConfigurations } from './flowcontrol/priority-level-configuration.ts'
import { storageVersions } from './internal/storage-version.ts'
import { ingresses } from './networking/ingress.ts'
import { ingressClasses } from './networking/ingress-class.ts'
import { ipAddresses, ipAddressesBeta } from './networking/ip-address.ts'
import { networkPolicies } from './networking/network-policy.ts'
import { serviceCidrs, serviceCidrsBeta } from './networking/service-cidr.ts'
import { runtimeClasses } from './node/runtime-class.ts'
import { podDisruptionBudgets } from './policy/pod-disruption-budget.ts'
import { clusterRoles } from './rbac/cluster-role.ts'
import { clusterRoleBindings } from './rbac/cluster-role-binding.ts'
import { roles } from './rbac/role.ts'
import { roleBindings } from './rbac/role-binding.ts'
import { deviceClasses, deviceClassesBeta, deviceClassesOldest } from './resource/device-class.ts'
import { deviceTaintRules } from './resource/device-taint-rule.ts'
import { resourceClaims, resourceClaimsBeta, resourceClaimsOldest } from './resource/resource-claim.ts'
import {
  resourceClaimTemplates,
  resourceClaimTemplatesBeta,
  resourceClaimTemplatesOldest,
} from './resource/resource-claim-template.ts'
import { resourceSlices, resourceSlicesBeta, resourceSlicesOldest } from './resource/resource-slice.ts'
import { priorityClasses } from './scheduling/priority-class.ts'
import { workloads } from './scheduling/workload.ts'
import { csiDrivers } from './storage/csi-driver.ts'
import { csiNodes } from './storage/csi-node.ts'
import { csiStorageCapacities } from './storage/csi-storage-capacity.ts'
import { storageClasses } from './storage/storage-class.ts'
import { volumeAttachments } from './storage/volume-attachment.ts'
import { volumeAttributesClasses, volumeAttributesClassesBeta } from './storage/volume-attributes-class.ts'
import { storageVersionMigrations } from './storagemigration/storage-version-migration.ts'

/** Resources of different object types stand in one list; each is only ever given objects of its own kind. */
const table: readonly unknown[] = [
  bindings,
  componentStatuses,
  configMaps,
  endpoints,
  events,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  podTemplates,
  pods,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
  apiServices,
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
  eventsV1,
  selfSubjectReviews,
  tokenReviews,
  localSubjectAccessReviews,
  selfSubjectAccessReviews,
  selfSubjectRulesReviews,
  subjectAccessReviews,
  horizontalPodAutoscalersV1,
  horizontalPodAutoscalers,
  cronJobs,
  jobs,
  certificateSigningRequests,
  ingressClasses,
  ingresses,
  ipAddresses,
  networkPolicies,
  serviceCidrs,
  podDisruptionBudgets,
  clusterRoleBindings,
  clusterRoles,
  roleBindings,
  roles,
  csiDrivers,
  csiNodes,
  csiStorageCapacities,
  storageClasses,
  volumeAttachments,
  volumeAttributesClasses,
  mutatingWebhookConfigurations,
  validatingAdmissionPolicyBindings,
  validatingAdmissionPolicies,
  validatingWebhookConfigurations,
  customResourceDefinitions,
  priorityClasses,
  leases,
  runtimeClasses,
  endpointSlices,
  deviceClasses,
  resourceClaimTemplates,
  resourceClaims,
  resourceSlices,
  flowSchemas,
  priorityLevelConfigurations,
]

export const builtinResources = table as readonly Resource[]

/** Served only when `--runtime-config` names their version (features/runtime-config.ts). */
const onRequest: readonly unknown[] = [
  ipAddressesBeta,
  serviceCidrsBeta,
  volumeAttributesClassesBeta,
  leaseCandidates,
  leaseCandidatesAlpha,
  deviceClassesBeta,
  resourceClaimsBeta,
  resourceClaimTemplatesBeta,
  resourceSlicesBeta,
  deviceClassesOldest,
  resourceClaimsOldest,
  resourceClaimTemplatesOldest,
  resourceSlicesOldest,
  deviceTaintRules,
  clusterTrustBundles,
  clusterTrustBundlesAlpha,
  podCertificateRequests,
  workloads,
  storageVersions,
  storageVersionMigrations,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
  mutatingAdmissionPoliciesAlpha,
  mutatingAdmissionPolicyBindingsAlpha,
]

export const optionalResources = onRequest as readonly Resource[]
