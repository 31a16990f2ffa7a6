/** What is asked of both servers about webhooks. */
import type { AdmissionCase, AdmissionRequestCase, WebhookPlan } from './compare.ts'

const maps = '/api/v1/namespaces/default/configmaps'
const map = (name: string, more: object = {}) => ({ metadata: { name }, data: { key: 'value' }, ...more })
const create = (name = 'm'): AdmissionRequestCase => ['POST', maps, map(name)]
const remove = (name = 'm'): AdmissionRequestCase => ['DELETE', `${maps}/${name}`]
const patchMap = (patch: object, type = 'merge-patch'): AdmissionRequestCase => [
  'PATCH',
  `${maps}/m`,
  patch,
  { 'content-type': `application/${type}+json` },
]

const answers = [
  'allow',
  'deny',
  'deny-message',
  'deny-reason',
  'deny-status',
  'deny-code-200',
  'warn',
  'warn-deny',
  'patch-data',
  'type-only',
  'wrong-uid',
  'no-response',
  'no-kind',
  'other-version',
  'status-500',
  'status-404',
  'status-403',
  'no-json',
  'empty',
]

const patches = [
  'patch-label',
  'patch-unknown',
  'patch-empty',
  'patch-fails',
  'patch-test-fails',
  'patch-wrong-type',
  'patch-no-json',
  'patch-no-type',
  'patch-odd-type',
  'patch-namespace',
  'patch-name',
]

const rule = (apiGroups: string[], resources: string[], more: object = {}) => ({
  operations: ['*'],
  apiGroups,
  apiVersions: ['*'],
  resources,
  ...more,
})

const deployment = (name: string) => ({
  metadata: { name },
  spec: {
    replicas: 1,
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
  },
})
const deployments = '/apis/apps/v1/namespaces/default/deployments'

const each = (behaviour: string, kind: 'mutating' | 'validating', more: object = {}): AdmissionCase => ({
  name: `${kind} ${behaviour} ${JSON.stringify(more)}`,
  [kind]: [{ behaviour, ...more }],
  requests: [create(), remove()],
})

const denied = (name: string, plan: Omit<WebhookPlan, 'behaviour'>, requests = [create(), remove()]) => ({
  name,
  validating: [{ behaviour: 'deny', ...plan }],
  requests,
})

