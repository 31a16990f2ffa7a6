import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { type ControllerTest, startControllerTest } from '../../testing.ts'
import { snapshotDefinitions } from './definitions.ts'
import { play } from './play.testing.ts'
import recorded from './recorded.json' with { type: 'json' }
import { scenarios } from './scenarios.testing.ts'

let cluster: ControllerTest

beforeAll(async () => {
  cluster = await startControllerTest([], ['volume-snapshot-controller'])
})
afterAll(async () => {
  expect(await cluster.end()).toEqual([])
})

test.each(Object.keys(scenarios))('%s ends as with upstream’s snapshot-controller', async name => {
  const settle = () => cluster.advance(5_000)
  const outcome = await play(scenarios[name]!, { client: cluster.client, namespace: name, settle })
  expect(outcome as object).toEqual((recorded as Record<string, object>)[name]!)
})

/** SHA-256 of the specs in external-snapshotter's client/config/crd (client/v8.6.0), without prose, keys in order. */
const published: Readonly<Record<string, string>> = {
  volumesnapshots: '94fe5f88f8f8314601ef058f8358b0e64e790229768f49521f75886541110a0c',
  volumesnapshotcontents: '78d4d5bf7310786af4d55337e95442cc301c71983ac862b46a930e61d9500844',
  volumesnapshotclasses: 'f5b4d22b6ebfeef846f86c8e21d800133485840f683e4552ab5cd7ddc537345d',
}

test.each(snapshotDefinitions.map(({ spec }) => [spec.names.plural, spec] as const))(
  'the definition of %s says what upstream’s says',
  (plural, spec) => {
    const text = JSON.stringify(withoutProse(spec))
    expect(createHash('sha256').update(text).digest('hex')).toBe(published[plural]!)
  },
)

function withoutProse(value: unknown, areFields = false): unknown {
  if (Array.isArray(value)) return value.map(each => withoutProse(each))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(
    ([key, each]) => areFields || key !== 'description' || typeof each !== 'string',
  )
  const inOrder = entries.toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(inOrder.map(([key, each]) => [key, withoutProse(each, key === 'properties')]))
}
