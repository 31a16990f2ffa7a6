import { get, type OracleCase, patch, send } from './case.ts'

const maps = '/api/v1/namespaces/oracle/configmaps'
const mebibyte = 1 << 20

const map = (more: object = {}, metadata: object = {}) => ({
  metadata: { name: 'bound', ...metadata },
  ...more,
})
const post = (title: string, body: unknown) => send('POST', `bound: ${title}`, `${maps}?dryRun=All`, body)
const headed = (title: string, count: number, length: number): OracleCase => ({
  ...get(`bound: ${title}`, '/api/v1/persistentvolumes'),
  headers: Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-bound-${i}`, 'h'.repeat(length)])),
})
const asked = (title: string, path: string, method = 'GET'): OracleCase => ({
  name: `bound: ${title}`,
  method,
  path,
})

/** What nests: texts of so many objects in each other, and lists. */
const nested = (open: string, close: string, depth: number) => `${open.repeat(depth)}1${close.repeat(depth)}`
const inMap = (member: string) => `{"metadata":{"name":"bound"},${member}}`
/** Each line stands for ten times the one before. */
const bomb = [
  'a: &a [x,x,x,x,x,x,x,x,x,x]',
  ...['b', 'c', 'd', 'e', 'f', 'g'].map((name, i) => {
    const before = `*${'abcdef'[i]}`
    return `${name}: &${name} [${Array.from({ length: 10 }, () => before).join(',')}]`
  }),
].join('\n')

const operations = (count: number) =>
  Array.from({ length: count }, () => ({ op: 'test', path: '/metadata/name', value: 'bound' }))

const timeouts = ['abc', '100h', '-1s', '0', '', '1', '5s5', '1.5m', '10m']
const methods = ['OPTIONS', 'PUT', 'HEAD', 'PATCH', 'DELETE', 'POST', 'FLY']

/** How large, deep, long and slow a request may be, and which paths and methods are none. */
export const boundaryCases: readonly OracleCase[] = [
  post('a body of more than 3 MiB', map({ data: { a: 'a'.repeat(3 * mebibyte) } })),
  post('data of more than 1 MiB', map({ data: { a: 'a'.repeat(mebibyte), b: 'b' } })),
  post(
    'data of 1 MiB in two encodings',
    map({ data: { a: 'a'.repeat(mebibyte - 100) }, binaryData: { b: 'AAAA'.repeat(40) } }),
  ),
  post('annotations of more than 256 KiB', map({}, { annotations: { a: 'a'.repeat(mebibyte / 4) } })),
  post('a name of 254 letters', map({}, { name: 'n'.repeat(254) })),
  post('a key of 254 letters', map({ data: { ['k'.repeat(254)]: 'v' } })),
  post(
    '150 unknown fields',
    Object.assign(map(), Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`u${i}`, 1]))),
  ),
  post('100,000 lists', '['.repeat(100_000)),
  post('10,001 objects in each other', inMap(`"x":${nested('{"a":', '}', 10_001)}`)),
  post('10,001 lists in each other', inMap(`"x":${nested('[', ']', 10_001)}`)),
  {
    ...post('YAML that grows', `metadata: {name: bound}\n${bomb}\n`),
    headers: { 'content-type': 'application/yaml' },
  },
  send('POST', 'bound: make', maps, map()),
  patch('bound: 10,000 operations', `${maps}/bound?dryRun=All`, 'json', operations(10_000)),
  patch('bound: 10,001 operations', `${maps}/bound?dryRun=All`, 'json', operations(10_001)),
  patch('bound: a merge of more than 3 MiB', `${maps}/bound?dryRun=All`, 'merge', {
    data: { a: 'a'.repeat(3 * mebibyte) },
  }),
  patch('bound: an apply of more than 1 MiB', `${maps}/bound?dryRun=All&fieldManager=m`, 'apply', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...map({ data: { a: 'a'.repeat(mebibyte + 1) } }),
  }),
  patch(
    'bound: a manager of 129 letters',
    `${maps}/bound?dryRun=All&fieldManager=${'m'.repeat(129)}`,
    'merge',
    {},
  ),
  patch('bound: a manager that cannot be printed', `${maps}/bound?dryRun=All&fieldManager=%07`, 'merge', {}),
  headed('a header of 60,000 letters', 1, 60_000),
  headed('120 headers of 7,000 letters', 120, 7_000),
  get('bound: a selector of 30,000 letters', `/api/v1/persistentvolumes?labelSelector=${'a'.repeat(30_000)}`),
  get(
    'bound: a selector of 1,000 labels',
    `/api/v1/persistentvolumes?labelSelector=${Array.from({ length: 1000 }, (_, i) => `l${i}`).join(',')}`,
  ),
  get('bound: a limit below zero', `${maps}?limit=-1`),
  get('bound: a limit beyond 64 bits', `${maps}?limit=9223372036854775808`),
  ...timeouts.map(timeout =>
    asked(`a time of ${timeout || 'nothing'}`, `/api/v1/persistentvolumes?timeout=${timeout}`),
  ),
  ...['abc', '1.5', '1s', '99999999999999999999'].map(seconds =>
    asked(`a watch for ${seconds} seconds`, `${maps}?watch=1&timeoutSeconds=${seconds}`),
  ),
  ...methods.flatMap(method =>
    ['/api/v1/persistentvolumes', '/healthz'].map(path => asked(`${method} ${path}`, path, method)),
  ),
  asked('a path with a slash behind', '/api/v1/persistentvolumes/'),
  asked('a name with a slash', '/api/v1/namespaces/default/pods/a%2Fb'),
  asked('a name with a zero byte', '/api/v1/namespaces/default/pods/a%00b'),
  asked('a name with a percent sign', '/api/v1/namespaces/default/pods/a%25b'),
  asked('a path that says too much', '/api/v1/namespaces/default/pods/a/b/c/d'),
  asked('a group without a version', '/apis/apps/deployments'),
  { name: 'bound: remove', method: 'DELETE', path: `${maps}/bound` },
]
