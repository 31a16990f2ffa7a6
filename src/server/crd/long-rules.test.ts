import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { realPorts } from '../../std/real-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ ports: realPorts() })
  const list = { type: 'array', maxItems: 70, items: { type: 'string', maxLength: 20 } }
  const rule = 'self.list.all(a, self.list.all(b, self.list.exists(c, c == a || c == b)))'
  const spec = { type: 'object', properties: { list }, 'x-kubernetes-validations': [{ rule }] }
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec } } }
  const body: JsonObject = {
    metadata: { name: 'slows.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'slows', kind: 'Slow' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  }
  const definitions = { group: 'apiextensions.k8s.io', version: 'v1', resource: 'customresourcedefinitions' }
  await server.admin.call({ ...definitions, verb: 'create', body })
  while (!server.registry.find('example.com', 'v1', 'slows')) await Bun.sleep(1)
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

const slows = { group: 'example.com', version: 'v1', resource: 'slows', namespace: 'default' } as const

/** Counts the turns that the event loop gives to others meanwhile. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0
  let isOver = false
  const tick = () => {
    turns++
    if (!isOver) setImmediate(tick)
  }
  tick()
  await work.finally(() => {
    isOver = true
  })
  return turns
}

test('rules that take long let others have their turn, and say what they say at once', async () => {
  const list = Array.from({ length: 70 }, (_, at) => `item-${at}`)
  const body = { metadata: { name: 'a' }, spec: { list } }
  let message = ''
  const write = server.admin.call({ ...slows, verb: 'create', body }).catch(error => {
    message = error.message
  })
  expect(await turnsDuring(write)).toBeGreaterThan(10)
  expect(message).toContain('call cost exceeds limit for rule')
  const short = { metadata: { name: 'b' }, spec: { list: ['x', 'y'] } }
  const made = await server.admin.call({ ...slows, verb: 'create', body: short })
  const longer = { ...made, spec: { list: ['x', 'y', 'z'] } }
  const updated = await server.admin.call({ ...slows, verb: 'update', name: 'b', body: longer })
  expect(updated.metadata.generation).toBe(2)
}, 60_000)
