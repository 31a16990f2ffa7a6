/** Bodies of odd shapes, and what they set going: free JSON, lists of thousands, large schemas, costly policies, crowds of watchers. */
import type { HostileCase } from './hostile-case.ts'

const json = 'application/json'
const bodyBytes = 3_000_000
const storedBytes = 1_000_000
const shapes = '/apis/shapes.example.com/v1/namespaces/default/shapes'
const maps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const many = '/api/v1/namespaces/many/configmaps'
const policies = '/apis/admissionregistration.k8s.io/v1'

/** Another name with each request. */
let names = 0
const nextName = () => `shape-${process.pid}-${names++}`

function sized(piece: string, bytes: number): string {
  return Array.from({ length: Math.floor(bytes / (piece.length + 1)) }, () => piece).join(',')
}

const shape = (spec: string) =>
  `{"apiVersion":"shapes.example.com/v1","kind":"Shape","metadata":{"name":"${nextName()}"},"spec":${spec}}`
const pod = (containers: string) =>
  `{"metadata":{"name":"${nextName()}"},"spec":{"containers":[${containers}]}}`
const map = (data: string, namespace = 'default') =>
  `{"metadata":{"name":"${nextName()}","namespace":"${namespace}"},"data":${data}}`

type Asked = ReturnType<HostileCase['request']>

const post = (path: string, body: () => string, type = json) => ({
  request: (): Asked => ({
    method: 'POST',
    path: `${path}?dryRun=All`,
    headers: { 'content-type': type, accept: json },
    body: body(),
  }),
})
const keep = (path: string, body: () => string) => ({
  request: (): Asked => ({
    method: 'POST',
    path,
    headers: { 'content-type': json, accept: json },
    body: body(),
  }),
})
const patch = (path: string, type: string, body: (round: number) => string) => ({
  request: (round: number): Asked => ({
    method: 'PATCH',
    path: `${path}?fieldManager=loop${type.includes('apply') ? '&force=true' : ''}`,
    headers: { 'content-type': type, accept: json },
    body: body(round),
  }),
})
const get = (path: string, accept = json, encoding = 'identity') => ({
  request: (): Asked => ({ method: 'GET', path, headers: { accept, 'accept-encoding': encoding } }),
})

const properties = (count: number, at: number): object =>
  Object.fromEntries(
    Array.from({ length: count }, (_, field) => [
      `field${at}x${field}`,
      {
        type: 'string',
        description: 'what this field is about, in a sentence of the usual length',
        maxLength: 100,
      },
    ]),
  )

function definition(group: string, spec: object): string {
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
  }
  const kind = group[0]!.toUpperCase() + group.slice(1, -1)
  return JSON.stringify({
    metadata: { name: `${group}.${group}.example.com` },
    spec: {
      group: `${group}.example.com`,
      scope: 'Namespaced',
      names: { plural: group, kind },
      versions: [version],
    },
  })
}

/** A megabyte of fields. */
const wide = () => {
  const fields = Array.from({ length: 80 }, (_, at) => [
    `part${at}`,
    { type: 'object', properties: properties(100, at) },
  ])
  const group = `wides${process.pid}n${names++}s`
  return definition(group, { type: 'object', properties: Object.fromEntries(fields) })
}

const long = 'x'.repeat(900_000)
const policed = (expression: string, name: string): readonly (readonly [string, object])[] => [
  [
    `${policies}/validatingadmissionpolicies`,
    {
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } },
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] },
          ],
        },
        validations: [{ expression }],
      },
    },
  ],
  [
    `${policies}/validatingadmissionpolicybindings`,
    { metadata: { name }, spec: { policyName: name, validationActions: ['Deny'] } },
  ],
]

const expressions = {
  matches: "object.data.text.matches('(x+x+)+y')",
  replace: "object.data.text.replace('x', 'yy').size() > 0",
  split: "object.data.text.split('x').size() > 0",
  nested: "object.data.text.split('', 400).all(a, object.data.text.split('', 400).all(b, a == b || a != b))",
  find: "object.data.text.findAll('x.').size() > 0",
  sorted: "object.data.text.split('').map(c, c + 'y').isSorted()",
  upper: 'object.data.text.upperAscii().lowerAscii().size() > 0',
}

/** Objects that the cases are about, by the path that they are created at. */
export const shapesPrepared: readonly (readonly [path: string, object: object])[] = [
  [
    definitions,
    JSON.parse(definition('shapes', { type: 'object', 'x-kubernetes-preserve-unknown-fields': true })),
  ],
  [maps, { metadata: { name: 'watched' }, data: { text: long } }],
  [
    '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
    {
      metadata: { name: 'wide' },
      rules: Array.from({ length: 10_000 }, (_, at) => ({
        apiGroups: [''],
        resources: [`r${at}`],
        verbs: ['get'],
      })),
    },
  ],
  [
    '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings',
    {
      metadata: { name: 'wide' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'wide' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:masters' }],
    },
  ],
  ...Object.entries(expressions).flatMap(([name, expression]) => [
    ['/api/v1/namespaces', { metadata: { name: `policed-${name}` } }] as const,
    ...policed(expression, `policed-${name}`),
  ]),
]

const sentence = '{"name":"a name","value":"some text of the usual length","ready":true,"count":3}'
const requirements = (count: number) => Array.from({ length: count }, (_, at) => `k${at}!=v`).join(',')
const patchedMap = JSON.stringify({
  data: Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`k${at}`, 'some value'])),
})

