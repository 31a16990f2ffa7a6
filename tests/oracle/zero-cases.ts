import { type OracleCase, patch, send } from './case.ts'

const namespace = 'oracle'
const core = `/api/v1/namespaces/${namespace}`
const apps = `/apis/apps/v1/namespaces/${namespace}`
const batch = `/apis/batch/v1/namespaces/${namespace}`
const storage = '/apis/storage.k8s.io/v1'
const container = { name: 'c', image: 'i' }
const template = { metadata: { labels: { a: 'x' } }, spec: { containers: [container] } }
const selector = { matchLabels: { a: 'x' } }
const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const claimTemplate = { metadata: { name: 'v' }, spec: claimSpec }

/** An object and what merge patches make of it that give a value where there was none, or take one that is empty. */
interface Subject {
  readonly title: string
  readonly collection: string
  readonly object: object
  readonly changes: readonly object[]
  /** Asked besides at other doors, strategically. */
  readonly doors?: readonly (readonly [door: string, change: object])[]
}

const addsLabel = { spec: { selector: { matchLabels: { b: '' } } } }
const ofTemplate = (spec: object) => ({ spec: { template: { spec } } })
const ofContainer = (more: object) => ({ containers: [{ ...container, ...more }] })

/** Of a pod's spec, each behind a pointer or in a map. */
const podChanges: readonly object[] = [
  { nodeSelector: { b: '' } },
  { automountServiceAccountToken: false },
  { runtimeClassName: '' },
  { setHostnameAsFQDN: false },
  { shareProcessNamespace: false },
  { enableServiceLinks: null },
  { hostUsers: true },
  { affinity: {} },
  { dnsConfig: {} },
  { securityContext: { runAsUser: 0 } },
  { securityContext: { runAsNonRoot: false } },
  { securityContext: { seLinuxOptions: {} } },
  ofContainer({ securityContext: {} }),
  ofContainer({ securityContext: { privileged: false } }),
  ofContainer({ securityContext: { capabilities: {} } }),
  ofContainer({ env: [{ name: 'A', value: '' }] }),
  ofContainer({ stdin: false, command: [], workingDir: '' }),
  { hostname: '', subdomain: '', volumes: [], hostNetwork: false },
]

const workloads: readonly Subject[] = [
  {
    title: 'Deployment',
    collection: `${apps}/deployments`,
    object: { spec: { replicas: 0, selector, template: labelled() } },
    changes: [addsLabel, { spec: { selector: { matchExpressions: [] } } }],
  },
  {
    title: 'ReplicaSet',
    collection: `${apps}/replicasets`,
    object: { spec: { replicas: 0, selector, template: labelled() } },
    changes: [addsLabel],
  },
  {
    title: 'DaemonSet',
    collection: `${apps}/daemonsets`,
    object: {
      spec: {
        selector,
        template: { ...labelled(), spec: { ...template.spec, nodeSelector: { no: 'where' } } },
      },
    },
    changes: [
      addsLabel,
      ofTemplate({ automountServiceAccountToken: false }),
      ofTemplate({ nodeSelector: { b: '' } }),
    ],
  },
  {
    title: 'StatefulSet',
    collection: `${apps}/statefulsets`,
    object: {
      spec: {
        replicas: 0,
        serviceName: 's',
        selector,
        template: labelled(),
        volumeClaimTemplates: [claimTemplate],
      },
    },
    changes: [
      addsLabel,
      ofClaims({ spec: { ...claimSpec, storageClassName: '' } }),
      ofClaims({ spec: { ...claimSpec, selector: {} } }),
      ofClaims({ metadata: { name: 'v', labels: { b: '' } } }),
      { spec: { podManagementPolicy: 'OrderedReady' } },
    ],
  },
  {
    title: 'Job',
    collection: `${batch}/jobs`,
    object: {
      spec: {
        suspend: false,
        manualSelector: true,
        selector,
        template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
      },
    },
    changes: [
      addsLabel,
      { spec: { template: { metadata: { labels: { b: '' } } } } },
      { spec: { template: { metadata: { annotations: { b: '' } } } } },
      { spec: { manualSelector: false } },
      { spec: { backoffLimitPerIndex: 0 } },
      ...podChanges.map(ofTemplate),
      ofTemplate({ priority: 0 }),
    ],
  },
]

