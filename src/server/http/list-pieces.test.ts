import { afterAll, beforeAll, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { gunzipSync } from 'node:zlib'
import { configMaps } from '../../api/core/config-map.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { ListResult } from '../context.ts'
import { presentRun } from '../rest/views.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { listJson, listProtobuf } from './encode.ts'
import { gzipList } from './list-pieces.ts'
import { gzipTable } from './table-pieces.ts'
import { toServedTable } from './transform.ts'

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

function expectSame(list: ListResult): void {
  const json = gunzipSync(gzipList(configMaps, list, 'json', 1)!)
  expect(json.toString()).toBe(Buffer.from(listJson(configMaps, list)).toString())
  const message = gunzipSync(gzipList(configMaps, list, 'protobuf', 1)!)
  expect(message.equals(listProtobuf(configMaps, list))).toBe(true)
  for (const nowMs of [server.ports.clock.nowMs(), server.ports.clock.nowMs() + 90_000]) {
    const request = { nowMs, options: {}, metadata: { resourceVersion: list.resourceVersion } }
    const objects = list.items.map(({ object }) => object)
    const table = gunzipSync(gzipTable(configMaps, list, request, 1)!)
    expect(table.toString()).toBe(`${JSON.stringify(toServedTable(configMaps, objects, request))}\n`)
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

test('what did not change stays compressed', () => {
  const first = listNow().runs!
  const second = listNow().runs!
  expect(first.length).toBeGreaterThan(5)
  expect(first.every((run, index) => second[index] === run)).toBe(true)
})

test('a small list is not worth it', () => {
  const { runs, items, resourceVersion } = listNow()
  const few = { runs: runs!.slice(0, 1), items: items.slice(0, 5), resourceVersion }
  expect(gzipList(configMaps, few, 'json', 128 * 1024)).toBeUndefined()
  expect(gzipList(configMaps, { items, resourceVersion }, 'json', 1)).toBeUndefined()
})
