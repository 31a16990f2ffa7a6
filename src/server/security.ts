import { podCertificateRequests } from '../api/certificates/pod-certificate-request.ts'
import { namespaces } from '../api/core/namespace.ts'
import { nodes } from '../api/core/node.ts'
import { persistentVolumes } from '../api/core/persistent-volume.ts'
import { pods } from '../api/core/pod.ts'
import { secrets } from '../api/core/secret.ts'
import { services } from '../api/core/service.ts'
import { serviceAccounts } from '../api/core/service-account.ts'
import { endpointSlices } from '../api/discovery/endpoint-slice.ts'
import { clusterRoles } from '../api/rbac/cluster-role.ts'
import { clusterRoleBindings } from '../api/rbac/cluster-role-binding.ts'
import { roles } from '../api/rbac/role.ts'
import { roleBindings } from '../api/rbac/role-binding.ts'
import { resourceSlices } from '../api/resource/resource-slice.ts'
import { volumeAttachments } from '../api/storage/volume-attachment.ts'
import { createClient, mergePatch } from '../client/client.ts'
import { orUndefined } from '../client/failure.ts'
import type { Transport } from '../client/transport.ts'
import { assert } from '../std/assert.ts'
import type { Ports } from '../std/ports.ts'
import { type AdmissionOptions, admissionPlugins, usualAdmission } from './admission/index.ts'
import type { TokenAuthenticator } from './authn/authenticator.ts'
import {
  type AuthenticationServices,
  createAuthenticationServices,
  type TokenSettings,
} from './authn/authn.ts'
import type { RequestHeaders } from './authn/front-proxy.ts'
import type { TokenObjects } from './authn/service-account.ts'
import type { MarkUsed } from './authn/token-uses.ts'
import type { AuthorizerList } from './authz/configured.ts'
import { counted } from './authz/counted.ts'
import { createNodeAuthorizer } from './authz/node.ts'
import { createNodeGraph } from './authz/node-graph.ts'
import { createRbac } from './authz/rbac.ts'
import { type SubjectRulesStatus, serverAuthorizer, subjectRules } from './authz/union.ts'
import { nodeRules } from './bootstrap-policy/policy.ts'
import type { CacheSources } from './cache-sources.ts'
import type { AdmissionPlugin, Authorizer, UserInfo } from './context.ts'
import type { Egress } from './egress/dial.ts'
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
  /** Tokens that a file of this machine holds. */
  readonly fileTokens?: TokenAuthenticator | undefined
  /** Tokens of outside issuers. */
  readonly outsideTokens?: TokenAuthenticator
  /** Which proxies may name users, and in which headers. Default: the usual. */
  readonly requestHeaders?: RequestHeaders
  /** Which authorizers are asked, in order. Default: Node, RBAC. */
  readonly authorizers?: () => AuthorizerList
  /** Which admission plugins run and what they are told. Default: the usual ones. */
  readonly admission?: AdmissionOptions
  /** The server's own way in; asked for when a plugin writes. */
  readonly ownTransport?: () => Transport
  /** `https://192.0.2.7:6443` */
  readonly externalUrl: string
  /** Ways to webhooks. Default: over this machine's own network. */
  readonly egress?: Egress
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
  serviceAccounts: tokenSettings,
  fileTokens,
  outsideTokens,
  requestHeaders,
  authorizers,
  admission = usualAdmission,
  ownTransport,
  egress = {},
  clock,
  random,
  metrics,
  tracing,
}: SecuritySetup): Security {
  const { of } = sources
  const rbac = createRbac({
    roles: of(roles),
    clusterRoles: of(clusterRoles),
    roleBindings: of(roleBindings),
    clusterRoleBindings: of(clusterRoleBindings),
  })
  const node = nodeAuthorizer(sources, admission, { clock, metrics })
  const own = {
    Node: counted(node, metrics, 'Node', 'node'),
    RBAC: counted(rbac.authorize, metrics, 'RBAC', 'rbac'),
  }
  const authorize = serverAuthorizer(own, authorizers)
  const objects: TokenObjects = {
    serviceAccounts: of(serviceAccounts),
    secrets: of(secrets),
    pods: of(pods),
    nodes: of(nodes),
  }
  const reach = { services: of(services), endpointSlices: of(endpointSlices) }
  const resolve = createServiceResolver(reach, random, egress.cluster)
  return {
    authentication: createAuthenticationServices({
      ...{ pki, issuer, externalUrl, objects, clock, random, metrics, fileTokens },
      ...(tokenSettings && { serviceAccounts: tokenSettings }),
      ...(outsideTokens && { outsideTokens }),
      ...(requestHeaders && { requestHeaders }),
      ...(ownTransport && { markUsed: labelSecret(ownTransport) }),
    }),
    authorize,
    admission: admissionPlugins({
      sources,
      connect: credentials =>
        createWebhookClient({
          ...{ resolve, clock, credentials, dial: egress.controlplane },
          traceparent: tracing?.traceparent,
        }),
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
      scaleOf(resource, namespace, name) {
        assert(ownTransport, 'a plugin that reads a Scale has a way in')
        const call = { verb: 'get', namespace, name, subresource: 'scale' } as const
        return orUndefined(createClient(ownTransport()).subresource(resource, call))
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

function nodeAuthorizer(
  { of }: CacheSources,
  { choice }: AdmissionOptions,
  ports: Pick<Ports, 'clock' | 'metrics'>,
) {
  const podCertificates = choice.features?.enabled('PodCertificateRequest') ?? false
  const kinds = {
    pods: of(pods),
    persistentVolumes: of(persistentVolumes),
    volumeAttachments: of(volumeAttachments),
    resourceSlices: of(resourceSlices),
    ...(podCertificates && { podCertificateRequests: of(podCertificateRequests) }),
  }
  return createNodeAuthorizer(createNodeGraph(kinds, ports), nodeRules(choice.features), { podCertificates })
}
