import { expect, test } from 'bun:test'
import { builtinKind } from '../../src/api/schema/index.ts'
import { encodeCbor, encodeProtobuf, watchFrame } from '../../src/machinery/codec/index.ts'
import { besideStock } from './beside-stock.ts'
import { protobuf } from './case.ts'
import { allTracks, consultOracle, idle, judge, lastLine } from './consult.ts'
import { documentView } from './document-view.ts'
import { differences, normalize } from './normalize.ts'
import { layoutOf, withoutBeats } from './side.ts'
import { openStage } from './stage.ts'

const answer = {
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: { metadata: { name: 'x' }, spec: { size: 1, list: ['a', 'b'] } },
}

test.each([
  ['a status', { ...answer, status: 201 }, '.status: 200 | 201'],
  ['a header', { ...answer, headers: {} }, '.headers.content-type: "application/json" | absent'],
  [
    'a missing field',
    { ...answer, body: { spec: answer.body.spec } },
    '.body.metadata: {"name":"x"} | absent',
  ],
  ['an extra field', { ...answer, body: { ...answer.body, more: true } }, '.body.more: absent | true'],
  [
    'a wrong value',
    { ...answer, body: { ...answer.body, spec: { ...answer.body.spec, size: 2 } } },
    '.body.spec.size: 1 | 2',
  ],
  [
    'the length of a list',
    { ...answer, body: { ...answer.body, spec: { ...answer.body.spec, list: ['a'] } } },
    '.body.spec.list.1: "b" | absent',
  ],
  ['null for absent', { ...answer, body: { ...answer.body, more: null } }, '.body.more: absent | null'],
])('the comparer sees a planted difference: %s', (_sort, theirs, place) => {
  expect(differences(answer, theirs)).toEqual([place])
  expect(differences(answer, structuredClone(answer))).toEqual([])
})

test('bookmarks that tell nothing but the time are left out of a watch, those that end its beginning are not', () => {
  const beat = { type: 'BOOKMARK', object: { metadata: {} } }
  const end = {
    type: 'BOOKMARK',
    object: { metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
  }
  const added = { type: 'ADDED', object: {} }
  expect(withoutBeats([added, end, beat, ''])).toEqual([added, end])
  expect(withoutBeats(end)).toEqual([end])
  expect(withoutBeats({ kind: 'Status' })).toEqual({ kind: 'Status' })
})

test('a listed difference is counted, another is not excused by it, and an entry without work is told', () => {
  const list = [
    { place: /^a ›/, reason: 'known' },
    { place: /^b /, reason: 'mended' },
  ]
  const verdict = { cases: 2, ...judge(['a › .status: 1 | 2', 'c › .status: 1 | 2'], list) }
  expect(verdict.unlisted).toEqual(['c › .status: 1 | 2'])
  expect(lastLine(verdict)).toBe('oracle: 2 cases, 1 unlisted differences, 1 listed')
  expect(idle(verdict)).toEqual(['/^b /'])
})

const line = (type: string, name: string) => `{"type":"${type}","object":{"metadata":{"name":"${name}"}}}\n`
const mapSchema = builtinKind('', 'v1', 'ConfigMap')
const map = (value: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: {}, data: { key: value } })
const frame = (type: string, value: string) => watchFrame(type, encodeProtobuf(mapSchema, map(value)))
const framed = { 'content-type': `${protobuf};stream=watch` }

