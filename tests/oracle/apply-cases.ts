import { get, type OracleCase, patch, send } from './case.ts'

const core = '/api/v1/namespaces/oracle'
const service = `${core}/services/applied`
const maps = `${core}/configmaps`
const scalers = (version: string) => `/apis/autoscaling/${version}/namespaces/oracle/horizontalpodautoscalers`

const apply = (manager: string, name: string, path: string, body: object, more = ''): OracleCase =>
  patch(`apply: ${name}`, `${path}?fieldManager=${manager}${more}`, 'apply', body)
const forced = '&force=true'

const scaler = (version: string, spec: object) => ({
  apiVersion: `autoscaling/${version}`,
  kind: 'HorizontalPodAutoscaler',
  metadata: { name: 'applied' },
  spec,
})
const [v1, v2] = ['v1', 'v2'].map(version => `${scalers(version)}/applied`) as [string, string]
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }
const cpu = (averageUtilization: number) => ({
  type: 'Resource',
  resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
})

/** Two versions of one object, each with its applier. */
const versions: readonly OracleCase[] = [
  apply(
    'a',
    'in v1',
    v1,
    scaler('v1', { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 50 }),
  ),
  apply('b', 'other metrics in v2', v2, scaler('v2', { metrics: [cpu(60)] })),
  apply('b', 'the same metrics in v2', v2, scaler('v2', { metrics: [cpu(50)] })),
  apply('b', 'no metrics in v2', v2, scaler('v2', { behavior: { scaleDown: { selectPolicy: 'Min' } } })),
  get('apply: as v1', v1),
  get('apply: as v2', v2),
  patch('apply: change in v1', `${v1}?fieldManager=c`, 'merge', {
    spec: { targetCPUUtilizationPercentage: 70 },
  }),
  apply('b', 'in v2 against the change in v1', v2, scaler('v2', { metrics: [cpu(60)] })),
  apply('a', 'in v2 after v1, without the metric', v2, scaler('v2', { scaleTargetRef, maxReplicas: 3 })),
  apply('d', 'in v1 of another', v1, scaler('v1', { maxReplicas: 9 }), forced),
  get('apply: as v1 at last', v1),
  get('apply: as v2 at last', v2),
  apply('b', 'in v2 of v1', v2, scaler('v1', { maxReplicas: 3 })),
]

const object = (kind: string, more: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'applied', ...metadata },
  ...more,
})
const ports = (...list: object[]) => object('Service', { spec: { ports: list } })

const lists: readonly OracleCase[] = [
  apply('a', 'ports', service, ports({ port: 80, name: 'w' }, { port: 53, protocol: 'UDP', name: 'u' })),
  apply('b', 'a port of the default protocol', service, ports({ port: 80, targetPort: 8080 })),
  apply('c', 'a port of another target', service, ports({ port: 80, targetPort: 'http' })),
  apply('c', 'a port of another protocol', service, ports({ port: 53, name: 't' })),
  apply('c', 'a port twice by default', service, ports({ port: 9 }, { port: 9, protocol: 'TCP' })),
  apply('c', 'a port without a number', service, ports({ name: 'x' })),
  apply('a', 'no ports any more', service, object('Service', { spec: { selector: { a: 'b' } } })),
  apply('d', 'another selector', service, object('Service', { spec: { selector: { c: 'd' } } })),
  apply(
    'd',
    'another selector, forced',
    service,
    object('Service', { spec: { selector: { c: 'd' } } }),
    forced,
  ),
]

const pods: readonly OracleCase[] = [
  send(
    'POST',
    'apply: a pod',
    `${core}/pods`,
    object('Pod', { spec: { containers: [{ name: 'c', image: 'i' }] } }),
  ),
  patch('apply: an owner by the door of the status', `${core}/pods/applied/status?fieldManager=s`, 'merge', {
    metadata: { labels: { s: 't' }, ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'u' }] },
  }),
  get('apply: the pod', `${core}/pods/applied`),
]

const finalizers = (...list: string[]) => object('ConfigMap', {}, { finalizers: list })
const fields: readonly OracleCase[] = [
  apply('a', 'a set', `${maps}/applied`, finalizers('x.io/a', 'x.io/b')),
  apply('b', 'a set of another', `${maps}/applied`, finalizers('x.io/b', 'x.io/c')),
  apply('a', 'less of a set', `${maps}/applied`, finalizers('x.io/a')),
  apply('a', 'a set with one twice', `${maps}/applied`, finalizers('x.io/a', 'x.io/a')),
  apply('b', 'no set any more', `${maps}/applied`, object('ConfigMap', {})),
  apply('a', 'nothing', `${maps}/applied`, object('ConfigMap', { data: null })),
  apply('a', 'a value of null', `${maps}/applied`, object('ConfigMap', { data: { q: null } })),
  apply('a', 'a revision of what is not there', `${maps}/unseen`, {
    ...object('ConfigMap', {}),
    metadata: { name: 'unseen', resourceVersion: '5' },
  }),
]

const annotation = 'kubectl.kubernetes.io/last-applied-configuration'
const last = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'heavy' }, data: { a: '1', b: '2' } }
const heavy = { ...last, data: { a: 'x'.repeat(270_000) } }

/** From applying on the client's side to applying on the server's. */
const migration: readonly OracleCase[] = [
  send('POST', 'apply: on the client’s side', `${maps}?fieldManager=kubectl-client-side-apply`, {
    ...last,
    metadata: { ...last.metadata, annotations: { [annotation]: JSON.stringify(last) } },
  }),
  apply('kubectl', 'without what was applied before', `${maps}/heavy`, { ...last, data: { a: '1' } }),
  apply('kubectl', 'too much for the annotation', `${maps}/heavy`, heavy),
]

const managed = (name: string, managedFields: unknown): OracleCase =>
  patch(`apply: managers ${name}`, `${maps}/applied?dryRun=All&fieldManager=m`, 'merge', {
    metadata: { managedFields },
  })

/** What a client makes of the list of managers itself. */
const managers: readonly OracleCase[] = [
  managed('of nothing', null),
  managed('that are none', []),
  managed('of one that is empty', [{}]),
  managed('that are a text', 'x'),
  patch('apply: managers taken away', `${maps}/applied?dryRun=All&fieldManager=m`, 'json', [
    { op: 'remove', path: '/metadata/managedFields' },
  ]),
]

/** Server-side apply where managers, versions and lists meet. */
export const applyCases: readonly OracleCase[] = [
  ...[...versions, ...lists, ...fields, ...pods],
  ...[...managers, ...migration],
]
