import { get, type OracleCase, patch, send, type Track } from './case.ts'

const container = { name: 'c', image: 'x', imagePullPolicy: 'Never' }
const podsOf = (namespace: string) => `/api/v1/namespaces/${namespace}/pods`

/** Namespaces that the plugins' configuration (`plugins.yaml`) speaks of, and one that it does not. */
const tolerations = 'scheduler.alpha.kubernetes.io'
const level = 'pod-security.kubernetes.io'
const spaces: Readonly<Record<string, object>> = {
  plain: {},
  selected: { annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'zone=a' } },
  'badly-selected': { annotations: { 'scheduler.alpha.kubernetes.io/node-selector': 'a b==' } },
  exempt: {},
  tolerant: {
    annotations: {
      [`${tolerations}/defaultTolerations`]: '[{"key":"n","operator":"Exists"}]',
      [`${tolerations}/tolerationsWhitelist`]: '[{"key":"n","operator":"Exists"}]',
    },
  },
  'badly-tolerant': { annotations: { [`${tolerations}/defaultTolerations`]: 'nope' } },
  old: { labels: { [`${level}/enforce`]: 'restricted', [`${level}/enforce-version`]: 'v1.18' } },
  quiet: { labels: { [`${level}/enforce`]: 'restricted', [`${level}/warn`]: 'privileged' } },
}
const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' }

const opening: readonly OracleCase[] = Object.entries(spaces).flatMap(([name, metadata]) => [
  send('POST', `plugins: make ${name}`, '/api/v1/namespaces', { metadata: { name, ...metadata } }),
  send('POST', `plugins: account of ${name}`, `/api/v1/namespaces/${name}/serviceaccounts`, {
    metadata: { name: 'default' },
  }),
])

const pod = (title: string, namespace: string, spec: object, more: object = {}): OracleCase =>
  send('POST', `plugins: ${title}`, `${podsOf(namespace)}?dryRun=All`, {
    metadata: { name: 'p' },
    spec: { containers: [{ ...container, ...more }], ...spec },
  })
const asUser = (one: OracleCase, user: string, group: string): OracleCase => ({
  ...one,
  headers: { ...one.headers, 'impersonate-user': user, 'impersonate-group': group },
})

const pods: readonly OracleCase[] = [
  pod('a pod', 'plain', {}),
  pod('another zone than the namespace says', 'selected', { nodeSelector: { zone: 'b' } }),
  pod('a selector beside that of the namespace', 'selected', { nodeSelector: { x: 'z' } }),
  pod('a toleration that nobody may have', 'plain', { tolerations: [{ key: 'c', operator: 'Exists' }] }),
  pod('a toleration that all may have', 'plain', { tolerations: [{ key: 'b', operator: 'Exists' }] }),
  pod("the host's network", 'plain', { hostNetwork: true }),
  pod("the host's network where all may", 'exempt', { hostNetwork: true }),
  asUser(pod("the host's processes, by one who may", 'plain', { hostPID: true }), 'exempt', 'system:masters'),
  asUser(pod("the host's processes, by another", 'plain', { hostPID: true }), 'other', 'system:masters'),
  pod('a privileged container', 'plain', {}, { securityContext: { privileged: true } }),
  pod('pods apart in a zone', 'plain', {
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { labelSelector: { matchLabels: { a: 'b' } }, topologyKey: 'zone' },
        ],
      },
    },
  }),
  pod('a device', 'plain', {}, { resources: { limits: { 'x.io/gpu': 1 } } }),
  send(
    'POST',
    'plugins: a deployment of what is refused later',
    '/apis/apps/v1/namespaces/plain/deployments',
    {
      metadata: { name: 'd' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: { hostIPC: true, containers: [container] } },
      },
    },
  ),
]

const classes: readonly OracleCase[] = [
  send('POST', 'plugins: an exempt class', '/apis/node.k8s.io/v1/runtimeclasses', {
    ...{ metadata: { name: 'exempt' }, handler: 'h' },
  }),
  send('POST', 'plugins: a limited priority', '/apis/scheduling.k8s.io/v1/priorityclasses', {
    ...{ metadata: { name: 'limited' }, value: 3 },
  }),
]

