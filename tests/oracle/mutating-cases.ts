import { json, jsonHeaders, type OracleCase, send, type Track } from './case.ts'
import { opening } from './general-cases.ts'

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
  send('POST', 'mutating: params', maps, { metadata: { name: 'wanted' }, data: { wanted: 'from params' } }),
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
  { name: 'mutating: delete', method: 'DELETE', path: `${maps}/label` },
]

export function mutatingTracks(): Track[] {
  return [
    { name: 'opening', cases: opening },
    { name: 'mutating', cases },
  ]
}
