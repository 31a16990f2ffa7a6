import { afterAll, beforeAll, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { configMaps } from '../../api/core/config-map.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { ListResult } from '../context.ts'
import { presentRun } from '../rest/views.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { listForm } from './list-forms.ts'
import type { Format } from './negotiation.ts'
import { gzipList } from './packed-list.ts'
import { listPieces } from './streamed-list.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer()
  for (let index = 0; index < 200; index++) await write('create', index)
})
afterAll(() => server.shutdown())

const target = { group: '', version: 'v1', resource: 'configmaps', namespace: 'default' }

async function write(verb: 'create' | 'delete', index: number): Promise<void> {
  const name = `map-${index}`
  const data = { data: randomBytes(500).toString('hex') }
  const body: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, ...{ data } }
  await server.admin.call(verb === 'create' ? { ...target, verb, body } : { ...target, verb, name })
}

function listNow(): ListResult {
  const { runs, revision } = server.cache.runs('/registry/core/configmaps/default/')
  const served = runs.map(run => presentRun(configMaps, run))
  return { runs: served, items: served.flat(), resourceVersion: String(revision) }
}

function formOf(list: ListResult, format: Format, nowMs: number, shown?: 'table' | 'long table') {
  const type = { format, stream: false, pretty: false, ...(shown && { transform: 'Table' as const }) }
  const table = { nowMs, options: {}, metadata: { resourceVersion: list.resourceVersion } }
  return listForm({
    resource: configMaps,
    list,
    type,
    isPretty: false,
    table,
    isLong: shown === 'long table',
  })
}

/** Packed from runs it is what the same form gives at once. */
function expectSame(list: ListResult): void {
  const nowMs = server.ports.clock.nowMs()
  for (const form of [
    formOf(list, 'json', nowMs),
    formOf(list, 'protobuf', nowMs),
    formOf(list, 'json', nowMs, 'table'),
    formOf(list, 'json', nowMs + 90_000, 'table'),
  ]) {
    const items = form.items(list.items, true)
    const { head, tail } = form.frame(list.items.length, items.length)
    expect(gunzipSync(gzipList(form, list, 1)!).equals(Buffer.concat([head, items, tail]))).toBe(true)
  }
}

test('a list put together from compressed runs is the list, byte for byte, also after changes', async () => {
  expectSame(listNow())
  await write('delete', 0)
  await write('delete', 77)
  expectSame(listNow())
  await write('create', 77)
  await write('create', 500)
  expectSame(listNow())
})

test('what did not change is not made again, a table within its second', () => {
  const list = listNow()
  const nowMs = server.ports.clock.nowMs()
  let made = 0
  const pack = (form: ReturnType<typeof formOf>) => {
    const items: typeof form.items = (...run) => {
      made++
      return form.items(...run)
    }
    gzipList({ ...form, items }, list, 1)
    const count = made
    made = 0
    return count
  }
  const { length } = list.runs!
  expect(length).toBeGreaterThan(5)
  expect(listNow().runs!.every((run, index) => list.runs![index] === run)).toBe(true)
  pack(formOf(list, 'json', nowMs))
  expect(pack(formOf(listNow(), 'json', nowMs))).toBe(0)
  pack(formOf(list, 'json', nowMs + 7000, 'table'))
  expect(pack(formOf(list, 'json', nowMs + 7000, 'table'))).toBe(0)
  expect(pack(formOf(list, 'json', nowMs + 8000, 'table'))).toBe(length)
  // A long one takes seconds itself, in which others are asked for.
  expect(pack(formOf(list, 'json', nowMs + 10_000, 'long table'))).toBe(0)
  expect(pack(formOf(list, 'json', nowMs + 7000, 'long table'))).toBe(0)
  expect(pack(formOf(list, 'json', nowMs + 11_000, 'long table'))).toBe(length)
})

test('what is sent as it is, is made once for all lists of the same, and again after a change', async () => {
  const { clock } = server.ports
  let made = 0
  const send = async (list: ListResult) => {
    const form = formOf(list, 'json', 0)
    const items: typeof form.items = (...run) => {
      made++
      return form.items(...run)
    }
    const parts: Uint8Array[] = []
    for await (const part of listPieces({ ...form, items }, list, clock)()) parts.push(part)
    const all = form.items(list.items, true)
    const { head, tail } = form.frame(list.items.length, all.length)
    expect(Buffer.concat(parts).equals(Buffer.concat([head, all, tail]))).toBe(true)
    const count = made
    made = 0
    return count
  }
  expect(await send(listNow())).toBe(listNow().runs!.length)
  expect(await send(listNow())).toBe(0)
  await write('delete', 99)
  expect(await send(listNow())).toBeWithin(1, 4)
  const { items, resourceVersion } = listNow()
  const loose = { items, resourceVersion }
  const pieces = await send(loose)
  expect(pieces).toBeGreaterThan(0)
  expect(await send(loose)).toBe(pieces)
})

test('a small list is not worth it, and neither is one that lies in no runs', () => {
  const { runs, items, resourceVersion } = listNow()
  const few = { runs: runs!.slice(0, 1), items: items.slice(0, 5), resourceVersion }
  expect(gzipList(formOf(few, 'json', 0), few, 128 * 1024)).toBeUndefined()
  const loose = { items, resourceVersion }
  expect(gzipList(formOf(loose, 'json', 0), loose, 1)).toBeUndefined()
})

test('the pages of one list are cut alike each time', () => {
  const folder = '/registry/core/configmaps/default/'
  const page = () => server.cache.runs(folder, { after: `${folder}map-150`, limit: 45 })
  expect(page().runs.flat()).toEqual(
    server.cache.list(folder, { after: `${folder}map-150`, limit: 45 }).items as never,
  )
  expect(page().runs.every((run, index) => page().runs[index] === run)).toBe(true)
})

test('packing a list that lies in runs makes no single array of it', () => {
  const list = listNow()
  const lazy: ListResult = {
    ...list,
    get items(): never {
      throw new Error('nobody needs them')
    },
  }
  const form = formOf(list, 'json', 0)
  expect(gzipList(form, lazy, 1)).toEqual(gzipList(form, list, 1)!)
})
