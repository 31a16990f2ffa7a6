import { afterEach, expect, test } from 'bun:test'
import { customResourceDefinitions } from '../api/apiextensions/custom-resource-definition.ts'
import { mergePatch } from '../client/client.ts'
import { orUndefined } from '../client/failure.ts'
import { findCondition } from '../machinery/meta/conditions.ts'
import { optionalControllers, optionalRights } from './optional.ts'
import { type ControllerTest, startControllerTest } from './testing.ts'
import { defaultTuning } from './tuning.ts'

let cluster: ControllerTest
afterEach(async () => {
  expect(await cluster.end()).toEqual([])
})

const start = async (...names: string[]) => {
  cluster = await startControllerTest([], names)
}
const definitionNames = async () =>
  (await cluster.client.list(customResourceDefinitions)).items.map(({ metadata }) => metadata.name!)
const get = (name: string) => cluster.client.get(customResourceDefinitions, undefined, name)
const named = (name: string) => optionalControllers.find(each => each.name === name)!
const snapshots = 'volumesnapshots.snapshot.storage.k8s.io'

test('nothing is brought by what nobody has named', async () => {
  await start()
  expect(await definitionNames()).toEqual([])
  expect(optionalRights(defaultTuning)).toEqual([])
})

test.each(optionalControllers.map(({ name }) => name))(
  '%s brings its kinds, and they are served',
  async name => {
    await start(name)
    const { definitions, kinds } = named(name)
    expect(definitions.length).toBeGreaterThan(0)
    for (const { metadata } of definitions) {
      const { status } = await get(metadata.name!)
      expect(findCondition(status?.conditions, 'Established')?.status).toBe('True')
    }
    for (const kind of kinds) expect((await cluster.client.list(kind)).items).toEqual([])
  },
)

test('what an administrator adds stays, and a definition that is deleted comes back', async () => {
  await start('volume-snapshot-controller')
  const body = { metadata: { labels: { team: 'storage' } } }
  await cluster.client.patch(customResourceDefinitions, undefined, snapshots, { type: mergePatch, body })
  await cluster.advance(5_000)
  expect((await get(snapshots)).metadata.labels).toEqual({ team: 'storage' })
  await cluster.client.delete(customResourceDefinitions, undefined, snapshots)
  await cluster.advance(60_000)
  const again = await get(snapshots)
  expect(again.metadata.labels).toBeUndefined()
  expect(findCondition(again.status?.conditions, 'Established')?.status).toBe('True')
  const [kind] = named('volume-snapshot-controller').kinds
  expect(await orUndefined(cluster.client.list(kind!))).toMatchObject({ items: [] })
})
