import { get, json, type OracleCase, patch, send } from './case.ts'

const space = 'oracle-node'
const core = `/api/v1/namespaces/${space}`
const [own, other] = ['node-own', 'node-other']
const leases = '/apis/coordination.k8s.io/v1/namespaces'
const storage = '/apis/storage.k8s.io/v1'
const slices = '/apis/resource.k8s.io/v1/resourceslices'

/** By the node itself. */
const node = (one: OracleCase, user = `system:node:${own}`, group = 'system:nodes'): OracleCase => ({
  ...one,
  name: `node: ${one.name}`,
  headers: { ...one.headers, 'impersonate-user': user, ...(group && { 'impersonate-group': group }) },
})
const make = (title: string, path: string, body: object) => send('POST', `node: make ${title}`, path, body)
const read = (title: string, path: string) => node(get(title, path))
const remove = (title: string, path: string, body?: object) =>
  node({
    name: title,
    method: 'DELETE',
    path,
    ...(body && { headers: { 'content-type': 'application/json' }, body: json(body) }),
  })

const container = { name: 'c', image: 'i' }
const pod = (name: string, nodeName: string, spec: object = {}, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { nodeName, enableServiceLinks: false, containers: [container], ...spec },
})
const secretNames = { claims: 'stage', pods: 'vol' }

const volumes = [
  { name: 'a', secret: { secretName: secretNames.pods } },
  { name: 'b', configMap: { name: 'vol' } },
  { name: 'c', persistentVolumeClaim: { claimName: 'claim' } },
  {
    name: 'd',
    projected: {
      sources: [
        { secret: { name: 'projected' } },
        { configMap: { name: 'projected' } },
        { serviceAccountToken: { path: 't', audience: 'vault' } },
      ],
    },
  },
  { name: 'e', cephfs: { monitors: ['x'], secretRef: { name: 'ceph' } } },
  { name: 'f', csi: { driver: 'csi.example.org', nodePublishSecretRef: { name: 'csi' } } },
]
const environment = { envFrom: [{ secretRef: { name: 'env' } }, { configMapRef: { name: 'env' } }] }
const secretOf = (name: string) => ({ namespace: space, name })

const world: readonly OracleCase[] = [
  make('the namespace', '/api/v1/namespaces', { metadata: { name: space } }),
  ...['default', 'robot'].map(name =>
    make(`the account ${name}`, `${core}/serviceaccounts`, { metadata: { name } }),
  ),
  ...[own, other].map(name => make(name, '/api/v1/nodes', { metadata: { name } })),
  make('its pod', `${core}/pods`, {
    ...pod('mine', own, {
      serviceAccountName: 'robot',
      imagePullSecrets: [{ name: 'pull' }],
      containers: [{ ...container, ...environment }],
      volumes,
    }),
  }),
  make('another pod', `${core}/pods`, {
    ...pod('theirs', other, {
      serviceAccountName: 'robot',
      containers: [{ ...container, envFrom: [{ secretRef: { name: 'hers' } }] }],
    }),
  }),
  make('a volume', '/api/v1/persistentvolumes', {
    metadata: { name: space },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      claimRef: { namespace: space, name: 'claim' },
      csi: {
        driver: 'x',
        volumeHandle: 'h',
        nodeStageSecretRef: secretOf(secretNames.claims),
        controllerExpandSecretRef: secretOf('controller'),
        nodeExpandSecretRef: secretOf('expand'),
      },
    },
  }),
  make('a claim', `${core}/persistentvolumeclaims`, {
    metadata: { name: 'claim' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, volumeName: space },
  }),
  make('a driver', `${storage}/csidrivers`, {
    metadata: { name: 'csi.example.org' },
    spec: { tokenRequests: [{ audience: 'csi' }] },
  }),
  make('a map', `${core}/configmaps`, { metadata: { name: 'vol' } }),
  make('a slice', slices, {
    metadata: { name: 'node-other' },
    spec: {
      nodeName: other,
      driver: 'd.example.org',
      pool: { name: other, generation: 1, resourceSliceCount: 1 },
    },
  }),
  ...[own, other].map(nodeName =>
    make(`an attachment to ${nodeName}`, `${storage}/volumeattachments`, {
      metadata: { name: nodeName },
      spec: { attacher: 'x', nodeName, source: { persistentVolumeName: space } },
    }),
  ),
]