/** Pods of different sorts in each of the namespaces. */
const podsEverywhere: readonly OracleCase[] = Object.keys(spaces).flatMap(name => [
  pod(`in ${name}`, name, {}),
  pod(`on the host in ${name}`, name, { hostNetwork: true }),
  pod(`on the host in ${name} of an exempt class`, name, { hostNetwork: true, runtimeClassName: 'exempt' }),
  pod(`that tolerates in ${name}`, name, { tolerations: [{ key: 'n', operator: 'Exists' }] }),
  pod(`limited in ${name}`, name, { priorityClassName: 'limited' }),
  pod(
    `restricted in ${name}`,
    name,
    { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } },
    { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } },
  ),
])

const inPlain = (title: string, path: string, spec: object) =>
  send('POST', `plugins: ${title}`, `${path}?dryRun=All`, { metadata: { name: 'x' }, spec })
const claimOf = (storageClassName: string) => ({
  ...{ storageClassName, accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
})

/** What may be had only where a quota speaks of it. */
const limited: readonly OracleCase[] = [
  inPlain('a balanced service', '/api/v1/namespaces/plain/services', {
    ...{ type: 'LoadBalancer', ports: [{ port: 1 }] },
  }),
  inPlain('a service', '/api/v1/namespaces/plain/services', { ports: [{ port: 1 }] }),
  inPlain('a golden claim', '/api/v1/namespaces/plain/persistentvolumeclaims', claimOf('gold')),
  inPlain('a claim of tin', '/api/v1/namespaces/plain/persistentvolumeclaims', claimOf('tin')),
  inPlain('a stateful set', '/apis/apps/v1/namespaces/plain/statefulsets', {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [container] } },
  }),
]

const services = '/api/v1/namespaces/plain/services'
const event = { involvedObject: { namespace: 'exempt' } }

/** Who may only change pods and maps may not hold up the deletion of what owns them. */
const owned = (title: string, kind: string, apiVersion: string): OracleCase =>
  asUser(
    send('POST', `plugins: ${title}`, '/api/v1/namespaces/plain/configmaps?dryRun=All', {
      metadata: {
        name: 'owned',
        ownerReferences: [{ apiVersion, kind, name: 'p', uid: 'u', blockOwnerDeletion: true }],
      },
    }),
    'editor',
    'editors',
  )

const others: readonly OracleCase[] = [
  send('POST', 'plugins: a service by another name', `${services}?dryRun=All`, {
    metadata: { name: 's' },
    spec: { type: 'ExternalName', externalName: 'a.b' },
  }),
  send('POST', 'plugins: a service with addresses outside', `${services}?dryRun=All`, {
    metadata: { name: 's' },
    spec: { ports: [{ port: 1 }], externalIPs: ['1.2.3.4'] },
  }),
  ...Array.from({ length: 6 }, (_, index) =>
    send('POST', `plugins: event ${index}`, '/api/v1/namespaces/exempt/events', {
      metadata: { name: `event-${index}` },
      ...event,
    }),
  ),
  send('POST', 'plugins: a role', '/apis/rbac.authorization.k8s.io/v1/clusterroles', {
    metadata: { name: 'editor' },
    rules: [{ apiGroups: [''], resources: ['pods', 'configmaps'], verbs: ['*'] }],
  }),
  send('POST', 'plugins: its binding', '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings', {
    metadata: { name: 'editor' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'editor' },
    subjects: [{ kind: 'Group', name: 'editors', apiGroup: 'rbac.authorization.k8s.io' }],
  }),
  { ...asUser(get('plugins: wait for the role', podsOf('plain')), 'editor', 'editors'), until: 200 },
  owned('a map of a pod', 'Pod', 'v1'),
  owned('a map of a deployment', 'Deployment', 'apps/v1'),
  owned('a map of nothing known', 'Nope', 'nope/v1'),
  patch('plugins: a stricter namespace', '/api/v1/namespaces/plain', 'merge', {
    metadata: { labels: restricted },
  }),
  { ...pod('what the stricter one refuses', 'plain', {}), until: 403 },
  patch('plugins: a level that is none', '/api/v1/namespaces/plain', 'merge', {
    metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'odd' } },
  }),
]

/** Admission plugins that are off unless they are named. */
export function pluginTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'plugins', cases: [...classes, ...pods, ...podsEverywhere, ...limited, ...others] },
  ]
}
