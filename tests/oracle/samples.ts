/** One valid object per kind, and the path of its collection. */
export interface Sample {
  readonly kind: string
  readonly collection: string
  readonly object: {
    readonly apiVersion: string
    readonly kind: string
    readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> }
  }
}

const pod = { containers: [{ name: 'main', image: 'busybox', resources: { requests: { cpu: '10m' } } }] }
const labels = { app: 'oracle' }
const template = { metadata: { labels }, spec: pod }

export const samples: readonly Sample[] = [
  sample('v1', 'ConfigMap', 'configmaps', { data: { key: 'value' } }),
  sample('v1', 'Secret', 'secrets', { type: 'Opaque', stringData: { key: 'value' } }),
  sample('v1', 'Service', 'services', {
    spec: { clusterIP: 'None', selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
  }),
  sample('v1', 'ServiceAccount', 'serviceaccounts', {}),
  sample('v1', 'Pod', 'pods', { spec: pod }),
  sample('v1', 'Endpoints', 'endpoints', {
    subsets: [{ addresses: [{ ip: '10.1.2.3' }], ports: [{ port: 80 }] }],
  }),
  sample('apps/v1', 'Deployment', 'deployments', {
    spec: { replicas: 2, selector: { matchLabels: labels }, template },
  }),
  sample('apps/v1', 'ReplicaSet', 'replicasets', {
    spec: { replicas: 1, selector: { matchLabels: labels }, template },
  }),
  sample('coordination.k8s.io/v1', 'Lease', 'leases', {
    spec: { holderIdentity: 'me', leaseDurationSeconds: 40 },
  }),
  sample('discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.2.3'] }],
    ports: [{ name: 'http', port: 80 }],
  }),
  sample('rbac.authorization.k8s.io/v1', 'Role', 'roles', {
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }),
  sample('v1', 'Namespace', 'namespaces', {}, false),
  sample('scheduling.k8s.io/v1', 'PriorityClass', 'priorityclasses', { value: 10 }, false),
]

function sample(apiVersion: string, kind: string, plural: string, rest: object, namespaced = true): Sample {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`
  const collection = namespaced ? `${root}/namespaces/oracle/${plural}` : `${root}/${plural}`
  const metadata = { name: `sample-${plural}`, labels: { oracle: 'yes' } }
  return { kind, collection, object: { apiVersion, kind, metadata, ...rest } }
}
