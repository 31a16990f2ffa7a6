import { json, jsonHeaders, type OracleCase, patch, send, type Track } from './case.ts'
import { opening } from './general-cases.ts'
import { policyDoorCases } from './policy-door-cases.ts'

type Json = Record<string, unknown>

const group = '/apis/admissionregistration.k8s.io/v1beta1'
const maps = '/api/v1/namespaces/oracle/configmaps'
const resources = ['configmaps', 'pods', 'services', 'deployments', 'deployments/scale']
const rules = [{ operations: ['CREATE', 'UPDATE'], apiGroups: ['', 'apps'], apiVersions: ['*'], resources }]
const overlay = (expression: string) => ({
  patchType: 'ApplyConfiguration',
  applyConfiguration: { expression },
})
const patches = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })
const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' }
const paramsNamed = (name: string) => ({
  paramRef: { name, namespace: 'oracle', parameterNotFoundAction: 'Deny' },
})

interface Plan {
  readonly mutations: readonly Json[]
  readonly more?: Json
  readonly binding?: Json
  /** What is created under the policy; else a ConfigMap. */
  readonly on?: 'deployment' | 'pod' | 'service'
}

const one = (...mutations: Json[]): Plan => ({ mutations })
const variables = (...list: [name: string, expression: string][]) => ({
  variables: list.map(([name, expression]) => ({ name, expression })),
})

