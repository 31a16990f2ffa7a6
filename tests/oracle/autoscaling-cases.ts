import { get, json, type OracleCase, patch, send } from './case.ts'

const v1 = '/apis/autoscaling/v1/namespaces/oracle/horizontalpodautoscalers'
const v2 = '/apis/autoscaling/v2/namespaces/oracle/horizontalpodautoscalers'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

const target = { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' }, maxReplicas: 5 }
const service = { kind: 'Service', name: 's', apiVersion: 'v1' }
const utilization = (averageUtilization: number) => ({ type: 'Utilization', averageUtilization })
const average = (averageValue: string) => ({ type: 'AverageValue', averageValue })
const whole = (value: string) => ({ type: 'Value', value })

const metrics: readonly object[] = [
  { type: 'Resource', resource: { name: 'cpu', target: utilization(50) } },
  { type: 'Resource', resource: { name: 'cpu', target: average('500m') } },
  { type: 'Resource', resource: { name: 'memory', target: utilization(50) } },
  {
    type: 'Pods',
    pods: { metric: { name: 'm', selector: { matchLabels: { a: 'b' } } }, target: average('1k') },
  },
  { type: 'Object', object: { describedObject: service, metric: { name: 'm' }, target: whole('10') } },
  { type: 'Object', object: { describedObject: service, metric: { name: 'm2' }, target: average('10') } },
  {
    type: 'External',
    external: {
      metric: { name: 'e', selector: { matchExpressions: [{ key: 'a', operator: 'Exists' }] } },
      target: whole('5'),
    },
  },
  { type: 'External', external: { metric: { name: 'e' }, target: average('5') } },
  { type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: utilization(10) } },
]
const current = [
  { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 40, averageValue: '4m' } } },
  { type: 'Pods', pods: { metric: { name: 'm' }, current: { averageValue: '3' } } },
  { type: 'Object', object: { describedObject: service, metric: { name: 'm' }, current: { value: '3' } } },
  { type: 'External', external: { metric: { name: 'e' }, current: { value: '3', averageValue: '1' } } },
]
const condition = {
  type: 'AbleToScale',
  status: 'True',
  reason: 'R',
  message: 'm',
  lastTransitionTime: '2020-01-01T00:00:00Z',
}
const status = {
  currentReplicas: 1,
  desiredReplicas: 2,
  observedGeneration: 1,
  lastScaleTime: '2020-01-01T00:00:00Z',
  currentMetrics: current,
  conditions: [condition],
}
const behavior = {
  scaleUp: {
    stabilizationWindowSeconds: 3,
    selectPolicy: 'Min',
    policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }],
  },
  scaleDown: { policies: [{ type: 'Percent', value: 10, periodSeconds: 5 }], tolerance: '0.2' },
}

/** What version 1 has no field for stands in annotations there. */
const annotated = (of: string, value: unknown) => ({
  annotations: {
    [`autoscaling.alpha.kubernetes.io/${of}`]: typeof value === 'string' ? value : json(value),
  },
})
const annotations: Readonly<Record<string, unknown>> = {
  'no JSON': 'x',
  'no list': {},
  pods: [{ type: 'Pods', pods: { metricName: 'm', targetAverageValue: '1' } }],
  'an object': [
    {
      type: 'Object',
      object: { target: { kind: 'S', name: 's' }, metricName: 'm', targetValue: '1', averageValue: '2' },
    },
  ],
  'what is outside': [
    { type: 'External', external: { metricName: 'm', metricSelector: {}, targetValue: '1' } },
  ],
  'a resource': [{ type: 'Resource', resource: { name: 'memory', targetAverageUtilization: 5 } }],
  'what is unknown': [{ type: 'Odd' }],
  nothing: [],
}

const make = (title: string, path: string, name: string, spec: object, metadata: object = {}) =>
  send('POST', `autoscaling: make ${title}`, path, {
    metadata: { name, ...metadata },
    spec: { ...target, ...spec },
  })