export const webhookCases: readonly AdmissionCase[] = [
  ...answers.flatMap(behaviour => [each(behaviour, 'mutating'), each(behaviour, 'validating')]),
  ...patches.map(behaviour => each(behaviour, 'mutating')),
  ...['status-500', 'wrong-uid', 'deny', 'patch-no-json', 'patch-fails'].map(behaviour =>
    each(behaviour, 'mutating', { failurePolicy: 'Ignore' }),
  ),
  ...['status-500', 'deny'].map(behaviour => each(behaviour, 'validating', { failurePolicy: 'Ignore' })),
  each('slow', 'validating', { timeoutSeconds: 1 }),
  each('slow', 'mutating', { timeoutSeconds: 1, failurePolicy: 'Ignore' }),
  each('allow', 'validating', { clientConfig: { url: 'https://127.0.0.1:1/x' } }),
  each('allow', 'validating', { clientConfig: { url: 'https://nosuch.invalid/' } }),
  each('allow', 'validating', {
    clientConfig: { service: { namespace: 'default', name: 'none', path: '/x' } },
  }),
  each('allow', 'validating', { admissionReviewVersions: ['v1beta1', 'v1'] }),
  each('patch-data', 'mutating', { admissionReviewVersions: ['v2', 'v1beta1'] }),
  each('allow', 'validating', {
    matchConditions: [{ name: 'no', expression: 'object.metadata.name != "m"' }],
  }),
  each('deny', 'validating', {
    matchConditions: [{ name: 'yes', expression: 'object.metadata.name == "m"' }],
  }),
  each('deny', 'validating', { matchConditions: [{ name: 'err', expression: 'object.nonsense == "m"' }] }),
  each('deny', 'validating', {
    failurePolicy: 'Ignore',
    matchConditions: [{ name: 'err', expression: 'object.nonsense == "m"' }],
  }),
  each('deny', 'mutating', {
    matchConditions: [
      { name: 'a', expression: "request.operation == 'CREATE' && request.resource.resource == 'configmaps'" },
      { name: 'b', expression: "request.userInfo.username != 'nobody' && oldObject == null" },
      {
        name: 'c',
        expression: "authorizer.group('').resource('configmaps').namespace('default').check('get').allowed()",
      },
    ],
  }),
  {
    name: 'every operation on an object',
    mutating: [{ behaviour: 'count-a' }],
    validating: [{ behaviour: 'allow' }],
    requests: [
      create(),
      patchMap({ data: { more: 'x' } }),
      patchMap({ metadata: { annotations: { a: 'b' } } }, 'strategic-merge-patch'),
      ['PUT', `${maps}/m`, map('m', { data: { a: 'b' } })],
      [
        'PATCH',
        `${maps}/applied?fieldManager=me`,
        { apiVersion: 'v1', kind: 'ConfigMap', ...map('applied') },
        { 'content-type': 'application/apply-patch+yaml' },
      ],
      ['POST', maps, { metadata: { generateName: 'gen-' } }],
      ['POST', `${maps}?fieldManager=me&fieldValidation=Strict`, map('n')],
      ['DELETE', `${maps}/m`, { propagationPolicy: 'Background', kind: 'DeleteOptions', apiVersion: 'v1' }],
      ['DELETE', `${maps}/n?gracePeriodSeconds=0`],
      ['DELETE', `${maps}?labelSelector=a`],
    ],
  },
  {
    name: 'dry run is told',
    validating: [{ behaviour: 'allow' }],
    requests: [['POST', `${maps}?dryRun=All`, map('m')]],
  },
  {
    name: 'dry run of a delete',
    validating: [{ behaviour: 'allow', sideEffects: 'NoneOnDryRun' }],
    requests: [
      create(),
      ['DELETE', `${maps}/m`, { dryRun: ['All'] }],
      ['DELETE', `${maps}/m?dryRun=All`],
      remove(),
    ],
  },
  {
    name: 'a webhook asked again',
    mutating: [
      { behaviour: 'count-a', reinvocationPolicy: 'IfNeeded' },
      { behaviour: 'count-b', reinvocationPolicy: 'Never' },
    ],
    requests: [create(), remove()],
  },
  {
    name: 'two webhooks asked again',
    mutating: [
      { behaviour: 'count-a', reinvocationPolicy: 'IfNeeded' },
      { behaviour: 'count-b', reinvocationPolicy: 'IfNeeded' },
      { behaviour: 'allow', reinvocationPolicy: 'IfNeeded' },
    ],
    requests: [create(), remove()],
  },
  {
    name: 'validating ones see what mutating ones made',
    mutating: [{ behaviour: 'patch-label' }, { behaviour: 'patch-data' }],
    validating: [{ behaviour: 'deny-message' }],
    requests: [create()],
  },
  denied('an object selector that does not match', { objectSelector: { matchLabels: { a: 'b' } } }),
  {
    ...denied(
      'an object selector that matches the old object',
      {
        objectSelector: { matchLabels: { a: 'b' } },
        rules: [rule([''], ['configmaps'], { operations: ['UPDATE', 'DELETE'] })],
      },
      [patchMap({ metadata: { labels: null } }), remove()],
    ),
    objects: [[maps, map('m', { metadata: { name: 'm', labels: { a: 'b' } } })]],
  },
  denied('a namespace selector that does not match', { namespaceSelector: { matchLabels: { a: 'b' } } }),
  denied('a namespace selector that matches', {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } },
  }),
  denied('cluster scope does not meet namespaced objects', {
    rules: [rule([''], ['configmaps'], { scope: 'Cluster' })],
  }),
  denied('operations', { rules: [rule([''], ['configmaps'], { operations: ['DELETE'] })] }),
  denied('every resource', { rules: [rule(['*'], ['*'])] }),
  denied('every subresource', { rules: [rule(['*'], ['configmaps/*'])] }),
  denied(
    'namespaces',
    {
      rules: [rule([''], ['namespaces'], { scope: 'Cluster' })],
      namespaceSelector: { matchLabels: { x: 'y' } },
    },
    [
      ['POST', '/api/v1/namespaces', { metadata: { name: 'adm-x', labels: { x: 'y' } } }],
      ['POST', '/api/v1/namespaces?dryRun=All', { metadata: { name: 'adm-x' } }],
    ],
  ),
  {
    name: 'webhooks never see configurations',
    validating: [{ behaviour: 'deny', rules: [rule(['*'], ['*/*'])] }],
    requests: [
      [
        'POST',
        '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
        { metadata: { name: 'own' } },
      ],
      ['DELETE', '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/own'],
    ],
  },
  {
    name: 'scale',
    mutating: [{ behaviour: 'patch-replicas', rules: [rule(['apps'], ['deployments/scale'])] }],
    validating: [
      { behaviour: 'allow', rules: [rule(['apps'], ['deployments/scale', 'deployments/status'])] },
    ],
    objects: [[deployments, deployment('d')]],
    requests: [
      [
        'PATCH',
        `${deployments}/d/scale`,
        { spec: { replicas: 3 } },
        { 'content-type': 'application/merge-patch+json' },
      ],
      ['PUT', `${deployments}/d/scale`, { metadata: { name: 'd' }, spec: { replicas: 2 } }],
      [
        'PATCH',
        `${deployments}/d/status`,
        { status: { replicas: 3 } },
        { 'content-type': 'application/merge-patch+json' },
      ],
    ],
  },
  {
    name: 'defaults after a patch',
    mutating: [{ behaviour: 'patch-container', rules: [rule([''], ['pods'])] }],
    objects: [['/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'sa-case' } }]],
    requests: [
      [
        'POST',
        '/api/v1/namespaces/default/pods',
        {
          metadata: { name: 'p' },
          spec: {
            serviceAccountName: 'sa-case',
            automountServiceAccountToken: false,
            containers: [{ name: 'c', image: 'i' }],
          },
        },
      ],
      ['DELETE', '/api/v1/namespaces/default/pods/p', { gracePeriodSeconds: 0 }],
    ],
  },
  {
    name: 'an equivalent version',
    validating: [
      {
        behaviour: 'allow',
        rules: [{ ...rule(['autoscaling'], ['horizontalpodautoscalers']), apiVersions: ['v1'] }],
      },
    ],
    requests: [
      [
        'POST',
        '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?dryRun=All',
        {
          metadata: { name: 'h' },
          spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
        },
      ],
    ],
  },
  {
    name: 'an equivalent version that is not wanted',
    validating: [
      {
        behaviour: 'deny',
        matchPolicy: 'Exact',
        rules: [{ ...rule(['autoscaling'], ['horizontalpodautoscalers']), apiVersions: ['v1'] }],
      },
    ],
    requests: [
      [
        'POST',
        '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers?dryRun=All',
        {
          metadata: { name: 'h' },
          spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' } },
        },
      ],
    ],
  },
  {
    name: 'connections',
    validating: [
      {
        behaviour: 'deny-message',
        rules: [rule([''], ['pods/*', 'services/*'], { operations: ['CONNECT'] })],
        // What is connected with has no labels: a selector would leave it out.
        objectSelector: {},
      },
    ],
    objects: [
      ['/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'sa-case' } }],
      [
        '/api/v1/namespaces/default/pods',
        {
          metadata: { name: 'p' },
          spec: {
            serviceAccountName: 'sa-case',
            automountServiceAccountToken: false,
            containers: [{ name: 'c', image: 'i' }],
          },
        },
      ],
      ['/api/v1/namespaces/default/services', { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } }],
    ],
    requests: [
      ['POST', '/api/v1/namespaces/default/pods/p/exec?command=a&command=b&stdin=true'],
      ['POST', '/api/v1/namespaces/default/pods/p/attach?container=c&stdout=false'],
      ['POST', '/api/v1/namespaces/default/pods/p/portforward?ports=80'],
      ['GET', '/api/v1/namespaces/default/pods/p/proxy/some/path'],
      ['GET', '/api/v1/namespaces/default/services/s/proxy/'],
    ],
  },
  {
    name: 'tokens and evictions',
    mutating: [
      { behaviour: 'deny', rules: [rule(['', 'policy'], ['serviceaccounts/token', 'pods/eviction'])] },
    ],
    objects: [
      ['/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'sa-case' } }],
      [
        '/api/v1/namespaces/default/pods',
        {
          metadata: { name: 'p' },
          spec: {
            serviceAccountName: 'sa-case',
            automountServiceAccountToken: false,
            containers: [{ name: 'c', image: 'i' }],
          },
        },
      ],
    ],
    requests: [
      ['POST', '/api/v1/namespaces/default/serviceaccounts/sa-case/token', { spec: { audiences: ['x'] } }],
      ['POST', '/api/v1/namespaces/default/pods/p/eviction', { metadata: { name: 'p' } }],
      ['POST', '/api/v1/namespaces/default/pods/p/binding', { target: { kind: 'Node', name: 'n' } }],
    ],
  },
]