const secrets = [
  'pull',
  'env',
  'vol',
  'projected',
  'ceph',
  'csi',
  'stage',
  'controller',
  'expand',
  'hers',
  'nosuch',
]
const of = (field: string) => `?fieldSelector=${encodeURIComponent(field)}`

const reads: readonly OracleCase[] = [
  // 404 to who may read what is not there.
  { ...read('wait for the last of what it may', `${core}/secrets/stage`), until: 404 },
  { ...read('wait for its attachment', `${storage}/volumeattachments/${own}`), until: 200 },
  ...secrets.map(name => read(`secret ${name}`, `${core}/secrets/${name}`)),
  ...['env', 'vol', 'projected', 'other', 'kube-root-ca.crt'].map(name =>
    read(`map ${name}`, `${core}/configmaps/${name}`),
  ),
  ...['configmaps', 'secrets', 'persistentvolumeclaims', 'pods', 'services', 'serviceaccounts', 'events'].map(
    plural => read(`all ${plural}`, `${core}/${plural}`),
  ),
  read('a secret elsewhere', '/api/v1/namespaces/default/secrets/vol'),
  read('a map by a list', `${core}/configmaps${of('metadata.name=vol')}`),
  ...['claim', 'none'].map(name => read(`the claim ${name}`, `${core}/persistentvolumeclaims/${name}`)),
  read('volumes', '/api/v1/persistentvolumes'),
  ...[other, 'none'].map(name => read(`an attachment to ${name}`, `${storage}/volumeattachments/${name}`)),
  read('attachments', `${storage}/volumeattachments`),
  ...[own, other].map(name => read(`the node ${name}`, `/api/v1/nodes/${name}`)),
  read('nodes', '/api/v1/nodes'),
  read('pods of all', '/api/v1/pods'),
  read('pods of another', `/api/v1/pods${of(`spec.nodeName=${other}`)}`),
  read('its pods', `/api/v1/pods${of(`spec.nodeName=${own}`)}`),
  read('its pods in a phase', `${core}/pods${of(`spec.nodeName=${own},status.phase=Pending`)}`),
  ...['mine', 'theirs'].map(name => read(`the pod ${name}`, `${core}/pods/${name}`)),
  ...['robot', 'default'].map(name => read(`the account ${name}`, `${core}/serviceaccounts/${name}`)),
  read('slices', slices),
  ...[own, other].map(name => read(`slices of ${name}`, `${slices}${of(`spec.nodeName=${name}`)}`)),
  read('a slice of another', `${slices}/${other}`),
  read('CSI nodes', `${storage}/csinodes`),
  ...[own, other].map(name => read(`the CSI node ${name}`, `${storage}/csinodes/${name}`)),
  read('leases', `${leases}/kube-node-lease/leases`),
  ...[own, other].map(name => read(`the lease ${name}`, `${leases}/kube-node-lease/leases/${name}`)),
  read('claims of devices', '/apis/resource.k8s.io/v1/resourceclaims'),
  read('requests for certificates', '/apis/certificates.k8s.io/v1/certificatesigningrequests'),
  node(get('a node without a name', `/api/v1/nodes/${own}`), 'system:node:'),
  node(get('a node outside of the group', `/api/v1/nodes/${own}`), undefined, ''),
  node(get('a group without a node', `/api/v1/nodes/${own}`), own),
]

const change = (title: string, path: string, body: object) => node(patch(title, path, 'merge', body))
const labels = (title: string, of: Readonly<Record<string, string>>) =>
  change(`label ${title}`, `/api/v1/nodes/${own}?dryRun=All`, { metadata: { labels: of } })

