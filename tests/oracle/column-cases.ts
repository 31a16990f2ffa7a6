import { get, type OracleCase, send } from './case.ts'

const group = 'columns.example.org'
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

const paths = [
  ...['.spec.text', '.spec.list[-1:]', '.spec.list[-1]', '.spec.list[1]', '.spec.list[9]', '.spec.list[0:2]'],
  ...['.spec.list[::2]', '.spec.list[]', '.spec.list[0,1]', '.spec.list[*].k', '.spec.list[1:0]'],
  ...[
    '.spec.list[?(@.v>1)].k',
    '.spec.list[?(@.v>=2)].k',
    '.spec.list[?(@.v<2)].k',
    '.spec.list[?(@.v!=1)].k',
  ],
  ...['.spec.list[?(@.k=="b")].v', ".spec.list[?(@.k=='b')].v", '.spec.list[?(@.v=="2")].k'],
  ...[
    '.spec.list[?(@.x)].k',
    '.spec.list[?(@.f>1.2)].k',
    '.spec.list[?(@.f>1)].k',
    '.spec.list[?(@.b==true)].k',
  ],
  ...['.spec.list[?(@.n.m=="q")].k', '.spec.list[?(@.k==@.j)].v', '.spec.map.*', '.spec.map', '.spec.list'],
  ...['.spec.fraction', '.spec.tiny', '.spec.flag', '.spec.nothing', '.spec.html', '..k', ".spec['a.b']"],
  ...[".spec['a\\.b']", '.spec.a\\.b', '.spec.text[0]', '.spec.text.x', '.spec.list.k', '.spec.empty'],
  ...['.spec.dates', '.spec.date', '.spec.zero', '.spec.blank', '.spec.future', '.metadata.name'],
]
const broken = ['.spec.list[?(@.k', '.spec.list[x]', '.spec.list[(@.length-1)]']

const spec = {
  text: 't',
  list: [
    { k: 'a', v: 1, f: 1.5, b: true, j: 'a', n: { m: 'q' } },
    { k: 'b', v: 2, f: 0.5, b: false, x: null },
    { k: 'c', v: 3 },
  ],
  map: { z: 1 },
  fraction: 1.5,
  tiny: 0.00001,
  flag: true,
  nothing: null,
  html: { a: '<b>&"', z: 1, c: [1, 2] },
  'a.b': 'dotted',
  a: { b: 'plain' },
  empty: [],
  date: '2020-01-01T00:00:00Z',
  dates: '2020-01-01',
  zero: '0001-01-01T00:00:00Z',
  blank: '',
  future: '2999-01-01T00:00:00Z',
}

function shown(plural: string, columns: readonly (readonly [path: string, type: string])[]): OracleCase[] {
  const kind = plural.toUpperCase()
  const collection = `/apis/${group}/v1/namespaces/oracle/${plural}`
  const additionalPrinterColumns = columns.map(([jsonPath, type], i) => ({ name: `c${i}`, type, jsonPath }))
  const openAPIV3Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }
  const object = { apiVersion: `${group}/v1`, kind, metadata: { name: 'x' }, spec }
  return [
    send('POST', `columns: define ${plural}`, definitions, {
      metadata: { name: `${plural}.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural, kind },
        versions: [{ ...version, additionalPrinterColumns }],
      },
    }),
    { ...get(`columns: ${plural} are served`, `/apis/${group}/v1/${plural}`), until: 200 },
    send('POST', `columns: one of ${plural}`, collection, object),
    get(`columns: table of ${plural}`, `${collection}/x`, table),
  ]
}

/** What columns of custom kinds show, whatever their paths and types. */
export const columnCases: readonly OracleCase[] = [
  ...['string', 'integer', 'number', 'boolean', 'date'].flatMap(type =>
    shown(
      `${type}s`,
      paths.map(path => [path, type]),
    ),
  ),
  ...broken.flatMap((path, i) =>
    shown(`broken${i}s`, [
      ['.spec.text', 'string'],
      [path, 'string'],
      ['.spec.flag', 'boolean'],
    ]),
  ),
]
