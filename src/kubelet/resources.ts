import type { Lease } from '../api/types/coordination-v1.gen.ts'
import type { ConfigMap, Node, Pod, Secret, Service } from '../api/types/core-v1.gen.ts'
import type { ResourceRef } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'

const core = <T extends KubeObject>(kind: string, plural: string, namespaced = true): ResourceRef<T> => ({
  group: '',
  version: 'v1',
  plural,
  kind,
  namespaced,
})

/** The resources that a kubelet asks for, by the names that its paths need. */
export const pods = core<Pod>('Pod', 'pods')
export const nodes = core<Node>('Node', 'nodes', false)
export const services = core<Service>('Service', 'services')
export const configMaps = core<ConfigMap>('ConfigMap', 'configmaps')
export const secrets = core<Secret>('Secret', 'secrets')
export const serviceAccounts = core<KubeObject>('ServiceAccount', 'serviceaccounts')
export const leases: ResourceRef<Lease> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}
