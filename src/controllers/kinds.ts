/** The kinds that controllers work on, as the client needs them. */
import type { Deployment, ReplicaSet } from '../api/types/apps-v1.gen.ts'
import type { CertificateSigningRequest } from '../api/types/certificates-v1.gen.ts'
import type { Lease } from '../api/types/coordination-v1.gen.ts'
import type {
  ConfigMap,
  Endpoints,
  Namespace,
  Node,
  Pod,
  ReplicationController,
  Secret,
  Service,
  ServiceAccount,
} from '../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.gen.ts'
import type { ClusterRole } from '../api/types/rbac-v1.gen.ts'
import type { ResourceRef } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'

export const pods = core<Pod>('pods', 'Pod')
export const services = core<Service>('services', 'Service')
export const endpoints = core<Endpoints>('endpoints', 'Endpoints')
export const secrets = core<Secret>('secrets', 'Secret')
export const configMaps = core<ConfigMap>('configmaps', 'ConfigMap')
export const serviceAccounts = core<ServiceAccount>('serviceaccounts', 'ServiceAccount')
export const replicationControllers = core<ReplicationController>(
  'replicationcontrollers',
  'ReplicationController',
)
export const nodes = clusterWide<Node>('', 'v1', 'nodes', 'Node')
export const namespaces = clusterWide<Namespace>('', 'v1', 'namespaces', 'Namespace')
export const replicaSets = namespaced<ReplicaSet>('apps', 'v1', 'replicasets', 'ReplicaSet')
export const deployments = namespaced<Deployment>('apps', 'v1', 'deployments', 'Deployment')
export const leases = namespaced<Lease>('coordination.k8s.io', 'v1', 'leases', 'Lease')
export const endpointSlices = namespaced<EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'endpointslices',
  'EndpointSlice',
)
export const clusterRoles = clusterWide<ClusterRole>(
  'rbac.authorization.k8s.io',
  'v1',
  'clusterroles',
  'ClusterRole',
)
export const certificateSigningRequests = clusterWide<CertificateSigningRequest>(
  'certificates.k8s.io',
  'v1',
  'certificatesigningrequests',
  'CertificateSigningRequest',
)

function core<T extends KubeObject>(plural: string, kind: string): ResourceRef<T> {
  return namespaced('', 'v1', plural, kind)
}

function namespaced<T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
): ResourceRef<T> {
  return { group, version, plural, kind, namespaced: true }
}

function clusterWide<T extends KubeObject>(
  group: string,
  version: string,
  plural: string,
  kind: string,
): ResourceRef<T> {
  return { group, version, plural, kind, namespaced: false }
}
