import { afterAll, beforeAll, expect, test } from 'bun:test'
import { configMaps } from '../../api/core/config-map.ts'
import { secrets } from '../../api/core/secret.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { createFirstObjects } from './first-objects.ts'
import { collectionPrefix } from './key.ts'

let server: TestServer
const stop = new AbortController()
beforeAll(async () => {
  server = await startTestServer()
}, 60_000)
afterAll(async () => {
  stop.abort()
  await server.shutdown()
}, 60_000)

const create = (resource: string, name: string) =>
  server.admin.call({
    ...{ verb: 'create', group: '', version: 'v1', resource, namespace: 'default' },
    body: { metadata: { name } },
  })

test('everybody who waits is told once of the first object of a kind, and who comes later at once', async () => {
  const firstObjects = createFirstObjects(server.cache, server.ports.log, stop.signal)
  const told: string[] = []
  const wait = (storage: { group: string; plural: string }, name: string) =>
    firstObjects(collectionPrefix(storage), () => told.push(name))
  wait(configMaps.storage, 'a')
  wait(configMaps.storage, 'b')
  const callOff = wait(configMaps.storage, 'c')
  wait(secrets.storage, 'secrets')
  callOff()
  expect(told).toEqual([])
  await create('configmaps', 'first')
  await create('configmaps', 'second')
  expect(told).toEqual(['a', 'b'])
  wait(configMaps.storage, 'late')()
  expect(told).toEqual(['a', 'b', 'late'])
  await create('secrets', 'first')
  expect(told.at(-1)).toBe('secrets')
})
