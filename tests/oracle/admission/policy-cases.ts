/** What is asked of both servers about ValidatingAdmissionPolicies. */
import type { AdmissionCase, AdmissionRequestCase, PolicyPlan } from './compare.ts'

const group = '/apis/admissionregistration.k8s.io/v1'
const maps = '/api/v1/namespaces/default/configmaps'
const map = (name: string, data: object = { key: 'value', count: '3' }, labels: object = { app: 'web' }) => ({
  metadata: { name, labels },
  data,
})
const create = (name = 'm', data?: object): AdmissionRequestCase => ['POST', maps, map(name, data)]
const remove = (name = 'm'): AdmissionRequestCase => ['DELETE', `${maps}/${name}`]
const patchMap = (patch: object): AdmissionRequestCase => [
  'PATCH',
  `${maps}/m`,
  patch,
  { 'content-type': 'application/merge-patch+json' },
]

const policy = (name: string, plan: PolicyPlan, requests = [create(), remove()]): AdmissionCase => ({
  name: `policy: ${name}`,
  policies: [plan],
  requests,
})

/** One validation of each; whether it holds, fails or cannot be evaluated has to be the same. */
const expressions = [
  'true',
  'false',
  "object.data.key == 'value'",
  "object.data.key == 'other'",
  'object.data.missing == 1',
  "has(object.data.missing) && object.data.missing == 'x'",
  "!has(object.data.missing) || object.data.missing == 'x'",
  'object.spec.replicas > 5',
  "object.metadata.labels['app'] == 'web'",
  "object.metadata.labels['none'] == 'web'",
  "'none' in object.metadata.labels",
  'object.data.all(k, object.data[k].size() < 3)',
  "object.data.exists(k, v, v == '3')",
  'int(object.data.count) > 2',
  "object.data.key.matches('^v.*e$')",
  "object.data.key.matches('(')",
  "request.operation == 'CREATE' && oldObject == null || request.operation == 'DELETE' && object == null",
  "request.name == 'm' && request.namespace == 'default' && !request.dryRun",
  "request.kind.kind == 'ConfigMap' && request.resource.resource == 'configmaps'",
  "has(request.subResource) && request.subResource == ''",
  "request.userInfo.groups.exists(g, g == 'system:masters')",
  "namespaceObject.metadata.name == 'default' && namespaceObject.status.phase == 'Active'",
  "namespaceObject.metadata.labels['kubernetes.io/metadata.name'] == 'default'",
  "authorizer.group('').resource('pods').namespace('default').check('create').allowed()",
  "authorizer.group('apps').resource('deployments').check('get').reason() == ''",
  'authorizer.requestResource.check("delete").allowed()',
  "authorizer.path('/healthz').check('get').allowed()",
  "authorizer.serviceAccount('default', 'default').group('').resource('secrets').check('get').allowed()",
  "quantity('1Gi').isGreaterThan(quantity('1G')) && isQuantity('5m')",
  "ip('10.0.0.1').family() == 4 && cidr('10.0.0.0/8').containsIP('10.1.1.1')",
  "url('https://a.b/c?d=e').getHost() == 'a.b'",
  "semver('1.2.3').isLessThan(semver('v1.3', true))",
  "format.dns1123Label().validate('ok').hasValue() == false",
  "format.named('uuid').value().validate('no').value().size() > 0",
  "['a', 'b'].isSorted() && [3, 1, 2].sort() == [1, 2, 3] && [[1], [2]].flatten() == [1, 2]",
  'sets.contains([1, 2], [2]) && lists.range(3) == [0, 1, 2]',
  "'%s-%d'.format(['a', 1]) == 'a-1'",
  "object.data.?missing.orValue('x') == 'x'",
  "object.?data[?'key'].hasValue()",
  "duration('1h') > duration('1m') && timestamp('2024-01-01T00:00:00Z') < timestamp('2025-01-01T00:00:00Z')",
  'object.metadata.creationTimestamp == null',
  'dyn(1) == 1.0',
  '1 / 0 == 1 || true',
  '1 / 0 == 1',
  "dyn('a') + 1 == 2",
  'object + 1 == 2',
  'object.data[0]',
  "object.data.map(k, k).size() == 2 && object.data.filter(k, k == 'key').size() == 1",
  'type(object) == map && type(object.data.key) == string',
  'lists.range(1000).all(x, lists.range(1000).all(y, x + y >= 0))',
]

const messages: readonly object[] = [
  { expression: 'false', message: 'a message' },
  { expression: 'false', messageExpression: "'made of ' + object.data.key" },
  { expression: 'false', messageExpression: 'object.data.missing', message: 'the other one' },
  { expression: 'false', messageExpression: "'two\\nlines'" },
  { expression: 'false', messageExpression: "'  '" },
  { expression: 'false', reason: 'Forbidden' },
  { expression: 'false', reason: 'Unauthorized' },
  { expression: 'false', reason: 'RequestEntityTooLarge' },
]

