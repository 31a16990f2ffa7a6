import { mutatingAdmissionPolicies } from '../../api/admissionregistration/mutating-admission-policy.ts'
import { mutatingAdmissionPolicyBindings } from '../../api/admissionregistration/mutating-admission-policy-binding.ts'
import { mutatingWebhookConfigurations } from '../../api/admissionregistration/mutating-webhook-configuration.ts'
import { validatingAdmissionPolicies } from '../../api/admissionregistration/validating-admission-policy.ts'
import { validatingAdmissionPolicyBindings } from '../../api/admissionregistration/validating-admission-policy-binding.ts'
import { validatingWebhookConfigurations } from '../../api/admissionregistration/validating-webhook-configuration.ts'
import { daemonSets } from '../../api/apps/daemon-set.ts'
import { deployments } from '../../api/apps/deployment.ts'
import { replicaSets } from '../../api/apps/replica-set.ts'
import { statefulSets } from '../../api/apps/stateful-set.ts'
import { cronJobs } from '../../api/batch/cron-job.ts'
import { jobs } from '../../api/batch/job.ts'
import { limitRanges } from '../../api/core/limit-range.ts'
import { namespaces } from '../../api/core/namespace.ts'
import { nodes } from '../../api/core/node.ts'
import { persistentVolumes } from '../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../api/core/persistent-volume-claim.ts'
import { pods } from '../../api/core/pod.ts'
import { replicationControllers } from '../../api/core/replication-controller.ts'
import { resourceQuotas } from '../../api/core/resource-quota.ts'
import { serviceAccounts } from '../../api/core/service-account.ts'
import { ingressClasses } from '../../api/networking/ingress-class.ts'
import { runtimeClasses } from '../../api/node/runtime-class.ts'
import { priorityClasses } from '../../api/scheduling/priority-class.ts'
import { csiDrivers } from '../../api/storage/csi-driver.ts'
import { storageClasses } from '../../api/storage/storage-class.ts'
import type {
  MutatingWebhookConfiguration,
  ValidatingWebhookConfiguration,
} from '../../api/types/admissionregistration-v1.gen.ts'
import type { Ports } from '../../std/ports.ts'
import type { Rbac } from '../authz/rbac.ts'
import type { CacheSources } from '../cache-sources.ts'
import type { AdmissionPlugin, Authorizer } from '../context.ts'
import { memorySource } from '../lister.ts'
import { webhookMeter } from '../metrics/admission.ts'
import { policyMeter } from '../metrics/policies.ts'
import type { PostReview } from '../remote-review/ask-again.ts'
import type { CredentialsByHost } from '../remote-review/kubeconfig.ts'
import type { Tracing } from '../tracing/tracing.ts'
import type { WebhookClient } from '../webhook-client/webhook-client.ts'
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts'
import { type AdmissionChoice, choosePlugins } from './choice.ts'
import type { PluginSettings } from './configuration/settings.ts'
import { defaultIngressClass } from './ingress-class.ts'
import { limitRanger } from './limit-ranger.ts'
import type { MatchServices } from './match/services.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { taintNodesByCondition } from './node-taint.ts'
import { eventRateLimit } from './optional/event-rate-limit.ts'
import { imagePolicyWebhook } from './optional/image-policy.ts'
import {
  alwaysAdmit,
  alwaysDeny,
  denyServiceExternalIps,
  namespaceAutoProvision,
  namespaceExists,
} from './optional/others.ts'
import { ownerReferencesPermission } from './optional/owner-permissions.ts'
import { podTolerationRestriction } from './optional/pod-tolerations.ts'
import {
  alwaysPullImages,
  extendedResourceToleration,
  limitPodHardAntiAffinity,
  podNodeSelector,
} from './optional/pods.ts'
import { podCertificateSigning, trustBundleAttest } from './pod-certificates.ts'
import { podSecurity } from './pod-security/plugin.ts'
import { podTopologyLabels } from './pod-topology.ts'
import { mutatingPolicies } from './policies/mutating/plugin.ts'
import { validatingPolicies } from './policies/plugin.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './quota/plugin.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { claimResize, defaultStorageClass, storageObjectInUseProtection } from './storage-class.ts'
import { defaultTolerationSeconds, type TolerationSeconds } from './tolerations.ts'
import { type AutoscalerSources, storedAutoscalers, verticalAutoscaler } from './vertical-autoscaler.ts'
import type { HookPorts } from './webhooks/call-hook.ts'
import { mutatingWebhooks } from './webhooks/mutating.ts'
import { validatingWebhooks } from './webhooks/validating.ts'