/** Every request of an odd shape by its name. */
export function shapeCases(): readonly HostileCase[] {
  const cases: Readonly<Record<string, Omit<HostileCase, 'name'>>> = {
    'free maps 3 MB': post(shapes, () => shape(`{"items":[${sized(sentence, bodyBytes)}]}`)),
    'free maps 1 MB kept': keep(shapes, () => shape(`{"items":[${sized(sentence, storedBytes)}]}`)),
    'free empty lists 3 MB': post(shapes, () => shape(`{"items":[${sized('[]', bodyBytes)}]}`)),
    'free numbers 3 MB': post(shapes, () => shape(`{"items":[${sized('1.0', bodyBytes)}]}`)),
    'free members 3 MB': post(shapes, () =>
      shape(`{${Array.from({ length: 150_000 }, (_, at) => `"k${at}":{"a":1}`).join(',')}}`),
    ),
    'broken at its end 3 MB': post(shapes, () => shape(`{"items":[${sized(sentence, bodyBytes)}]]`)),
    'unknown fields 3 MB': post(maps, () => `{"metadata":{"name":"a"},"x":[${sized(sentence, bodyBytes)}]}`),
    'pod of 1,000 containers': post(pods, () =>
      pod(
        Array.from(
          { length: 1_000 },
          (_, at) => `{"name":"c${at}","image":"i","env":[{"name":"A","value":"b"}]}`,
        ).join(','),
      ),
    ),
    'pod of 10,000 variables': post(pods, () =>
      pod(
        `{"name":"c","image":"i","env":[${Array.from({ length: 10_000 }, (_, at) => `{"name":"A${at}","value":"b"}`).join(',')}]}`,
      ),
    ),
    'pod of nothing 3 MB': post(pods, () => pod(sized('{}', bodyBytes))),
    'labels 3 MB': post(
      maps,
      () =>
        `{"metadata":{"name":"a","labels":{${Array.from({ length: 100_000 }, (_, at) => `"label-number-${at}":"v"`).join(',')}}}}`,
    ),
    'yaml 1 MB of maps': post(
      shapes,
      () =>
        `${shape('{}')
          .slice(0, -3)
          .replace(/[{]"apiV/, '{"apiV')}{"items":[${sized(sentence, storedBytes)}]}}`,
      'application/yaml',
    ),
    'merge patch 1 MB': patch(`${maps}/base`, 'application/merge-patch+json', () => patchedMap),
    'apply of free maps 1 MB': patch(`${shapes}/applied`, 'application/apply-patch+yaml', round =>
      shape(`{"round":${round},"items":[${sized(sentence, storedBytes)}]}`).replace(
        /"name":"shape-[0-9-]*"/,
        '"name":"applied"',
      ),
    ),
    'definition 1 MB': keep(definitions, wide),
    'openapi v2': get('/openapi/v2'),
    'openapi v2 protobuf': get('/openapi/v2', 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'),
    'openapi v3 of a group': get('/openapi/v3/api/v1'),
    'selector of 3,000 requirements': get(`${many}?labelSelector=${encodeURIComponent(requirements(1_000))}`),
    'watched 1 MB by 50': {
      ...patch(`${maps}/watched`, 'application/merge-patch+json', round =>
        JSON.stringify({ metadata: { labels: { round: `r${round}x${process.pid}` } } }),
      ),
      watched: { path: `${maps}?watch=true&resourceVersion=0`, times: 50 },
    },
    'watch list by 50 at once': {
      ...get(
        `${many}?watch=true&timeoutSeconds=6&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
      ),
      times: 50,
    },
    '16 bodies of 3 MB at once': {
      ...post(maps, () => map(`{"text":"${'x'.repeat(bodyBytes - 200)}"}`)),
      times: 16,
    },
    'list of large ones': get(maps),
    'list of large ones gzip': get(maps, json, 'gzip'),
    'list of large ones yaml': get(maps, 'application/yaml'),
    'secret 1 MB': keep('/api/v1/namespaces/default/secrets', () =>
      map(`{"text":"${Buffer.from(long).toString('base64')}"}`),
    ),
    'rules of 10,000': post(
      '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews',
      () => '{"spec":{"namespace":"default"}}',
    ),
  }
  for (const name of Object.keys(expressions)) {
    const namespace = `policed-${name}`
    Object.assign(cases, {
      [`policy ${name}`]: post(`/api/v1/namespaces/${namespace}/configmaps`, () =>
        map(`{"text":"${long}"}`, namespace),
      ),
    })
  }
  return Object.entries(cases).map(([name, each]) => ({ name: `shape ${name}`, ...each }))
}