/** Policies, each for the objects with its label. */
const plans: Readonly<Record<string, Plan>> = {
  label: one(
    overlay(
      'Object{metadata: Object.metadata{labels: {"a":"b"}, annotations: {"n": string(request.userInfo.username != "")}}}',
    ),
  ),
  patch: one(
    patches(
      '[JSONPatch{op: "add", path: "/metadata/labels/"+jsonpatch.escapeKey("x/y"), value: "z"}, JSONPatch{op:"copy", from:"/data/k", path:"/data/copy"}]',
    ),
  ),
  'failed-test': one(
    patches('[JSONPatch{op: "test", path: "/data/k", value: "nope"}, JSONPatch{op:"remove", path:"/data"}]'),
  ),
  'absent-place': one(patches('[JSONPatch{op: "remove", path: "/data/zz"}]')),
  'absent-parent': one(patches('[JSONPatch{op: "replace", path: "/spec/zz/a", value: 1}]')),
  'unknown-operation': one(patches('[JSONPatch{op: "frob", path: "/data/zz"}]')),
  'unknown-field': one(patches('[JSONPatch{op: "add", path: "/spec", value: {"a": 1}}]')),
  'wrong-type': one(patches('[JSONPatch{op: "add", path: "/data/k", value: 1}]')),
  'overlay-unknown-field': one(overlay('Object{spec: Object.spec{a: 1}}')),
  'overlay-wrong-type': one(overlay('Object{data: {"k": 1}}')),
  'overlay-misnamed': one(overlay('Object{metadata: Object.spec{labels: {"a":"b"}}}')),
  'metadata-replaced': one(
    patches('[JSONPatch{op:"add", path:"/metadata", value: Object.metadata{name: "x"}}]'),
  ),
  atomic: {
    ...one(overlay('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"a":"b"}}}}')),
    on: 'deployment',
  },
  // Of two, upstream names either first.
  'atomic-map-pod': { ...one(overlay('Object{spec: Object.spec{nodeSelector: {"a":"b"}}}')), on: 'pod' },
  'atomic-list-pod': {
    ...one(overlay('Object{spec: Object.spec{tolerations: [Object.spec.tolerations{key: "a"}]}}')),
    on: 'pod',
  },
  failing: one(overlay('Object{data: {"k": object.data.nope}}')),
  'failing-ignored': {
    ...one(overlay('Object{data: {"k": object.data.nope}}'), overlay('Object{data: {"second":"yes"}}')),
    more: { failurePolicy: 'Ignore' },
  },
  'unmet-condition': {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    more: { matchConditions: [{ name: 'c', expression: 'object.metadata.name == "other"' }] },
  },
  'failing-condition': {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    more: { matchConditions: [{ name: 'c', expression: 'object.nope.x == "other"' }] },
  },
  variables: {
    ...one(
      overlay('Object{data: {"k": variables.w}}'),
      patches('[JSONPatch{op:"add",path:"/data/again",value: variables.w}]'),
    ),
    more: variables(['v', 'object.data.k + "!"'], ['w', 'variables.v + "?"']),
  },
  'failing-variable': {
    ...one(overlay('Object{data: {"k": variables.v}}')),
    more: variables(['v', 'object.data.nope']),
  },
  params: {
    ...one(overlay('Object{data: {"k": params.data.wanted}}')),
    more: { paramKind },
    binding: paramsNamed('wanted'),
  },
  'absent-params': {
    ...one(overlay('Object{data: {"k": params.data.wanted}}')),
    more: { paramKind },
    binding: paramsNamed('absent'),
  },
  'unknown-params': {
    ...one(overlay('Object{data: {"k": params.data.wanted}}')),
    more: { paramKind: { apiVersion: 'example.com/v1', kind: 'Nope' } },
    binding: paramsNamed('absent'),
  },
  'one-after-another': one(
    patches('[JSONPatch{op:"add",path:"/data/first",value:"1"}]'),
    patches('[JSONPatch{op:"add",path:"/data/second",value: object.data.first}]'),
  ),
  costly: one(overlay('Object{data: {"k": string(lists.range(3000).map(x, lists.range(3000)).size())}}')),
  authorized: one(
    overlay('Object{data: {"k": string(authorizer.group("").resource("pods").check("get").allowed())}}'),
  ),
  containers: {
    ...one(
      overlay(
        'Object{spec: Object.spec{containers: [Object.spec.containers{name: "c", env: [Object.spec.containers.env{name: "A", value: "1"}]}], initContainers: [Object.spec.initContainers{name:"i", image:"i:1"}]}}',
      ),
    ),
    on: 'pod',
  },
  ports: {
    ...one(overlay('Object{spec: Object.spec{ports: [Object.spec.ports{port: 80, name: "web"}]}}')),
    on: 'service',
  },
  'optional-field': one(overlay('Object{?metadata: optional.none(), data: {"x":"1"}}')),
  'keys-of-numbers': one(overlay('Object{data: {1: "a"}}')),
  times: one(
    patches(
      '[JSONPatch{op:"add",path:"/data/d",value: duration("1h")},JSONPatch{op:"add",path:"/data/t",value: timestamp("2020-01-01T00:00:00Z")}]',
    ),
  ),
  bytes: one(patches('[JSONPatch{op:"add",path:"/data/d",value: b"abc"}]')),
  number: {
    ...one(patches('[JSONPatch{op:"add",path:"/spec/replicas",value: 3}]')),
    on: 'deployment',
  },
  quantity: one(patches('[JSONPatch{op:"add",path:"/data/q",value: quantity("1Gi")}]')),
  null: one(patches('[JSONPatch{op:"add",path:"/data",value: null}]')),
  'escaped-key': one(
    patches(
      '[JSONPatch{op: "add", path: "/data/" + jsonpatch.escapeKey("a~b"), value: jsonpatch.escapeKey("~/~1")}]',
    ),
  ),
  'test-passes': one(
    patches(
      '[JSONPatch{op: "test", path: "/data/k", value: "v"}, JSONPatch{op:"move", from:"/data/k", path:"/data/moved"}]',
    ),
  ),
  'no-patches': one(patches('[]')),
  'conditional-patches': one(patches('has(object.data.nope) ? [JSONPatch{op:"remove",path:"/data/k"}] : []')),
  'patch-container': {
    ...one(
      patches(
        '[JSONPatch{op:"add", path:"/spec/containers/-", value: Object.spec.containers{name:"added", image:"x", ports: [Object.spec.containers.ports{containerPort: 80}]}}, JSONPatch{op:"add", path:"/spec/nodeSelector", value: {"a":"b"}}]',
      ),
    ),
    on: 'pod',
  },
  'patch-number-as-text': {
    ...one(patches('[JSONPatch{op:"add",path:"/spec/replicas",value: "3"}]')),
    on: 'deployment',
  },
  'patch-fraction': {
    ...one(patches('[JSONPatch{op:"add",path:"/spec/replicas",value: 1.5}]')),
    on: 'deployment',
  },
  'overlay-number-as-text': { ...one(overlay('Object{spec: Object.spec{replicas: "3"}}')), on: 'deployment' },
  'overlay-fraction': { ...one(overlay('Object{spec: Object.spec{replicas: 1.5}}')), on: 'deployment' },
  'overlay-template': {
    ...one(
      overlay(
        'Object{spec: Object.spec{replicas: 4, template: Object.spec.template{metadata: Object.spec.template.metadata{annotations: {"x":"y"}}}}}',
      ),
    ),
    on: 'deployment',
  },
  'atomic-ports-list': {
    ...one(overlay('Object{spec: Object.spec{loadBalancerSourceRanges: ["1.2.3.0/24"]}}')),
    on: 'service',
  },
  'empty-overlay': one(overlay('Object{}')),
  'no-overlay': one(overlay('null')),
  'overlay-of-a-map': one(overlay('{"data": {"k": "x"}}')),
  'overlay-by-name': one(overlay('Object{metadata: Object.metadata{name: "other", namespace: "else"}}')),
  'overlay-finalizers': one(overlay('Object{metadata: Object.metadata{finalizers: ["a.b/c"]}}')),
  'overlay-owners': one(
    overlay(
      'Object{metadata: Object.metadata{ownerReferences: [Object.metadata.ownerReferences{apiVersion: "v1", kind: "Pod", name: "p", uid: "u"}]}}',
    ),
  ),
  'overlay-status': { ...one(overlay('Object{status: Object.status{phase: "Running"}}')), on: 'pod' },
  'patched-status': {
    ...one(patches('[JSONPatch{op:"add",path:"/status/phase",value:"Running"}]')),
    on: 'pod',
  },
  'patched-labels': one(patches('[JSONPatch{op:"remove",path:"/metadata/labels/under"}]')),
  'patched-generate-name': one(patches('[JSONPatch{op:"add",path:"/metadata/generateName",value:"g-"}]')),
  'patched-uid': one(
    patches(
      '[JSONPatch{op:"add",path:"/metadata/uid",value:"u"},JSONPatch{op:"add",path:"/metadata/resourceVersion",value:"1"}]',
    ),
  ),
  'patched-whole': one(patches('[JSONPatch{op:"replace",path:"",value: object}]')),
  'patch-then-overlay': one(
    patches('[JSONPatch{op:"add",path:"/data/first",value:"1"}]'),
    overlay('Object{data: {"second": object.data.first + "2"}}'),
  ),
  'params-selected': {
    ...one(overlay('Object{data: {params.metadata.name: params.data.wanted}}')),
    more: { paramKind },
    binding: {
      paramRef: {
        selector: { matchLabels: { chosen: 'yes' } },
        namespace: 'oracle',
        parameterNotFoundAction: 'Deny',
      },
    },
  },
  'params-none-selected': {
    ...one(overlay('Object{data: {"k": params.data.wanted}}')),
    more: { paramKind },
    binding: {
      paramRef: {
        selector: { matchLabels: { chosen: 'no' } },
        namespace: 'oracle',
        parameterNotFoundAction: 'Deny',
      },
    },
  },
  'params-allowed-absent': {
    ...one(overlay('Object{data: {"k": params == null ? "none" : params.data.wanted}}')),
    more: { paramKind },
    binding: { paramRef: { name: 'absent', namespace: 'oracle', parameterNotFoundAction: 'Allow' } },
  },
  'params-unbound': {
    ...one(overlay('Object{data: {"k": params == null ? "none" : "some"}}')),
    more: { paramKind },
  },
  'bound-elsewhere': {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    binding: { matchResources: { namespaceSelector: { matchLabels: { nobody: 'has' } } } },
  },
  'bound-to-others': {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    binding: { matchResources: { objectSelector: { matchLabels: { nobody: 'has' } } } },
  },
  excluded: {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    binding: { matchResources: { excludeResourceRules: rules } },
  },
  'namespace-and-request': one(
    overlay(
      'Object{data: {"n": namespaceObject.metadata.name, "o": request.operation, "d": string(request.dryRun), "old": string(oldObject == null)}}',
    ),
  ),
  'failing-ignored-patch': {
    ...one(patches('[JSONPatch{op:"remove",path:"/data/zz"}]')),
    more: { failurePolicy: 'Ignore' },
  },
  'condition-ignored': {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    more: {
      failurePolicy: 'Ignore',
      matchConditions: [{ name: 'c', expression: 'object.nope.x == "other"' }],
    },
  },
  'costly-condition': {
    ...one(overlay('Object{data: {"k": "changed"}}')),
    more: {
      matchConditions: [
        { name: 'c', expression: 'lists.range(3000).all(x, lists.range(3000).all(y, x + y >= 0))' },
      ],
    },
  },
  'costly-variable': {
    ...one(overlay('Object{data: {"k": string(variables.v)}}')),
    more: variables(['v', 'lists.range(3000).map(x, lists.range(3000)).size()']),
  },
  renamed: one(patches('[JSONPatch{op:"replace",path:"/metadata/name",value: "renamed"}]')),
}

