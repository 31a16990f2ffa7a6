import { afterAll, beforeAll, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { configMaps } from '../../api/core/config-map.ts'
import { decodeCbor, encodeMessage, listMessage, wrapMessage } from '../../machinery/codec/index.ts'
import type { KubeList, KubeObject } from '../../machinery/meta/object.ts'
import type { ListResult } from '../context.ts'
import { metaSchema } from '../rest/meta-type.ts'
import { presentRun } from '../rest/views.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { type ListForm, listForm } from './list-forms.ts'
import type { Format, MediaType, Transform } from './negotiation.ts'
import { gzipListPieces, isLong, listPieces, type Pieces } from './streamed-list.ts'
import { partialListHead, toPartial, toServedTable } from './transform.ts'
import { yamlText } from './yaml-text.ts'

let server: TestServer
let list: ListResult
beforeAll(async () => {
  server = await startTestServer()
  for (let index = 0; index < 70; index++) {
    const name = `map-${index}`
    const data = { text: `a: ${index}\n- "ü"`, 'key.with-dots': '' }
    const body: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...{ data } }
    const at = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' }
    await server.admin.call({ ...at, verb: 'create', body })
  }
  const { runs, revision } = server.cache.runs('/registry/core/configmaps/default/')
  const served = runs.map(run => presentRun(configMaps, run))
  list = { runs: served, items: served.flat(), resourceVersion: String(revision) }
}, 120_000)
afterAll(() => server.shutdown())

function formOf(format: Format, transform?: Transform, isPretty = false) {
  const type: MediaType = { format, stream: false, pretty: isPretty, ...(transform && { transform }) }
  return listForm({ resource: configMaps, list, type, isPretty, table: tableRequest() })
}

const tableRequest = () => ({
  nowMs: server.ports.clock.nowMs(),
  options: {},
  metadata: { resourceVersion: list.resourceVersion },
})

async function all(pieces: Pieces): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(pieces()))
}

/** A list is the same in pieces, packed in pieces, and from items that lie in no runs. */
async function textOf(...form: Parameters<typeof formOf>): Promise<Buffer> {
  const { clock } = server.ports
  const whole = await all(listPieces(formOf(...form), list, clock))
  const packed = await all(gzipListPieces(formOf(...form), list, clock))
  expect(gunzipSync(packed).equals(whole)).toBe(true)
  const { runs: _runs, ...loose } = list
  expect((await all(listPieces(formOf(...form), loose, clock))).equals(whole)).toBe(true)
  return whole
}

const objects = () => list.items.map(({ object }) => object)
const plain = (): KubeList => ({
  kind: 'ConfigMapList',
  apiVersion: 'v1',
  metadata: { resourceVersion: list.resourceVersion },
  items: objects().map(({ kind: _kind, apiVersion: _version, ...rest }) => rest as KubeObject),
})

function message(): Uint8Array {
  const items = objects().map(object => encodeMessage(configMaps.schema, object))
  const metadata = encodeMessage(metaSchema('ListMeta'), { resourceVersion: list.resourceVersion })
  return wrapMessage({ apiVersion: 'v1', kind: 'ConfigMapList' }, listMessage(metadata, items))
}

test('JSON, indented JSON, YAML and protobuf in pieces are the list that is made at once', async () => {
  expect(String(await textOf('json'))).toBe(`${JSON.stringify(plain())}\n`)
  expect(String(await textOf('json', undefined, true))).toBe(JSON.stringify(plain(), undefined, 2))
  expect(String(await textOf('yaml'))).toBe(yamlText(plain()))
  expect((await textOf('protobuf')).equals(message())).toBe(true)
  expect(JSON.stringify(decodeCbor(await textOf('cbor')))).toBe(JSON.stringify(plain()))
}, 120_000)

test('tables and metadata alone in pieces are what is made at once', async () => {
  const table = toServedTable(configMaps, objects(), tableRequest())
  expect(String(await textOf('json', 'Table'))).toBe(`${JSON.stringify(table)}\n`)
  expect(String(await textOf('yaml', 'Table'))).toBe(yamlText(JSON.parse(JSON.stringify(table))))
  const partial = {
    ...partialListHead({ resourceVersion: list.resourceVersion }),
    items: objects().map(object => toPartial(configMaps, object)),
  }
  const form = 'PartialObjectMetadataList'
  expect(String(await textOf('json', form))).toBe(`${JSON.stringify(partial)}\n`)
  expect(String(await textOf('yaml', form))).toBe(yamlText(partial))
  expect(decodeCbor(await textOf('cbor', form))).toEqual(JSON.parse(JSON.stringify(partial)))
}, 120_000)

test('a list is long by its items or by their size', () => {
  const item = { object: { metadata: {} }, encodings: new Map(), storedBytes: 3 << 20 }
  const of = (count: number, storedBytes: number): ListResult => ({
    items: Array.from({ length: count }, () => ({ ...item, storedBytes })),
    resourceVersion: '1',
  })
  expect([of(2_000, 100), of(2_001, 100), of(2, 1 << 19), of(2, 3 << 20)].map(isLong)).toEqual([
    ...[false, true, false, true],
  ])
})

test('a heavy run is made in parts, the same ones each time', async () => {
  const item = { object: { metadata: {} }, encodings: new Map(), storedBytes: 100 << 10 }
  const runs = [Array.from({ length: 5 }, () => item), [item, item]]
  const given: unknown[] = []
  const form: ListForm = {
    format: 'json',
    items(run) {
      given.push(run)
      return Buffer.from(`${run.length} `)
    },
    frame: () => ({ head: Buffer.alloc(0), tail: Buffer.alloc(0) }),
  }
  const made = () =>
    all(listPieces(form, { runs, items: runs.flat(), resourceVersion: '1' }, server.ports.clock))
  expect(String(await made())).toBe('2 2 1 2 ')
  await made()
  expect(given.every((run, at) => run === given[at % 4])).toBe(true)
})

test('pieces that nobody takes are not made', async () => {
  let made = 0
  const form = formOf('json')
  const items: typeof form.items = (...args) => {
    made++
    return form.items(...args)
  }
  const counted = { ...form, items }
  const runs = Array.from({ length: 400 }, () => list.items)
  const pieces = listPieces(counted, { ...list, runs }, server.ports.clock)()
  await pieces.next()
  await pieces.return()
  expect(made).toBeLessThan(20)
})
