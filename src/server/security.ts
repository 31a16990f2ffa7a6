import { namespaces } from '../api/core/namespace.ts'
import { secrets } from '../api/core/secret.ts'
import type { Service } from '../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.gen.ts'
import { createClient, mergePatch } from '../client/client.ts'
import type { Transport } from '../client/transport.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { assert } from '../std/assert.ts'
import type { Ports } from '../std/ports.ts'
import {
  type AdmissionListers,
  type AdmissionOptions,
  admissionPlugins,
  usualAdmission,
} from './admission/index.ts'
import type { TokenAuthenticator } from './authn/authenticator.ts'
import {
  type AuthenticationServices,
  createAuthenticationServices,
  type TokenSettings,
} from './authn/authn.ts'
import type { TokenObjects } from './authn/service-account.ts'
import type { MarkUsed } from './authn/token-uses.ts'
import type { AuthorizerList } from './authz/configured.ts'
import { counted } from './authz/counted.ts'
import { createNodeAuthorizer } from './authz/node.ts'
import { createNodeGraph, type NodeOwned } from './authz/node-graph.ts'
import { createRbac } from './authz/rbac.ts'
import { type SubjectRulesStatus, serverAuthorizer, subjectRules } from './authz/union.ts'
import { nodeRules } from './bootstrap-policy/policy.ts'
import type { CacheSources } from './cache-sources.ts'
import type { AdmissionPlugin, Authorizer, UserInfo } from './context.ts'
import type { Source } from './lister.ts'
import type { Pki } from './pki/pki.ts'
import type { Tracing } from './tracing/tracing.ts'
import { createServiceResolver } from './webhook-client/service-resolver.ts'
import { createWebhookClient } from './webhook-client/webhook-client.ts'

export interface SecuritySetup extends Pick<Ports, 'clock' | 'random' | 'metrics'> {
  readonly sources: CacheSources
  readonly pki: () => Pick<Pki, 'authorities' | 'serviceAccountKey'>
  /** `https://kubernetes.default.svc.cluster.local` */
  readonly issuer: string
  /** How service account tokens are signed and verified. Default: with the key of the PKI for the issuer. */
  readonly serviceAccounts?: Partial<TokenSettings>
  /** Tokens of outside issuers. */
  readonly outsideTokens?: TokenAuthenticator
  /** Which authorizers are asked, in order. Default: Node, RBAC. */
  readonly authorizers?: () => AuthorizerList
  /** Which admission plugins run and what they are told. Default: the usual ones. */
  readonly admission?: AdmissionOptions
  /** The server's own way in; asked for when a plugin writes. */
  readonly ownTransport?: () => Transport
  /** `https://192.0.2.7:6443` */
  readonly externalUrl: string
  /** Absent: nothing is traced. */
  readonly tracing?: Tracing | undefined
}

/** Who is calling, what they may do, and what may be written. */
export interface Security {
  readonly authentication: AuthenticationServices
  readonly authorize: Authorizer
  readonly admission: readonly AdmissionPlugin[]
  /** The status of a SelfSubjectRulesReview. */
  subjectRules(user: UserInfo, namespace: string): SubjectRulesStatus
}