const params = {
  paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
  validations: [
    {
      expression: 'params != null && object.data.key == params.data.wanted',
      messageExpression: "'wanted ' + params.data.wanted",
    },
  ],
  matchConstraints: {
    resourceRules: [
      {
        operations: ['CREATE'],
        apiGroups: [''],
        apiVersions: ['v1'],
        resources: ['configmaps'],
        resourceNames: ['m'],
      },
    ],
  },
}
const paramObjects: AdmissionCase['objects'] = [
  [maps, { metadata: { name: 'p1', labels: { is: 'param' } }, data: { wanted: 'value' } }],
  [maps, { metadata: { name: 'p2', labels: { is: 'param', second: 'yes' } }, data: { wanted: 'other' } }],
]
const bound = (name: string, paramRef: object | undefined, more: object = {}): AdmissionCase => ({
  ...policy(`params ${name}`, { spec: params, binding: { ...(paramRef && { paramRef }), ...more } }),
  objects: paramObjects,
})

/** Policies that are refused, or not: the spec alone. */
const specs: readonly object[] = [
  {},
  { validations: [] },
  { validations: [{ expression: '' }] },
  { validations: [{ expression: 'object.' }] },
  { validations: [{ expression: '1 + 1' }] },
  { validations: [{ expression: 'objet.spec' }] },
  { validations: [{ expression: 'object.spec' }] },
  { validations: [{ expression: "'a' + 1 == 'b'" }] },
  { validations: [{ expression: 'request.nonsense == 1' }] },
  { validations: [{ expression: 'namespaceObject.spec.nonsense == 1' }] },
  { validations: [{ expression: 'params.data.x == 1' }] },
  { validations: [{ expression: 'variables.x' }] },
  { validations: [{ expression: 'true', message: ' ' }] },
  { validations: [{ expression: 'true', message: 'a\nb' }] },
  { validations: [{ expression: 'true', messageExpression: '1' }] },
  { validations: [{ expression: 'true', messageExpression: ' ' }] },
  { validations: [{ expression: 'true', messageExpression: "authorizer.path('/').check('get').reason()" }] },
  { validations: [{ expression: 'true', reason: 'Odd' }] },
  { validations: [{ expression: "object.a.matches('(')" }] },
  { validations: [{ expression: "duration('x') == duration('1s')" }] },
  { validations: [{ expression: 'has(object)' }] },
  { validations: [{ expression: 'object.a.all(1, true)' }] },
  { validations: [{ expression: "object.a ? 1 : 'x' " }] },
  { validations: [{ expression: 'nosuch(object)' }] },
  { validations: [{ expression: 'object.nosuch()' }] },
  { validations: [{ expression: "[1, 'a'].size() == 2" }] },
  { validations: [{ expression: 'object.x && 1' }] },
  { validations: [{ expression: '"unterminated' }] },
  { validations: [{ expression: 'a b' }] },
  { validations: [{ expression: '(true' }] },
  { validations: [{ expression: 'for' }] },
  { validations: [{ expression: '1.all(x, x)' }] },
  { validations: [{ expression: 'true' }], paramKind: {} },
  { validations: [{ expression: 'true' }], paramKind: { apiVersion: 'a/b/c', kind: 'X Y' } },
  { validations: [{ expression: 'true' }], paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
  { validations: [{ expression: 'true' }], failurePolicy: 'Odd' },
  { validations: [{ expression: 'true' }], matchConditions: [{ name: '', expression: '' }] },
  {
    validations: [{ expression: 'true' }],
    matchConditions: [
      { name: 'a', expression: 'object' },
      { name: 'a', expression: 'true' },
    ],
  },
  { validations: [{ expression: 'true' }], variables: [{ name: '', expression: '' }] },
  {
    validations: [{ expression: 'true' }],
    variables: [
      { name: 'a-b', expression: '1' },
      { name: 'for', expression: 'x' },
    ],
  },
  {
    validations: [{ expression: "variables.a + variables.b == 'x'" }],
    variables: [
      { name: 'a', expression: '1' },
      { name: 'b', expression: "variables.a == 1 ? 'x' : 'y'" },
    ],
  },
  {
    validations: [{ expression: 'variables.later == 1' }],
    variables: [
      { name: 'now', expression: 'variables.later' },
      { name: 'later', expression: '1' },
    ],
  },
  { auditAnnotations: [{ key: 'a b', valueExpression: '1' }] },
  {
    auditAnnotations: [
      { key: 'a', valueExpression: '' },
      { key: 'a', valueExpression: "'x'" },
    ],
  },
  { validations: [{ expression: 'true' }], matchConstraints: { resourceRules: [] } },
  {
    validations: [{ expression: 'true' }],
    matchConstraints: { resourceRules: [{ operations: [], apiGroups: [], apiVersions: [], resources: [] }] },
  },
  {
    validations: [{ expression: 'true' }],
    matchConstraints: {
      resourceRules: [
        {
          operations: ['*', 'CREATE'],
          apiGroups: ['*', ''],
          apiVersions: ['*', ''],
          resources: ['*', 'pods', '*/*', 'pods/*', 'pods/log'],
          scope: 'Odd',
          resourceNames: ['a/b', 'c', 'c'],
        },
      ],
    },
  },
]

const registration = (spec: object): AdmissionRequestCase => [
  'POST',
  `${group}/validatingadmissionpolicies?dryRun=All`,
  {
    metadata: { name: 'registered' },
    spec: {
      matchConstraints: {
        resourceRules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
        ],
      },
      ...spec,
    },
  },
]