/** What an administrator says about admission. */
export interface AdmissionOptions {
  readonly choice: AdmissionChoice
  readonly settings: PluginSettings
  /** The service that ImagePolicyWebhook asks; there when it has settings. */
  readonly imagePolicy?: PostReview | undefined
  /** What webhooks are shown of the server. */
  readonly credentials: Readonly<Partial<Record<WebhookPlugin, CredentialsByHost>>>
  readonly components?: AdmissionComponents | undefined
  /** Default: five minutes each. */
  readonly tolerationSeconds?: TolerationSeconds
  /** Whether pods get what the controller of VerticalPodAutoscalers recommends. Default: no. */
  readonly scalesVertically?: boolean
}

/** WASM components from files: asked as webhooks are, without a server. */
export interface AdmissionComponents {
  readonly mutating: readonly MutatingWebhookConfiguration[]
  readonly validating: readonly ValidatingWebhookConfiguration[]
  readonly call: WebhookClient
}

export type WebhookPlugin = 'MutatingAdmissionWebhook' | 'ValidatingAdmissionWebhook'

export const usualAdmission: AdmissionOptions = {
  choice: { enabled: [], disabled: [] },
  settings: {},
  credentials: {},
}

export interface AdmissionSetup extends Pick<Ports, 'clock' | 'random' | 'metrics'> {
  /** What plugins look up or follow, of any kind: read from the watch cache. */
  readonly sources: Pick<CacheSources, 'of'>
  /** How webhooks are asked, with what is shown to them. */
  readonly connect: (credentials: CredentialsByHost | undefined) => WebhookClient
  readonly authorize: Authorizer
  readonly rbac: Rbac
  /** Makes a namespace in the server's own name. */
  readonly createNamespace: (name: string) => Promise<void>
  readonly scaleOf: AutoscalerSources['scaleOf']
  readonly options: AdmissionOptions
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/** The plugins that run: those that are on by default, but for what was chosen otherwise. */
export function admissionPlugins(setup: AdmissionSetup): readonly AdmissionPlugin[] {
  return choosePlugins(allPlugins(setup), setup.options.choice)
}

/** In upstream's order (pkg/kubeapiserver/options/plugins.go). All `admit` run before all `validate`. */
function allPlugins(setup: AdmissionSetup): readonly AdmissionPlugin[] {
  const { sources, connect, authorize, rbac, clock, random, metrics } = setup
  const { settings, imagePolicy, credentials } = setup.options
  const { of } = sources
  const hooks = (name: WebhookPlugin, call = connect(credentials[name])) => ({
    ...{ call, random, clock, tracing: setup.tracing },
    meter: webhookMeter(metrics, name === 'MutatingAdmissionWebhook' ? 'admit' : 'validating'),
  })
  const matching = { namespaces: of(namespaces), authorize, clock }
  const evaluating = { ...matching, objectsOf: of, clock, meter: policyMeter(metrics) }
  const fromFiles = componentPlugins(setup, hooks, matching)
  return [
    alwaysAdmit(),
    namespaceAutoProvision(of(namespaces), setup.createNamespace),
    namespaceLifecycle(of(namespaces)),
    namespaceExists(of(namespaces)),
    limitPodHardAntiAffinity(),
    limitRanger(of(limitRanges)),
    serviceAccount({ serviceAccounts: of(serviceAccounts), clock, random }),
    nodeRestriction({
      ...{ pods: of(pods), nodes: of(nodes), serviceAccounts: of(serviceAccounts) },
      ...{ claims: of(persistentVolumeClaims), volumes: of(persistentVolumes), csiDrivers: of(csiDrivers) },
      podCertificates: setup.options.choice.features?.enabled('PodCertificateRequest') ?? false,
      authorize,
    }),
    taintNodesByCondition(),
    alwaysPullImages(),
    ...(settings.ImagePolicyWebhook && imagePolicy
      ? [imagePolicyWebhook({ settings: settings.ImagePolicyWebhook, post: imagePolicy, clock })]
      : []),
    podSecurity({ namespaces: of(namespaces), pods: of(pods), metrics }, settings.PodSecurity),
    podNodeSelector(of(namespaces), settings.PodNodeSelector),
    priority(of(priorityClasses)),
    defaultTolerationSeconds(setup.options.tolerationSeconds),
    podTolerationRestriction(of(namespaces), settings.PodTolerationRestriction),
    eventRateLimit(settings.EventRateLimit ?? [], clock),
    extendedResourceToleration(),
    defaultStorageClass(of(storageClasses)),
    storageObjectInUseProtection(),
    ownerReferencesPermission(authorize),
    claimResize(of(storageClasses)),
    runtimeClass(of(runtimeClasses)),
    ...certificatePlugins(authorize),
    defaultIngressClass(of(ingressClasses)),
    denyServiceExternalIps(),
    podTopologyLabels(of(nodes)),
    mutatingPolicies(
      { policies: of(mutatingAdmissionPolicies), bindings: of(mutatingAdmissionPolicyBindings) },
      evaluating,
    ),
    mutatingWebhooks(of(mutatingWebhookConfigurations), hooks('MutatingAdmissionWebhook'), matching),
    ...fromFiles.mutating,
    ...(setup.options.scalesVertically ? [verticalAutoscaler(autoscalerSources(setup))] : []),
    validatingPolicies(
      { policies: of(validatingAdmissionPolicies), bindings: of(validatingAdmissionPolicyBindings) },
      evaluating,
    ),
    validatingWebhooks(of(validatingWebhookConfigurations), hooks('ValidatingAdmissionWebhook'), matching),
    ...fromFiles.validating,
    // Upstream checks escalation in storage, after all admission; quota still comes last: it counts what passed.
    rbacEscalation(rbac, authorize),
    resourceQuota({
      ...{ resourceQuotas: of(resourceQuotas), objectsOf: of, clock },
      limited: settings.ResourceQuota,
    }),
    alwaysDeny(),
  ]
}

function autoscalerSources({ sources: { of }, scaleOf }: AdmissionSetup): AutoscalerSources {
  const makers = {
    CronJob: of(cronJobs),
    DaemonSet: of(daemonSets),
    Deployment: of(deployments),
    Job: of(jobs),
    ReplicaSet: of(replicaSets),
    ReplicationController: of(replicationControllers),
    StatefulSet: of(statefulSets),
  }
  return { autoscalers: of(storedAutoscalers), limitRanges: of(limitRanges), makers, scaleOf }
}

function certificatePlugins(authorize: Authorizer): readonly AdmissionPlugin[] {
  return [
    certificateRequester(),
    certificateApproval(authorize),
    certificateSigning(authorize),
    certificateSubjectRestriction(),
    trustBundleAttest(authorize),
    podCertificateSigning(authorize),
  ]
}

/** Components are webhooks of their own plugins; without a folder of them there is nothing to ask. */
function componentPlugins(
  { options: { components } }: AdmissionSetup,
  hooks: (name: WebhookPlugin, call: WebhookClient) => HookPorts,
  matching: MatchServices,
): Readonly<Record<'mutating' | 'validating', readonly AdmissionPlugin[]>> {
  if (!components) return { mutating: [], validating: [] }
  const { mutating, validating, call } = components
  const [forMutating, forValidating] = [
    hooks('MutatingAdmissionWebhook', call),
    hooks('ValidatingAdmissionWebhook', call),
  ]
  return {
    mutating: [mutatingWebhooks(memorySource(mutating), forMutating, matching, 'MutatingAdmissionComponent')],
    validating: [
      validatingWebhooks(memorySource(validating), forValidating, matching, 'ValidatingAdmissionComponent'),
    ],
  }
}