const nodeWrites: readonly OracleCase[] = [
  labels('of its own', { own: '1' }),
  labels('of the kubelet', { 'node.kubernetes.io/x': '1', 'kubelet.kubernetes.io/y': '2' }),
  labels('that are known', {
    'kubernetes.io/hostname': 'z',
    'topology.kubernetes.io/zone': 'a',
    'beta.kubernetes.io/arch': 'x',
  }),
  labels('that are restricted', { 'node-restriction.kubernetes.io/x': '1' }),
  labels('of a role', { 'node-role.kubernetes.io/cp': '' }),
  labels('of the domain', { 'foo.k8s.io/x': '1', 'kubernetes.io/y': '2' }),
  change('taint', `/api/v1/nodes/${own}?dryRun=All`, {
    spec: { taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] },
  }),
  change('cordon', `/api/v1/nodes/${own}?dryRun=All`, { spec: { unschedulable: true } }),
  change('label another', `/api/v1/nodes/${other}?dryRun=All`, { metadata: { labels: { own: '1' } } }),
  change('owners', `/api/v1/nodes/${own}?dryRun=All`, {
    metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: other, uid: 'x' }] },
  }),
  ...[own, other].map(name =>
    change(`status of ${name}`, `/api/v1/nodes/${name}/status?dryRun=All`, {
      status: { capacity: { cpu: '1' } },
    }),
  ),
  change('taint through the status', `/api/v1/nodes/${own}/status?dryRun=All`, {
    spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] },
  }),
  remove('remove itself', `/api/v1/nodes/${own}?dryRun=All`),
  ...[own, other].map(name =>
    node(send('POST', `create ${name}`, '/api/v1/nodes?dryRun=All', { metadata: { name: `${name}-new` } })),
  ),
]

const mirror = { 'kubernetes.io/config.mirror': 'x' }
const owner = { apiVersion: 'v1', kind: 'Node', name: own, uid: '{{uid}}', controller: true }
const mirrored = (title: string, spec: object, metadata: object = {}, nodeName: string = own) =>
  node(
    send(
      'POST',
      `mirror: ${title}`,
      `${core}/pods?dryRun=All`,
      pod('mirror', nodeName, spec, { annotations: mirror, ownerReferences: [owner], ...metadata }),
    ),
  )
const volumed = (source: object) => ({ volumes: [{ name: 'v', ...source }] })
const projected = (source: object) => volumed({ projected: { sources: [source] } })

const mirrors: readonly OracleCase[] = [
  { ...get('node: its uid', `/api/v1/nodes/${own}`), keep: { uid: 'metadata.uid' } },
  mirrored('a plain one', {}),
  mirrored('none', {}, { annotations: {} }),
  mirrored('without an owner', {}, { ownerReferences: [] }),
  mirrored('on another node', {}, {}, other),
  mirrored('of another owner', {}, { ownerReferences: [{ ...owner, uid: 'other' }] }),
  mirrored('of an owner that is no controller', {}, { ownerReferences: [{ ...owner, controller: false }] }),
  mirrored('that holds up its owner', {}, { ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }),
  mirrored('of two owners', {}, { ownerReferences: [owner, { ...owner, uid: 'b', controller: false }] }),
  mirrored('with devices', { resourceClaims: [{ name: 'a', resourceClaimName: 'b' }] }),
  mirrored('with a bundle', projected({ clusterTrustBundle: { path: 'x', name: 'y' } })),
  mirrored('with a map', volumed({ configMap: { name: 'x' } })),
  mirrored('with a claim', volumed({ persistentVolumeClaim: { claimName: 'x' } })),
  mirrored('with a driver', volumed({ csi: { driver: 'csi.example.org' } })),
  mirrored('with folders', volumed({ hostPath: { path: '/' } })),
]

const podWrites: readonly OracleCase[] = [
  remove('remove the pod of another', `${core}/pods/theirs?dryRun=All`),
  remove('remove its pod', `${core}/pods/mine?dryRun=All`),
  change('label its pod', `${core}/pods/mine?dryRun=All`, { metadata: { labels: { a: 'b' } } }),
  ...['mine', 'theirs'].map(name =>
    change(`status of ${name}`, `${core}/pods/${name}/status?dryRun=All`, { status: { message: 'm' } }),
  ),
  change('label through the status', `${core}/pods/mine/status?dryRun=All`, {
    metadata: { labels: { q: 'r' } },
    status: { message: 'm2' },
  }),
  change('claims through the status', `${core}/pods/mine/status?dryRun=All`, {
    status: { resourceClaimStatuses: [{ name: 'a', resourceClaimName: 'b' }] },
  }),
  ...['mine', 'theirs'].map(name =>
    node(send('POST', `evict ${name}`, `${core}/pods/${name}/eviction?dryRun=All`, { metadata: { name } })),
  ),
]

