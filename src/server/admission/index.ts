import type { Resource } from '../../api/define.ts'
import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../api/types/admissionregistration-v1.gen.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
} from '../../api/types/admissionregistration-v1beta1.gen.ts'
import type {
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ServiceAccount,
} from '../../api/types/core-v1.gen.ts'
import type { IngressClass } from '../../api/types/networking-v1.gen.ts'
import type { RuntimeClass } from '../../api/types/node-v1.gen.ts'
import type { PriorityClass } from '../../api/types/scheduling-v1.gen.ts'
import type { CSIDriver, StorageClass } from '../../api/types/storage-v1.gen.ts'
import type { Ports } from '../../std/ports.ts'
import type { Rbac } from '../authz/rbac.ts'
import type { AdmissionPlugin, Authorizer } from '../context.ts'
import { type Lister, memorySource, type Source } from '../lister.ts'
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
import type { HookPorts } from './webhooks/call-hook.ts'
import { mutatingWebhooks } from './webhooks/mutating.ts'
import { validatingWebhooks } from './webhooks/validating.ts'

/** What the plugins read, all from the watch cache. */
export interface AdmissionListers {
  readonly namespaces: Lister<Namespace>
  readonly pods: Lister<Pod>
  readonly nodes: Lister<Node>
  readonly serviceAccounts: Lister<ServiceAccount>
  readonly limitRanges: Lister<LimitRange>
  readonly resourceQuotas: Lister<ResourceQuota>
  readonly persistentVolumes: Lister<PersistentVolume>
  readonly persistentVolumeClaims: Lister<PersistentVolumeClaim>
  readonly priorityClasses: Lister<PriorityClass>
  readonly runtimeClasses: Lister<RuntimeClass>
  readonly storageClasses: Lister<StorageClass>
  readonly csiDrivers: Lister<CSIDriver>
  readonly ingressClasses: Lister<IngressClass>
}

/** What is configured while the server runs: followed, so that nothing is looked up where nothing is configured. */
export interface AdmissionSources {
  readonly mutatingWebhooks: Source<MutatingWebhookConfiguration>
  readonly validatingWebhooks: Source<ValidatingWebhookConfiguration>
  readonly policies: Source<ValidatingAdmissionPolicy>
  readonly policyBindings: Source<ValidatingAdmissionPolicyBinding>
  readonly mutatingPolicies: Source<MutatingAdmissionPolicy>
  readonly mutatingPolicyBindings: Source<MutatingAdmissionPolicyBinding>
}

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
  readonly listers: AdmissionListers
  readonly sources: AdmissionSources
  /** How webhooks are asked, with what is shown to them. */
  readonly connect: (credentials: CredentialsByHost | undefined) => WebhookClient
  /** Any kind's objects, for quotas that count them. */
  readonly objectsOf: (resource: Resource) => Lister
  readonly authorize: Authorizer
  readonly rbac: Rbac
  /** Makes a namespace in the server's own name. */
  readonly createNamespace: (name: string) => Promise<void>
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
  const { listers, sources, connect, objectsOf, authorize, rbac, clock, random, metrics } = setup
  const { settings, imagePolicy, credentials } = setup.options
  const { namespaces } = listers
  const hooks = (name: WebhookPlugin, call = connect(credentials[name])) => ({
    ...{ call, random, clock, tracing: setup.tracing },
    meter: webhookMeter(metrics, name === 'MutatingAdmissionWebhook' ? 'admit' : 'validating'),
  })
  const matching = { namespaces, authorize, clock }
  const evaluating = { ...matching, objectsOf, clock, meter: policyMeter(metrics) }
  const fromFiles = componentPlugins(setup, hooks, matching)
  return [
    alwaysAdmit(),
    namespaceAutoProvision(namespaces, setup.createNamespace),
    namespaceLifecycle(listers.namespaces),
    namespaceExists(listers.namespaces),
    limitPodHardAntiAffinity(),
    limitRanger(listers.limitRanges),
    serviceAccount({ serviceAccounts: listers.serviceAccounts, clock, random }),
    nodeRestriction({
      pods: listers.pods,
      nodes: listers.nodes,
      claims: listers.persistentVolumeClaims,
      volumes: listers.persistentVolumes,
      csiDrivers: listers.csiDrivers,
      serviceAccounts: listers.serviceAccounts,
      podCertificates: setup.options.choice.features?.enabled('PodCertificateRequest') ?? false,
      authorize,
    }),
    taintNodesByCondition(),
    alwaysPullImages(),
    ...(settings.ImagePolicyWebhook && imagePolicy
      ? [imagePolicyWebhook({ settings: settings.ImagePolicyWebhook, post: imagePolicy, clock })]
      : []),
    podSecurity({ ...listers, metrics }, settings.PodSecurity),
    podNodeSelector(namespaces, settings.PodNodeSelector),
    priority(listers.priorityClasses),
    defaultTolerationSeconds(setup.options.tolerationSeconds),
    podTolerationRestriction(namespaces, settings.PodTolerationRestriction),
    eventRateLimit(settings.EventRateLimit ?? [], clock),
    extendedResourceToleration(),
    defaultStorageClass(listers.storageClasses),
    storageObjectInUseProtection(),
    ownerReferencesPermission(authorize),
    claimResize(listers.storageClasses),
    runtimeClass(listers.runtimeClasses),
    ...certificatePlugins(authorize),
    defaultIngressClass(listers.ingressClasses),
    denyServiceExternalIps(),
    podTopologyLabels(listers.nodes),
    mutatingPolicies(
      { policies: sources.mutatingPolicies, bindings: sources.mutatingPolicyBindings },
      evaluating,
    ),
    mutatingWebhooks(sources.mutatingWebhooks, hooks('MutatingAdmissionWebhook'), matching),
    ...fromFiles.mutating,
    validatingPolicies({ policies: sources.policies, bindings: sources.policyBindings }, evaluating),
    validatingWebhooks(sources.validatingWebhooks, hooks('ValidatingAdmissionWebhook'), matching),
    ...fromFiles.validating,
    // Upstream checks escalation in storage, after all admission; quota still comes last: it counts what passed.
    rbacEscalation(rbac, authorize),
    resourceQuota({ ...listers, objectsOf, clock, limited: settings.ResourceQuota }),
    alwaysDeny(),
  ]
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