const policy = (name: string, { mutations, more, binding }: Plan): OracleCase[] => [
  send('POST', `mutating: policy ${name}`, `${group}/mutatingadmissionpolicies`, {
    metadata: { name },
    spec: {
      matchConstraints: { resourceRules: rules, objectSelector: { matchLabels: { under: name } } },
      ...{ reinvocationPolicy: 'Never', mutations, ...more },
    },
  }),
  send('POST', `mutating: binding ${name}`, `${group}/mutatingadmissionpolicybindings`, {
    metadata: { name },
    spec: { policyName: name, ...binding },
  }),
]

const container = { name: 'c', image: 'i', env: [{ name: 'B', value: '2' }] }
const labels = { a: 'b' }
const subjects = {
  map: [maps, { data: { k: 'v' } }],
  pod: ['/api/v1/namespaces/oracle/pods', { spec: { containers: [container] } }],
  service: ['/api/v1/namespaces/oracle/services', { spec: { clusterIP: 'None', ports: [{ port: 80 }] } }],
  deployment: [
    '/apis/apps/v1/namespaces/oracle/deployments',
    {
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
  ],
} as const

const under = (name: string) => ({ metadata: { name, labels: { under: name } } })
const tried = (name: string, { on = 'map' as const }: { on?: keyof typeof subjects }): OracleCase => {
  const [collection, object] = subjects[on]
  return send('POST', `mutating: ${name}`, `${collection}?dryRun=All`, { ...under(name), ...object })
}
const labelled = { ...under('label'), data: { k: 'v' } }

/** MutatingAdmissionPolicies and what becomes of objects under them. */
const cases: readonly OracleCase[] = [
  send('POST', 'mutating: params', maps, {
    metadata: { name: 'wanted', labels: { chosen: 'yes' } },
    data: { wanted: 'from params' },
  }),
  send('POST', 'mutating: more params', maps, {
    metadata: { name: 'wished', labels: { chosen: 'yes' } },
    data: { wanted: 'from others' },
  }),
  ...Object.entries(plans).flatMap(([name, plan]) => policy(name, plan)),
  ...policy('marker', one(overlay('Object{data: {"k": object.data.nope}}'))),
  // They take a moment until they count, and so do their params.
  { ...tried('marker', {}), until: 403 },
  { ...tried('params', {}), until: 201 },
  ...Object.entries(plans).map(([name, plan]) => tried(name, plan)),
  send('POST', 'mutating: create', maps, labelled),
  send('PUT', 'mutating: update', `${maps}/label`, labelled),
  {
    name: 'mutating: merge patch',
    method: 'PATCH',
    path: `${maps}/label`,
    headers: { ...jsonHeaders, 'content-type': 'application/merge-patch+json' },
    body: json({ metadata: { labels: { a: null } } }),
  },
  patch('mutating: strategic patch', `${maps}/label`, 'strategic', { data: { k: 'w' } }),
  patch('mutating: json patch', `${maps}/label`, 'json', [{ op: 'remove', path: '/metadata/labels/a' }]),
  patch('mutating: apply', `${maps}/label?fieldManager=me`, 'apply', {
    ...{
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'label', labels: { a: 'mine' } },
      data: { k: 'mine' },
    },
  }),
  patch('mutating: apply by force', `${maps}/label?fieldManager=me&force=true`, 'apply', {
    ...{
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'label', labels: { a: 'mine' } },
      data: { k: 'mine' },
    },
  }),
  patch('mutating: apply anew', `${maps}/applied?fieldManager=me`, 'apply', {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { k: 'mine' } },
    metadata: { name: 'applied', labels: { under: 'label' } },
  }),
  patch('mutating: apply the same', `${maps}/applied?fieldManager=me`, 'apply', {
    ...{ apiVersion: 'v1', kind: 'ConfigMap', data: { k: 'mine' } },
    metadata: { name: 'applied', labels: { under: 'label' } },
  }),
  { name: 'mutating: delete', method: 'DELETE', path: `${maps}/label` },
]

export function mutatingTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'mutating', cases },
    { name: 'doors', cases: policyDoorCases },
  ]
}