const others: readonly Subject[] = [
  {
    title: 'Pod',
    collection: `${core}/pods`,
    object: {
      spec: {
        ...template.spec,
        automountServiceAccountToken: true,
        initContainers: [{ name: 'before', image: 'i' }],
      },
    },
    changes: [...podChanges.map(spec => ({ spec })), { spec: { automountServiceAccountToken: null } }],
    doors: [
      [
        'resize',
        { spec: { containers: [{ name: 'c', resources: { requests: { 'example.org/x': '0' } } }] } },
      ],
      ['resize', { spec: { initContainers: [{ name: 'before', resources: { requests: { cpu: '0' } } }] } }],
      [
        'ephemeralcontainers',
        { spec: { ephemeralContainers: [{ name: 'e', image: 'i', securityContext: {} }] } },
      ],
    ],
  },
  {
    title: 'PersistentVolume',
    collection: '/api/v1/persistentvolumes',
    object: {
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '1Gi' },
        csi: { driver: 'a.b', volumeHandle: 'h', volumeAttributes: { a: 'x' } },
        storageClassName: 'none-of-these',
      },
    },
    changes: [
      { spec: { csi: { volumeAttributes: { b: '' } } } },
      { spec: { csi: { readOnly: false, fsType: '' } } },
      { spec: { csi: { nodeStageSecretRef: {} } } },
      { spec: { nodeAffinity: {} } },
    ],
  },
  {
    title: 'PersistentVolumeClaim',
    collection: `${core}/persistentvolumeclaims`,
    object: { spec: { ...claimSpec, storageClassName: '', selector: { matchLabels: { no: 'where' } } } },
    changes: [
      { spec: { storageClassName: null } },
      { spec: { selector: null } },
      { spec: { selector: { matchLabels: { b: '' } } } },
      { spec: { volumeAttributesClassName: '' } },
      { spec: { volumeName: '' } },
      { spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'x', apiGroup: '' } } },
    ],
  },
  {
    title: 'StorageClass',
    collection: `${storage}/storageclasses`,
    object: { provisioner: 'a/b', parameters: { a: 'x' } },
    changes: [
      { parameters: { b: '' } },
      { parameters: { a: '' } },
      { allowVolumeExpansion: false },
      { volumeBindingMode: null },
    ],
  },
  {
    title: 'CSIDriver',
    collection: `${storage}/csidrivers`,
    object: { spec: { attachRequired: false } },
    changes: [
      { spec: { attachRequired: null } },
      { spec: { podInfoOnMount: null } },
      { spec: { volumeLifecycleModes: [] } },
    ],
  },
  {
    title: 'CSIStorageCapacity',
    collection: `${storage}/namespaces/${namespace}/csistoragecapacities`,
    object: { storageClassName: 'a' },
    changes: [{ nodeTopology: {} }, { nodeTopology: { matchLabels: { b: '' } } }, { storageClassName: '' }],
  },
  {
    title: 'PriorityClass',
    collection: '/apis/scheduling.k8s.io/v1/priorityclasses',
    object: { value: 5 },
    changes: [{ value: 0 }, { preemptionPolicy: null }, { preemptionPolicy: '' }],
  },
  {
    title: 'RuntimeClass',
    collection: '/apis/node.k8s.io/v1/runtimeclasses',
    object: { handler: 'h' },
    changes: [{ handler: '' }, { handler: null }],
  },
  {
    title: 'RoleBinding',
    collection: `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings`,
    object: { roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'x' } },
    changes: [{ roleRef: { apiGroup: '' } }, { roleRef: { name: '' } }],
  },
  {
    title: 'IngressClass',
    collection: '/apis/networking.k8s.io/v1/ingressclasses',
    object: { spec: { controller: 'a.b/c' } },
    changes: [{ spec: { controller: '' } }, { spec: null }],
  },
  {
    title: 'ResourceSlice',
    collection: '/apis/resource.k8s.io/v1/resourceslices',
    object: {
      spec: {
        driver: 'd.example.org',
        nodeName: 'n',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      },
    },
    changes: [
      { spec: { nodeName: '' } },
      { spec: { nodeName: null } },
      { spec: { driver: '' } },
      { spec: { pool: { name: '' } } },
    ],
  },
  {
    title: 'ControllerRevision',
    collection: `${apps}/controllerrevisions`,
    object: { revision: 1, data: { a: 'x' } },
    changes: [{ data: { b: '' } }, { data: { b: {} } }, { data: { b: false } }],
  },
  {
    title: 'ConfigMap',
    collection: `${core}/configmaps`,
    object: { immutable: true, data: { a: 'x' } },
    changes: [{ data: { b: '' } }, { binaryData: { b: '' } }, { binaryData: {} }, { immutable: false }],
  },
  {
    title: 'Secret',
    collection: `${core}/secrets`,
    object: { immutable: true, data: { a: 'eA==' } },
    changes: [{ data: { b: '' } }, { data: { a: '' } }, { type: '' }, { immutable: null }],
  },
  {
    title: 'ResourceQuota',
    collection: `${core}/resourcequotas`,
    object: { spec: { hard: { 'count/leases.x.example.org': '1' } } },
    changes: [
      { spec: { scopes: [] } },
      { spec: { scopeSelector: {} } },
      { spec: { scopes: ['Terminating'] } },
    ],
  },
  {
    title: 'ResourceClaim',
    collection: `/apis/resource.k8s.io/v1/namespaces/${namespace}/resourceclaims`,
    object: {
      spec: { devices: { requests: [{ name: 'r', exactly: { deviceClassName: 'c.example.org' } }] } },
    },
    changes: [
      {
        spec: {
          devices: {
            requests: [{ name: 'r', exactly: { deviceClassName: 'c.example.org', adminAccess: false } }],
          },
        },
      },
      { spec: { devices: { constraints: [] } } },
    ],
  },
  {
    title: 'ReplicationController',
    collection: `${core}/replicationcontrollers`,
    object: { spec: { replicas: 0, selector: { a: 'x' }, template: labelled() } },
    changes: [{ spec: { selector: { b: '' } } }],
  },
]

function labelled() {
  return { ...template, metadata: { labels: { a: 'x', b: '' } } }
}

function ofClaims(more: object) {
  return { spec: { volumeClaimTemplates: [{ ...claimTemplate, ...more }] } }
}

function ask({ title, collection, object, changes, doors = [] }: Subject): OracleCase[] {
  const name = 'zeroes'
  const at = `${collection}/${name}`
  const called = (change: object) => `zeroes: ${title} ${JSON.stringify(change)}`
  return [
    send('POST', `zeroes: ${title}`, collection, { metadata: { name }, ...object }),
    ...changes.map(change => patch(called(change), `${at}?dryRun=All`, 'merge', change)),
    ...doors.map(([door, change]) =>
      patch(`${called(change)} of ${door}`, `${at}/${door}?dryRun=All`, 'strategic', change),
    ),
    { name: `zeroes: ${title} goes`, method: 'DELETE', path: `${at}?gracePeriodSeconds=0` },
  ]
}

/** What must not change, changed to '', 0, false or {} where nothing was: in a map and behind a pointer that is another value. */
export const zeroCases: readonly OracleCase[] = [...workloads, ...others].flatMap(ask)