const bindings: readonly object[] = [
  {},
  { policyName: 'A B', validationActions: ['Odd'] },
  { policyName: 'a', validationActions: ['Deny', 'Warn', 'Deny'] },
  { policyName: 'a', validationActions: ['Audit'], paramRef: {} },
  {
    policyName: 'a',
    validationActions: ['Audit'],
    paramRef: { name: 'a', selector: {}, parameterNotFoundAction: 'Odd' },
  },
  {
    policyName: 'a',
    validationActions: ['Audit'],
    paramRef: { name: 'a/b', parameterNotFoundAction: 'Deny' },
  },
  { policyName: 'a', validationActions: ['Warn'], matchResources: { matchPolicy: 'Odd' } },
]

export const policyCases: readonly AdmissionCase[] = [
  { name: 'policies that may not be stored', requests: specs.map(registration) },
  {
    name: 'bindings that may not be stored',
    requests: bindings.map(
      (spec): AdmissionRequestCase => [
        'POST',
        `${group}/validatingadmissionpolicybindings?dryRun=All`,
        { metadata: { name: 'registered' }, spec },
      ],
    ),
  },
  ...expressions.map(expression => policy(expression, { spec: { validations: [{ expression }] } })),
  ...messages.map(validation =>
    policy(`message ${JSON.stringify(validation)}`, { spec: { validations: [validation] } }),
  ),
  policy('several validations', {
    spec: {
      validations: [
        { expression: 'true' },
        { expression: 'false', message: 'one' },
        { expression: 'object.x', message: 'two' },
        { expression: 'false', message: 'three' },
      ],
    },
  }),
  policy('failures ignored', {
    spec: { failurePolicy: 'Ignore', validations: [{ expression: 'object.nonsense == 1' }] },
  }),
  policy('failures warned of', {
    spec: { validations: [{ expression: 'object.nonsense == 1' }, { expression: 'false', message: 'no' }] },
    binding: { validationActions: ['Warn', 'Audit'] },
  }),
  policy(
    'a condition that holds not',
    {
      spec: {
        matchConditions: [{ name: 'a', expression: "request.operation == 'UPDATE'" }],
        validations: [{ expression: 'false' }],
      },
    },
    [create(), patchMap({ data: { a: 'b' } }), remove()],
  ),
  policy('a condition that fails', {
    spec: {
      matchConditions: [
        { name: 'a', expression: 'object.nonsense == 1' },
        { name: 'b', expression: 'object.other == 1' },
      ],
      validations: [{ expression: 'false' }],
    },
  }),
  policy('variables', {
    spec: {
      variables: [
        { name: 'key', expression: 'object.data.key' },
        { name: 'twice', expression: 'variables.key + variables.key' },
        { name: 'broken', expression: 'object.nonsense' },
      ],
      validations: [
        { expression: "variables.twice == 'x'", messageExpression: "'twice is ' + variables.twice" },
        { expression: 'variables.broken == 1' },
      ],
    },
  }),
  policy('a broken variable', {
    spec: {
      variables: [{ name: 'broken', expression: 'object.nonsense' }],
      validations: [{ expression: 'variables.broken == 1' }],
    },
  }),
  policy('audit annotations', {
    spec: {
      auditAnnotations: [
        { key: 'a', valueExpression: "'x'" },
        { key: 'b', valueExpression: 'object.nonsense' },
      ],
    },
  }),
  policy(
    'transitions',
    {
      spec: {
        validations: [
          {
            expression: 'oldObject == null || object == null || object.data.key == oldObject.data.key',
            message: 'key stays',
          },
        ],
      },
    },
    [create(), patchMap({ data: { key: 'other' } }), patchMap({ data: { more: 'x' } }), remove()],
  ),
  policy('a binding elsewhere', {
    spec: { validations: [{ expression: 'false' }] },
    binding: { matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } },
  }),
  policy('a binding here', {
    spec: { validations: [{ expression: 'false' }] },
    binding: {
      matchResources: {
        resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['*'], resources: ['*'] }],
      },
    },
  }),
  policy('excluded', {
    spec: {
      validations: [{ expression: 'false' }],
      matchConstraints: {
        resourceRules: [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] }],
        excludeResourceRules: [
          { operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] },
        ],
      },
    },
  }),
  bound('by name', { name: 'p1', parameterNotFoundAction: 'Deny' }),
  bound('by another name', { name: 'p2', namespace: 'default', parameterNotFoundAction: 'Deny' }),
  bound('that are not there', { name: 'none', parameterNotFoundAction: 'Deny' }),
  bound('that need not be there', { name: 'none', parameterNotFoundAction: 'Allow' }),
  bound('by selector', { selector: { matchLabels: { second: 'yes' } }, parameterNotFoundAction: 'Deny' }),
  bound('not given', undefined),
]