test.each([
  [
    'the type of a watch event',
    {},
    line('ADDED', 'a'),
    line('MODIFIED', 'a'),
    '.body.type: "ADDED" | "MODIFIED"',
  ],
  [
    'an object in a line of a watch',
    {},
    line('ADDED', 'a') + line('ADDED', 'b'),
    line('ADDED', 'a') + line('ADDED', 'c'),
    '.body.1.object.metadata.name: "b" | "c"',
  ],
  [
    'the type of a protobuf frame',
    framed,
    frame('ADDED', 'a'),
    frame('DELETED', 'a'),
    '.body.0.type: "ADDED" | "DELETED"',
  ],
  [
    'an object in a protobuf frame',
    framed,
    Buffer.concat([frame('ADDED', 'a'), frame('ADDED', 'b')]),
    Buffer.concat([frame('ADDED', 'a'), frame('ADDED', 'c')]),
    '.body.1.object.data.key: "b" | "c"',
  ],
  [
    'a protobuf body',
    {},
    encodeProtobuf(mapSchema, map('a')),
    encodeProtobuf(mapSchema, map('b')),
    '.body.object.data.key: "a" | "b"',
  ],
  ['a text', {}, 'kind: A', 'kind: B', '.body: "kind: A" | "kind: B"'],
  ['YAML', { 'content-type': 'application/yaml' }, 'kind: A', 'kind: B', '.body.kind: "A" | "B"'],
  [
    'CBOR',
    { 'content-type': 'application/cbor' },
    encodeCbor({ kind: 'A' }),
    encodeCbor({ kind: 'B' }),
    '.body.0.kind: "A" | "B"',
  ],
  [
    'a cause of a refusal',
    {},
    refusal([{ field: 'spec.a' }, { field: 'spec.b' }]),
    refusal([{ field: 'spec.a' }, { field: 'spec.c' }]),
    '.body.details.causes.1.field: "spec.b" | "spec.c"',
  ],
])('the comparer sees a planted difference on the wire: %s', (_sort, headers, ours, theirs, place) => {
  const read = (body: string | Uint8Array) =>
    normalize(200, new Headers(headers), Buffer.from(body as string))
  expect(differences(read(ours), read(theirs))).toEqual([place])
  expect(differences(read(ours), read(ours))).toEqual([])
})

test('what each server chooses for itself is no difference, what only one tells is', () => {
  const read = (body: object, headers = {}) =>
    normalize(200, new Headers(headers), Buffer.from(JSON.stringify(body)))
  const now = new Date().toISOString().replace(/\.\d+/, '')
  const made = (uid: string, time: string) => ({ metadata: { uid }, status: { startTime: time } })
  expect(differences(read(made('a', now)), read(made('b', now)))).toEqual([])
  expect(differences(read(made('a', now)), read(made('b', '2020-01-01T00:00:00Z')))).toHaveLength(1)
  expect(differences(read({}, { 'audit-id': 'a' }), read({}, { 'audit-id': 'b' }))).toEqual([])
  expect(differences(read({}, { 'audit-id': 'a' }), read({}))).toEqual([
    '.headers.audit-id: "<audit-id>" | absent',
  ])
  const twice = refusal([{ field: 'spec.a' }, { field: 'spec.a' }])
  expect(differences(read(JSON.parse(refusal([{ field: 'spec.a' }]))), read(JSON.parse(twice)))).toEqual([])
})

test('the comparer sees a planted difference in how a text is laid out, and in no time that it tells', () => {
  const laidOut = (text: string) => layoutOf(Buffer.from(text))
  expect(laidOut('{"kind":"A","code":1}')).not.toBe(laidOut('{"code":1,"kind":"A"}'))
  expect(laidOut('{"kind": "A"}')).not.toBe(laidOut('{"kind":"A"}'))
  expect(laidOut('{"uid":"a"}')).toBe(laidOut('{"uid":"b"}'))
})

test('the comparer sees a planted difference in a document about the API', () => {
  const document = (type: string) => ({
    ...{ openapi: '3.0.0', paths: {} },
    components: { schemas: { Thing: { type: 'object', properties: { size: { type } } } } },
  })
  const view = (type: string) => documentView({ status: 200, headers: {}, body: document(type) })
  expect(differences(view('integer'), view('string'))).toHaveLength(1)
  expect(differences(view('integer'), view('integer'))).toEqual([])
})

function refusal(causes: readonly object[]): string {
  return JSON.stringify({ kind: 'Status', reason: 'Invalid', message: 'x is invalid', details: { causes } })
}

besideStock({
  subject: 'requests',
  claim: 'Hutch answers every case as it does, but for the listed differences',
  open: openStage,
  async compare({ ours, theirs }) {
    const verdict = await consultOracle(ours, theirs, allTracks())
    console.log(lastLine(verdict))
    expect(verdict.unlisted).toEqual([])
    expect(idle(verdict)).toEqual([])
  },
})