const bound = (kind: string, name: string, uid: string) => ({
  boundObjectRef: { apiVersion: 'v1', kind, name, uid },
})
const token = (title: string, spec: object, account = 'robot') =>
  node(send('POST', `token ${title}`, `${core}/serviceaccounts/${account}/token`, { spec }))

const tokens: readonly OracleCase[] = [
  { ...get('node: uid of its pod', `${core}/pods/mine`), keep: { mine: 'metadata.uid' } },
  { ...get('node: uid of another pod', `${core}/pods/theirs`), keep: { theirs: 'metadata.uid' } },
  token('of its pod', bound('Pod', 'mine', '{{mine}}')),
  ...[['vault'], ['csi'], ['bank'], ['vault', 'csi']].map(audiences =>
    token(`of its pod for ${audiences}`, { ...bound('Pod', 'mine', '{{mine}}'), audiences }),
  ),
  token('of another pod', bound('Pod', 'theirs', '{{theirs}}')),
  token('of a pod that is none', bound('Pod', 'mine', '12')),
  token('of a node', bound('Node', own, '{{uid}}')),
  token('of nothing', {}),
  token('of another account', bound('Pod', 'mine', '{{mine}}'), 'default'),
]

const dry = '?dryRun=All'
const others: readonly OracleCase[] = [
  ...[
    ['kube-node-lease', own],
    ['kube-node-lease', other],
    ['kube-system', own],
  ].map(([namespace, name]) =>
    node(
      send('POST', `lease ${name} in ${namespace}`, `${leases}/${namespace}/leases${dry}`, {
        metadata: { name },
      }),
    ),
  ),
  ...[own, other].map(name =>
    node(
      send('POST', `CSI node ${name}`, `${storage}/csinodes${dry}`, {
        metadata: { name },
        spec: { drivers: [] },
      }),
    ),
  ),
  ...[own, other].map(nodeName =>
    node(
      send('POST', `slice of ${nodeName}`, slices + dry, {
        metadata: { name: 'new' },
        spec: {
          nodeName,
          driver: 'd.example.org',
          pool: { name: nodeName, generation: 1, resourceSliceCount: 1 },
        },
      }),
    ),
  ),
  remove('remove the slice of another', `${slices}/${other}${dry}`),
  remove('remove slices', slices + dry),
  change('size of the claim', `${core}/persistentvolumeclaims/claim/status${dry}`, {
    status: { capacity: { storage: '2Gi' } },
  }),
  change('label of the claim', `${core}/persistentvolumeclaims/claim/status${dry}`, {
    metadata: { labels: { a: 'b' } },
  }),
  change('phase of the claim', `${core}/persistentvolumeclaims/claim/status${dry}`, {
    status: { phase: 'Lost' },
  }),
  node(
    send('POST', 'event', `${core}/events${dry}`, {
      metadata: { name: 'e' },
      involvedObject: { namespace: space },
    }),
  ),
  node(send('POST', 'map', `${core}/configmaps${dry}`, { metadata: { name: 'x' } })),
]

const gone: readonly OracleCase[] = [
  ['pods/mine', 'pods/theirs', 'persistentvolumeclaims/claim', 'configmaps/vol'].map(
    path => `${core}/${path}?gracePeriodSeconds=0`,
  ),
  [own, other].flatMap(name => [`/api/v1/nodes/${name}`, `${storage}/volumeattachments/${name}`]),
  [`${slices}/${other}`, `${storage}/csidrivers/csi.example.org`],
]
  .flat()
  .map(path => ({ name: `node: take away ${path}`, method: 'DELETE', path }))

/** What a node may read and write: the authorizer that looks at what its pods refer to, and the plugin NodeRestriction. */
export const nodeCases: readonly OracleCase[] = [
  ...world,
  ...reads,
  ...nodeWrites,
  ...mirrors,
  ...podWrites,
  ...tokens,
  ...others,
  ...gone,
]
