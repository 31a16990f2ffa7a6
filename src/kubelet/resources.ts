/** The kinds that a kubelet asks for. */
export { clusterTrustBundles } from '../api/certificates/cluster-trust-bundle.ts'
export { leases } from '../api/coordination/lease.ts'
export { configMaps } from '../api/core/config-map.ts'
export { nodes } from '../api/core/node.ts'
export { pods } from '../api/core/pod.ts'
export { secrets } from '../api/core/secret.ts'
export { services } from '../api/core/service.ts'
export { serviceAccounts } from '../api/core/service-account.ts'
