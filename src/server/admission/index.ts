import type { Resource } from '../../api/define.ts'
import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../../api/types/admissionregistration-v1.gen.ts'
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
import type { Lister, Source } from '../lister.ts'
import type { WebhookClient } from '../webhook-client/webhook-client.ts'
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts'
import { type AdmissionChoice, choosePlugins } from './choice.ts'
import { defaultIngressClass } from './ingress-class.ts'
import { limitRanger } from './limit-ranger.ts'
import { namespaceLifecycle } from './namespace-lifecycle.ts'
import { nodeRestriction } from './node-restriction.ts'
import { taintNodesByCondition } from './node-taint.ts'
import { denyServiceExternalIps, namespaceExists } from './optional/others.ts'
import {
  alwaysPullImages,
  extendedResourceToleration,
  limitPodHardAntiAffinity,
  podNodeSelector,
} from './optional/pods.ts'
import { podSecurity } from './pod-security/plugin.ts'
import { podTopologyLabels } from './pod-topology.ts'
import { validatingPolicies } from './policies/plugin.ts'
import { priority } from './priority.ts'
import { resourceQuota } from './quota/plugin.ts'
import { rbacEscalation } from './rbac-escalation.ts'
import { runtimeClass } from './runtime-class.ts'
import { serviceAccount } from './service-account.ts'
import { claimResize, defaultStorageClass, storageObjectInUseProtection } from './storage-class.ts'
import { defaultTolerationSeconds } from './tolerations.ts'
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
}

export interface AdmissionSetup extends Pick<Ports, 'clock' | 'random'> {
  readonly listers: AdmissionListers
  readonly sources: AdmissionSources
  /** Asks webhooks. */
  readonly call: WebhookClient
  /** Any kind's objects, for quotas that count them. */
  readonly objectsOf: (resource: Resource) => Lister
  readonly authorize: Authorizer
  readonly rbac: Rbac
  readonly choice?: AdmissionChoice
}

/** The plugins that run: those that are on by default, but for what was chosen otherwise. */
export function admissionPlugins(setup: AdmissionSetup): readonly AdmissionPlugin[] {
  return choosePlugins(allPlugins(setup), setup.choice ?? { enabled: [], disabled: [] })
}

/** In upstream's order (pkg/kubeapiserver/options/plugins.go). All `admit` run before all `validate`. */
function allPlugins(setup: AdmissionSetup): readonly AdmissionPlugin[] {
  const { listers, sources, call, objectsOf, authorize, rbac, clock, random } = setup
  const { namespaces } = listers
  const ports = { call, random }
  const matching = { namespaces, authorize }
  return [
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
      authorize,
    }),
    taintNodesByCondition(),
    alwaysPullImages(),
    podSecurity(listers),
    podNodeSelector(listers.namespaces),
    priority(listers.priorityClasses),
    defaultTolerationSeconds(),
    extendedResourceToleration(),
    defaultStorageClass(listers.storageClasses),
    storageObjectInUseProtection(),
    claimResize(listers.storageClasses),
    runtimeClass(listers.runtimeClasses),
    certificateRequester(),
    certificateApproval(authorize),
    certificateSigning(authorize),
    certificateSubjectRestriction(),
    defaultIngressClass(listers.ingressClasses),
    denyServiceExternalIps(),
    podTopologyLabels(listers.nodes),
    mutatingWebhooks(sources.mutatingWebhooks, ports, matching),
    validatingPolicies(
      { policies: sources.policies, bindings: sources.policyBindings },
      { ...matching, objectsOf },
    ),
    validatingWebhooks(sources.validatingWebhooks, ports, matching),
    // Upstream checks escalation in storage, after all admission; quota still comes last: it counts what passed.
    rbacEscalation(rbac, authorize),
    resourceQuota({ resourceQuotas: listers.resourceQuotas, objectsOf, clock }),
  ]
}