const read = (title: string, path: string) => get(`autoscaling: ${title}`, path)
const change = (title: string, path: string, body: object) =>
  patch(`autoscaling: ${title}`, path, 'merge', body)

const twice = '/apis/autoscaling/v2/namespaces/oracle/horizontalpodautoscalers'
const ofTwice = (version: string) => `${twice.replace('v2', version)}/twice`

/** What one version keeps twice the other cannot be converted with: then nobody owns anything. */
const conditionsTwice: readonly OracleCase[] = [
  send('POST', 'autoscaler: with conditions twice', twice, {
    metadata: { name: 'twice' },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
  }),
  patch('autoscaler: conditions twice', `${ofTwice('v2')}/status`, 'merge', {
    status: {
      currentReplicas: 1,
      desiredReplicas: 1,
      conditions: [condition, { ...condition, status: 'False' }],
    },
  }),
  patch('autoscaler: conditions twice in v1', ofTwice('v1'), 'merge', { metadata: { labels: { a: 'b' } } }),
  patch('autoscaler: conditions twice in v2', ofTwice('v2'), 'merge', { metadata: { labels: { a: 'c' } } }),
  patch('autoscaler: conditions once', `${ofTwice('v2')}/status?fieldManager=x&force=true`, 'apply', {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'twice' },
    status: { desiredReplicas: 1, conditions: [condition] },
  }),
]

/** One autoscaler in its two versions: what of one is in the other, and what is left when the older one is written. */
export const autoscalingCases: readonly OracleCase[] = [
  ...metrics.flatMap((metric, i) => [
    make(`one of metric ${i}`, v2, `metric-${i}`, { metrics: [metric] }),
    read(`metric ${i} as v1`, `${v1}/metric-${i}`),
  ]),
  make('one of all', v2, 'both', { metrics, behavior }, annotated('metrics', 'bad')),
  read('all as v1', `${v1}/both`),
  change('status', `${v2}/both/status`, { status }),
  read('status as v1', `${v1}/both`),
  change('the target of v1', `${v1}/both`, { spec: { targetCPUUtilizationPercentage: 33 } }),
  read('v2 after the target', `${v2}/both`),
  change('no target of v1', `${v1}/both`, { spec: { targetCPUUtilizationPercentage: null } }),
  read('v2 after no target', `${v2}/both`),
  change('no annotations of v1', `${v1}/both`, { metadata: { annotations: null } }),
  read('v2 after no annotations', `${v2}/both`),
  change('status of v1', `${v1}/both/status`, {
    status: { currentReplicas: 7, desiredReplicas: 8, currentCPUUtilizationPercentage: 9 },
  }),
  read('status of v2 after that of v1', `${v2}/both`),
  ...Object.entries(annotations).flatMap(([title, value], i) => [
    make(
      `one annotated with ${title}`,
      v1,
      `note-${i}`,
      { targetCPUUtilizationPercentage: 40 },
      annotated('metrics', value),
    ),
    read(`v2 of ${title}`, `${v2}/note-${i}`),
  ]),
  make('one annotated with its behaviour', v1, 'behaves', {}, annotated('behavior', behavior)),
  read('v2 of a behaviour', `${v2}/behaves`),
  make('one annotated with conditions', v1, 'conditions', {}, annotated('conditions', [condition])),
  read('v2 of conditions', `${v2}/conditions`),
  make('a plain one', v1, 'plain', {}),
  read('v2 of a plain one', `${v2}/plain`),
  send('PUT', 'autoscaling: PUT of v1', `${v1}/both`, {
    metadata: { name: 'both' },
    spec: { ...target, maxReplicas: 9 },
  }),
  read('v2 after a PUT', `${v2}/both`),
  get('autoscaling: table of v1', `${v1}/both`, table),
  get('autoscaling: table of v2', `${v2}/both`, table),
  ...conditionsTwice,
]