/** Builds the three gates of the chain over sources that are bound to the cache later. */
export function createSecurity({
  sources,
  pki,
  issuer,
  externalUrl,
  serviceAccounts,
  outsideTokens,
  authorizers,
  admission = usualAdmission,
  ownTransport,
  clock,
  random,
  metrics,
  tracing,
}: SecuritySetup): Security {
  const core = <T extends KubeObject>(plural: string): Source<T> => sources.of<T>({ group: '', plural })
  const of = <T extends KubeObject>(group: string, plural: string): Source<T> =>
    sources.of<T>({ group, plural })
  const registration = 'admissionregistration.k8s.io'
  const rbacGroup = 'rbac.authorization.k8s.io'
  const rbac = createRbac({
    roles: of(rbacGroup, 'roles'),
    clusterRoles: of(rbacGroup, 'clusterroles'),
    roleBindings: of(rbacGroup, 'rolebindings'),
    clusterRoleBindings: of(rbacGroup, 'clusterrolebindings'),
  })
  const node = nodeAuthorizer(sources, admission)
  const own = {
    Node: counted(node, metrics, 'Node', 'node'),
    RBAC: counted(rbac.authorize, metrics, 'RBAC', 'rbac'),
  }
  const authorize = serverAuthorizer(own, authorizers)
  const objects: TokenObjects = {
    serviceAccounts: core('serviceaccounts'),
    secrets: core('secrets'),
    pods: core('pods'),
    nodes: core('nodes'),
  }
  const listers = admissionListers(sources, objects)
  const reach = {
    services: core<Service>('services'),
    endpointSlices: of<EndpointSlice>('discovery.k8s.io', 'endpointslices'),
  }
  const resolve = createServiceResolver(reach, random)
  return {
    authentication: createAuthenticationServices({
      ...{ pki, issuer, externalUrl, objects, clock, random, metrics },
      ...(serviceAccounts && { serviceAccounts }),
      ...(outsideTokens && { outsideTokens }),
      ...(ownTransport && { markUsed: labelSecret(ownTransport) }),
    }),
    authorize,
    admission: admissionPlugins({
      listers,
      sources: {
        mutatingWebhooks: of(registration, 'mutatingwebhookconfigurations'),
        validatingWebhooks: of(registration, 'validatingwebhookconfigurations'),
        policies: of(registration, 'validatingadmissionpolicies'),
        policyBindings: of(registration, 'validatingadmissionpolicybindings'),
        mutatingPolicies: of(registration, 'mutatingadmissionpolicies'),
        mutatingPolicyBindings: of(registration, 'mutatingadmissionpolicybindings'),
      },
      connect: credentials =>
        createWebhookClient({ resolve, clock, credentials, traceparent: tracing?.traceparent }),
      objectsOf: ({ storage }) => sources.of(storage),
      authorize,
      rbac,
      clock,
      random,
      metrics,
      tracing,
      options: admission,
      async createNamespace(name) {
        assert(ownTransport, 'a plugin that writes has a way in')
        await createClient(ownTransport()).create(namespaces, { metadata: { name } })
      },
    }),
    subjectRules: (user, namespace) =>
      subjectRules({ rbac, ...(authorizers && { order: authorizers }) }, user, namespace),
  }
}

/** Labels a Secret as the server itself, unless it is another one by now. */
function labelSecret(ownTransport: () => Transport): MarkUsed {
  return ({ metadata: { namespace, name = '', uid } }, labels) => {
    const body = { metadata: { name, ...(namespace && { namespace }), ...(uid && { uid }), labels } }
    return createClient(ownTransport()).patch(secrets, namespace, name, { type: mergePatch, body })
  }
}

function nodeAuthorizer(sources: CacheSources, { choice }: AdmissionOptions) {
  const of = <T extends KubeObject>(group: string, plural: string): Source<T> =>
    sources.of<T>({ group, plural })
  const podCertificates = choice.features?.enabled('PodCertificateRequest') ?? false
  const graph = createNodeGraph({
    pods: of('', 'pods'),
    persistentVolumes: of('', 'persistentvolumes'),
    volumeAttachments: of<NodeOwned>('storage.k8s.io', 'volumeattachments'),
    resourceSlices: of<NodeOwned>('resource.k8s.io', 'resourceslices'),
    ...(podCertificates && {
      podCertificateRequests: of<NodeOwned>('certificates.k8s.io', 'podcertificaterequests'),
    }),
  })
  return createNodeAuthorizer(graph, nodeRules(choice.features), { podCertificates })
}

function admissionListers(sources: CacheSources, objects: TokenObjects): AdmissionListers {
  const of = <T extends KubeObject>(group: string, plural: string): Source<T> =>
    sources.of<T>({ group, plural })
  return {
    serviceAccounts: objects.serviceAccounts,
    pods: objects.pods,
    nodes: objects.nodes,
    namespaces: of('', 'namespaces'),
    limitRanges: of('', 'limitranges'),
    resourceQuotas: of('', 'resourcequotas'),
    persistentVolumes: of('', 'persistentvolumes'),
    persistentVolumeClaims: of('', 'persistentvolumeclaims'),
    priorityClasses: of('scheduling.k8s.io', 'priorityclasses'),
    runtimeClasses: of('node.k8s.io', 'runtimeclasses'),
    storageClasses: of('storage.k8s.io', 'storageclasses'),
    csiDrivers: of('storage.k8s.io', 'csidrivers'),
    ingressClasses: of('networking.k8s.io', 'ingressclasses'),
  }
}
