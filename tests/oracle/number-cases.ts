import { type OracleCase, patch, type patchTypes, send } from './case.ts'

const space = '/api/v1/namespaces/oracle'
const pod = `${space}/pods/numbers`
const deployment = '/apis/apps/v1/namespaces/oracle/deployments/numbers'
const template = { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } }
const dry = '?dryRun=All&fieldManager=numbers&force=true'
type Language = keyof typeof patchTypes

/** Numbers as they may be spelled; a text is sent as it is here. */
const spellings = [
  '60.0',
  '6e1',
  '6E+1',
  '0.6e2',
  '60.5',
  '-0',
  '60',
  '1e400',
  '9223372036854775807',
  '9223372036854775808',
]
const options = (language: Language) => (language === 'apply' ? dry : '?dryRun=All')

function spelled(number: string): OracleCase[] {
  const bodies = (kind: string, apiVersion: string, field: string): [Language, string][] => [
    ['merge', `{"spec":{"${field}":${number}}}`],
    ['strategic', `{"spec":{"${field}":${number}}}`],
    ['json', `[{"op":"add","path":"/spec/${field}","value":${number}}]`],
    [
      'apply',
      `{"apiVersion":"${apiVersion}","kind":"${kind}","metadata":{"name":"numbers"},"spec":{"${field}":${number}}}`,
    ],
  ]
  const ask = (what: string, path: string, of: [Language, string][]) =>
    of
      // No YAML reads it alike.
      .filter(([language]) => language !== 'apply' || number !== '1e400')
      .map(([language, body]) =>
        patch(`number: ${number} as ${what}, ${language}`, path + options(language), language, body),
      )
  return [
    ...ask('seconds', pod, bodies('Pod', 'v1', 'activeDeadlineSeconds')),
    ...ask('replicas', deployment, bodies('Deployment', 'apps/v1', 'replicas')),
    ...ask('a scale', `${deployment}/scale`, bodies('Scale', 'autoscaling/v1', 'replicas')),
    patch(`number: ${number} in an unknown field`, `${pod}?dryRun=All`, 'merge', `{"zz":{"a":${number}}}`),
    patch(
      `number: ${number} in an unknown field, strict`,
      `${pod}?dryRun=All&fieldValidation=Strict`,
      'merge',
      `{"zz":{"a":${number}}}`,
    ),
    patch(
      `number: ${number} copied`,
      `${pod}?dryRun=All`,
      'json',
      `[{"op":"add","path":"/spec/activeDeadlineSeconds","value":${number}},{"op":"copy","from":"/spec/activeDeadlineSeconds","path":"/spec/priority"}]`,
    ),
    patch(
      `number: ${number} tested`,
      `${pod}?dryRun=All`,
      'json',
      `[{"op":"add","path":"/spec/x","value":{"a":${number}}},{"op":"test","path":"/spec/x","value":{"a":${number}}},{"op":"test","path":"/spec/x/a","value":60}]`,
    ),
  ]
}

const map = `${space}/configmaps/numbers`
const revisions = ['x', '-1', '1.5', '18446744073709551616', '0x1', ' 1', '1 ', '01', '', '99999999999']

function revised(resourceVersion: string): OracleCase[] {
  const named = { metadata: { name: 'numbers', resourceVersion } }
  const title = `revision: ${JSON.stringify(resourceVersion)}`
  return [
    send('PUT', `${title} replaced`, `${map}?dryRun=All`, named),
    patch(`${title} merged`, `${map}?dryRun=All`, 'merge', named),
    patch(`${title} applied`, map + dry, 'apply', { apiVersion: 'v1', kind: 'ConfigMap', ...named }),
    send('POST', `${title} created`, `${space}/configmaps?dryRun=All`, {
      metadata: { name: 'other', resourceVersion },
    }),
    send(
      'PUT',
      `${title} created by a PUT`,
      '/apis/coordination.k8s.io/v1/namespaces/oracle/leases/other?dryRun=All',
      {
        metadata: { name: 'other', resourceVersion },
      },
    ),
  ]
}

/** What may be wrong with a scale, by the member that says it. */
const scales: readonly object[] = [
  ...['x', '5', true, null, 1.5, -1, 3000000000].map(replicas => ({ spec: { replicas } })),
  ...[[], null, { zz: 1 }].map(spec => ({ spec })),
  { zz: 1 },
  { status: { replicas: 9, selector: 'x' } },
  { status: { replicas: 'x' } },
  ...['x', null, { name: 'other' }, { name: null }, { namespace: 'other' }, { uid: 'x' }].map(metadata => ({
    metadata,
  })),
  ...[{ labels: { a: 'b' } }, { resourceVersion: 'x' }, { creationTimestamp: 'x' }].map(metadata => ({
    metadata,
  })),
  { kind: 'Deployment' },
  { kind: 'Zz' },
  { apiVersion: 'apps/v1' },
]

function scaled(body: object): OracleCase[] {
  const title = `scale: ${JSON.stringify(body)}`
  const path = `${deployment}/scale`
  const metadata = { name: 'numbers', namespace: 'oracle' }
  const operations = Object.entries(body).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }))
  return [
    patch(`${title} merged`, `${path}?dryRun=All`, 'merge', body),
    patch(`${title} merged, strict`, `${path}?dryRun=All&fieldValidation=Strict`, 'merge', body),
    patch(`${title} merged, unseen`, `${path}?dryRun=All&fieldValidation=Ignore`, 'merge', body),
    patch(`${title} in a strategic way`, `${path}?dryRun=All`, 'strategic', body),
    patch(`${title} by operations`, `${path}?dryRun=All`, 'json', operations),
    send('PUT', `${title} replaced`, `${path}?dryRun=All`, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata,
      ...body,
    }),
  ]
}

/** Numbers as each language of patches spells them, revisions that are none, scales that are odd. */
export const numberCases: readonly OracleCase[] = [
  send('POST', 'number: a pod', `${space}/pods`, { metadata: { name: 'numbers' }, spec: template.spec }),
  send('POST', 'number: a deployment', '/apis/apps/v1/namespaces/oracle/deployments', {
    metadata: { name: 'numbers' },
    spec: { replicas: 1, selector: { matchLabels: { a: 'b' } }, template },
  }),
  send('POST', 'number: a map', `${space}/configmaps`, { metadata: { name: 'numbers' } }),
  ...spellings.flatMap(spelled),
  ...revisions.flatMap(revised),
  ...scales.flatMap(scaled),
  patch('name: another namespace alone', map, 'json', [
    { op: 'replace', path: '/metadata', value: { namespace: 'other' } },
  ]),
  patch('name: another namespace and name', map, 'json', [
    { op: 'replace', path: '/metadata', value: { name: 'b', namespace: 'other' } },
  ]),
]
