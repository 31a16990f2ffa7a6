import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { ApiCall, WatchEvent } from '../../client/transport.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'
import type { JsonObject, KubeList, KubeObject } from '../../machinery/meta/object.ts'
import { seriesValue } from '../../std/metrics.testing.ts'
import { settle as settleOnce } from '../../std/sim-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import { startTestWebhook, type TestWebhook } from '../webhook-client/testing.ts'

type Box = KubeObject & { spec?: JsonMap; status?: JsonMap }
interface Review {
  request: { uid: string; desiredAPIVersion: string; objects: Box[] }
}

let server: TestServer
let hook: TestWebhook
/** What the webhook answers instead of converting, while it is set. */
let sabotage: ((review: Review) => JsonObject | undefined) | undefined
let asked: Review['request'][] = []

/** v1 has `spec.size`, v2 `spec.length`; the words are swapped. */
function convertBox(box: Box, apiVersion: string): Box {
  const { size, length, ...rest } = box.spec ?? {}
  const value = size ?? length
  const field = apiVersion.endsWith('v2') ? 'length' : 'size'
  const metadata = { ...box.metadata, labels: { ...box.metadata.labels, made: apiVersion.split('/')[1]! } }
  return { ...box, apiVersion, metadata, spec: { ...rest, ...(value !== undefined && { [field]: value }) } }
}

function review(uid: string, convertedObjects: readonly Box[], result: JsonObject = { status: 'Success' }) {
  const response = { uid, convertedObjects, result }
  return {
    kind: 'ConversionReview',
    apiVersion: 'apiextensions.k8s.io/v1',
    response,
  } as unknown as JsonObject
}

beforeAll(async () => {
  server = await startTestServer()
  hook = await startTestWebhook(body => {
    const asking = body as unknown as Review
    asked.push(asking.request)
    const { uid, objects, desiredAPIVersion } = asking.request
    const converted = objects.map(object => convertBox(object, desiredAPIVersion))
    return { body: sabotage?.(asking) ?? review(uid, converted) }
  })
  await server.admin.call({ ...definitions, verb: 'create', body: definition('v1') })
  await settle()
}, 120_000)
afterAll(async () => {
  await server.shutdown()
  hook.close()
})

async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await settleOnce()
}

const definitions = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  resource: 'customresourcedefinitions',
} as const

function definition(storage: 'v1' | 'v2'): JsonObject {
  const version = (name: string, field: string) => ({
    name,
    served: true,
    storage: name === storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: { type: 'object', properties: { [field]: { type: 'integer' }, note: { type: 'string' } } },
          status: { type: 'object', properties: { size: { type: 'integer' } } },
        },
      },
    },
    selectableFields: [{ jsonPath: `.spec.${field}` }],
    subresources: {
      status: {},
      scale: { specReplicasPath: `.spec.${field}`, statusReplicasPath: '.status.size' },
    },
  })
  const clientConfig = { url: `https://127.0.0.1:${hook.port}/convert`, caBundle: hook.caBundle }
  return {
    metadata: { name: 'boxes.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'boxes', kind: 'Box' },
      versions: [version('v1', 'size'), version('v2', 'length')],
      conversion: { strategy: 'Webhook', webhook: { clientConfig, conversionReviewVersions: ['v1'] } },
    },
  } as unknown as JsonObject
}

const box = (version: 'v1' | 'v2', verb: ApiCall['verb'], more: Partial<ApiCall> = {}) =>
  server.admin.call({
    verb,
    group: 'example.com',
    version,
    resource: 'boxes',
    namespace: 'default',
    ...more,
  }) as Promise<Box>

const make = (version: 'v1' | 'v2', name: string, spec: JsonObject) =>
  box(version, 'create', { body: { metadata: { name }, spec } })

const mergePatch = 'application/merge-patch+json'

test('an object is read, changed and listed in both versions', async () => {
  await make('v1', 'a', { size: 3, note: 'n' })
  expect(await box('v2', 'get', { name: 'a' })).toMatchObject({
    apiVersion: 'example.com/v2',
    spec: { length: 3, note: 'n' },
    metadata: { labels: { made: 'v2' } },
  })
  const changed = await box('v2', 'patch', {
    name: 'a',
    patchType: mergePatch,
    body: { spec: { length: 4 } },
  })
  expect(changed).toMatchObject({ spec: { length: 4, note: 'n' }, metadata: { generation: 2 } })
  expect(await box('v1', 'get', { name: 'a' })).toMatchObject({ spec: { size: 4 } })
  await make('v2', 'b', { length: 9 })
  const { items } = (await box('v2', 'list')) as unknown as KubeList<Box>
  expect(items.map(({ spec }) => spec)).toEqual([{ length: 4, note: 'n' }, { length: 9 }])
})

test('status and scale go through the webhook', async () => {
  await make('v1', 's', { size: 2 })
  await box('v2', 'patch', {
    name: 's',
    subresource: 'status',
    patchType: mergePatch,
    body: { status: { size: 2 } },
  })
  const scale = { name: 's', subresource: 'scale' }
  expect(await box('v2', 'get', scale)).toMatchObject({ spec: { replicas: 2 }, status: { replicas: 2 } })
  await box('v2', 'patch', { ...scale, patchType: mergePatch, body: { spec: { replicas: 7 } } })
  expect(await box('v1', 'get', { name: 's' })).toMatchObject({ spec: { size: 7 }, status: { size: 2 } })
})

test('apply works in the version that is not stored', async () => {
  const patchType = 'application/apply-patch+yaml'
  const applied = (length: number) => ({
    name: 'p',
    patchType,
    options: { fieldManager: 'me' },
    body: { apiVersion: 'example.com/v2', kind: 'Box', metadata: { name: 'p' }, spec: { length } },
  })
  await box('v2', 'patch', applied(1) as Partial<ApiCall>)
  await box('v2', 'patch', applied(2) as Partial<ApiCall>)
  expect(await box('v1', 'get', { name: 'p' })).toMatchObject({ spec: { size: 2 } })
})

const applyAs = (fieldManager: string, version: 'v1' | 'v2', name: string, spec: JsonObject) =>
  box(version, 'patch', {
    name,
    patchType: 'application/apply-patch+yaml',
    options: { fieldManager },
    body: { apiVersion: `example.com/${version}`, kind: 'Box', metadata: { name }, spec },
  })

test('appliers in two versions hold the fields as each version tells them', async () => {
  await applyAs('old', 'v1', 'o', { size: 3, note: 'n' })
  await expect(applyAs('new', 'v2', 'o', { length: 4 })).rejects.toThrow(
    'Apply failed with 1 conflict: conflict with "old": .spec.size',
  )
  await applyAs('new', 'v2', 'o', { length: 3 })
  // The other holds it still.
  expect(await applyAs('new', 'v2', 'o', { note: 'n' })).toMatchObject({ spec: { length: 3, note: 'n' } })
  const moved = await applyAs('old', 'v2', 'o', { note: 'n' })
  expect(moved.spec).toEqual({ note: 'n' })
  const owners = (moved.metadata.managedFields ?? []).map(({ manager, apiVersion }) => [manager, apiVersion])
  expect(owners.toSorted()).toEqual([
    ['new', 'example.com/v2'],
    ['old', 'example.com/v2'],
  ])
})

test('an update takes fields from managers of another version, whom the webhook is not shown', async () => {
  await applyAs('old', 'v1', 'u', { size: 3 })
  asked = []
  const change = { name: 'u', patchType: mergePatch, options: { fieldManager: 'new' } } as const
  const changed = await box('v2', 'patch', { ...change, body: { spec: { length: 4 } } })
  expect(changed.metadata.managedFields?.map(({ manager }) => manager)).toEqual(['new'])
  const shown = asked.flatMap(({ objects }) => objects.map(({ metadata }) => metadata.managedFields))
  expect(shown).toContain(undefined)
})

test('where the webhook fails an apply is refused, and an update forgets who owns what', async () => {
  await applyAs('old', 'v2', 'q', { length: 3 })
  await box('v1', 'get', { name: 'q' })
  sabotage = ({ request }) => review(request.uid, [], { status: 'Failed', message: 'it is too cold' })
  try {
    await expect(applyAs('new', 'v1', 'q', { note: 'n' })).rejects.toThrow('it is too cold')
    const change = { name: 'q', patchType: mergePatch, body: { spec: { note: 'm' } } } as const
    expect((await box('v1', 'patch', change)).metadata.managedFields).toBeUndefined()
  } finally {
    sabotage = undefined
  }
})

test('watchers of each version see what is there and what happens, in order, in their version', async () => {
  const seen: string[] = []
  const stop = new AbortController()
  const note = (events: readonly WatchEvent[]) => {
    for (const { type, object } of events)
      if (object.metadata.name === 'w') seen.push(`${type} ${JSON.stringify((object as Box).spec)}`)
  }
  await make('v1', 'w', { size: 1 })
  const at = { group: 'example.com', version: 'v2', resource: 'boxes', namespace: 'default' } as const
  const watching = server.admin.watch({ verb: 'watch', ...at }, note, stop.signal)
  while (seen.length < 1) await Bun.sleep(5)
  for (const size of [2, 3])
    await box('v1', 'patch', { name: 'w', patchType: mergePatch, body: { spec: { size } } })
  await box('v1', 'delete', { name: 'w' })
  while (seen.length < 4) await Bun.sleep(5)
  stop.abort()
  await watching
  expect(seen).toEqual([
    'ADDED {"length":1}',
    'MODIFIED {"length":2}',
    'MODIFIED {"length":3}',
    'DELETED {"length":3}',
  ])
})

test('an object that a selector of the other version no longer matches is gone for that watch', async () => {
  const seen: string[] = []
  const stop = new AbortController()
  const note = (events: readonly WatchEvent[]) => {
    for (const { type, object } of events) seen.push(`${type} ${JSON.stringify((object as Box).spec)}`)
  }
  await make('v1', 'f', { size: 41 })
  const at = { group: 'example.com', version: 'v2', resource: 'boxes', namespace: 'default' } as const
  const options = { fieldSelector: 'spec.length=41' }
  const watching = server.admin.watch({ verb: 'watch', ...at, options }, note, stop.signal)
  while (seen.length < 1) await Bun.sleep(5)
  await box('v1', 'patch', { name: 'f', patchType: mergePatch, body: { spec: { size: 42 } } })
  while (seen.length < 2) await Bun.sleep(5)
  stop.abort()
  await watching
  expect(seen).toEqual(['ADDED {"length":41}', 'DELETED {"length":41}'])
})

test('what a webhook gets wrong is told and nothing else comes through', async () => {
  await make('v1', 'x', { size: 1 })
  const read = async (wrong: (review: Review) => JsonObject) => {
    sabotage = wrong
    try {
      return await box('v2', 'get', { name: 'x' })
    } finally {
      sabotage = undefined
    }
  }
  const start = 'conversion webhook for example.com/v1, Kind=Box '
  const answer = (change: (object: Box) => Box) => (asking: Review) =>
    review(
      asking.request.uid,
      asking.request.objects.map(each => change(convertBox(each, 'example.com/v2'))),
    )
  const texts: [string, (review: Review) => JsonObject][] = [
    [
      'failed: it is too cold',
      ({ request }) => review(request.uid, [], { status: 'Failed', message: 'it is too cold' }),
    ],
    ['failed: expected response.uid=', () => review('other', [])],
    ['returned 0 objects, expected 1', ({ request }) => review(request.uid, [])],
    [
      'returned invalid object at index 0: invalid groupVersion (expected example.com/v2, received example.com/v1)',
      answer(each => ({ ...each, apiVersion: 'example.com/v1' })),
    ],
    [
      'returned invalid object: must have the same name: x != y',
      answer(each => ({ ...each, metadata: { ...each.metadata, name: 'y' } })),
    ],
    [
      'returned invalid metadata: metadata.labels[a] must be a string',
      answer(each => ({ ...each, metadata: { ...each.metadata, labels: { a: 1 as unknown as string } } })),
    ],
  ]
  const failed = (failure: string) => {
    const of = `failure_type="conversion_webhook_${failure}_failure",result="failure"`
    const series = `apiserver_conversion_webhook_request_total{${of}}`
    return seriesValue(server.ports.metrics.text(), series) ?? 0
  }
  const kinds = ['malformed_response', 'no_objects_returned', 'invalid_converted_object']
  const before = kinds.map(failed)
  for (const [text, wrong] of texts) await expect(read(wrong)).rejects.toThrow(start + text)
  expect(kinds.map((kind, index) => failed(kind) - before[index]!)).toEqual([2, 1, 3])
  const { metadata } = await read(
    answer(each => ({ ...each, metadata: { ...each.metadata, generation: 99 } })),
  )
  expect(metadata.generation).toBe(1)
  const way = 'crd_name="boxes.example.com",from_version="v1",succeeded="true",to_version="v2"'
  const series = `apiserver_crd_conversion_webhook_duration_seconds_count{${way}}`
  expect(seriesValue(server.ports.metrics.text(), series)).toBeGreaterThan(0)
})

test('a list in the stored version asks nobody, and one in another version asks once for all', async () => {
  const { items } = (await box('v1', 'list')) as unknown as KubeList<Box>
  for (const item of items)
    await box('v1', 'patch', {
      name: item.metadata.name!,
      patchType: mergePatch,
      body: { spec: { note: 'new' } },
    })
  asked = []
  await box('v1', 'list')
  expect(asked).toEqual([])
  await box('v2', 'list')
  await box('v2', 'list')
  expect(asked.map(({ objects }) => objects.length)).toEqual([items.length])
})

test('with another storage version old objects stay readable and are rewritten by an idle write', async () => {
  const at = { ...definitions, name: 'boxes.example.com' }
  const latest = (await server.admin.call({ ...at, verb: 'get' })) as unknown as JsonObject
  await server.admin.call({ ...at, verb: 'update', body: { ...latest, spec: definition('v2').spec! } })
  await settle()
  const stored = async () => {
    const { entries } = await server.store.range('/registry/example.com/boxes/default/a', {})
    return JSON.parse(Buffer.from(entries[0]!.value).toString()) as Box
  }
  expect((await stored()).apiVersion).toBe('example.com/v1')
  const before = await box('v1', 'get', { name: 'a' })
  await box('v1', 'patch', { name: 'a', patchType: mergePatch, body: {} })
  expect((await stored()).apiVersion).toBe('example.com/v2')
  expect((await box('v1', 'get', { name: 'a' })).spec).toEqual(before.spec)
  const { status } = (await server.admin.call({ ...at, verb: 'get' })) as unknown as {
    status: { storedVersions: string[] }
  }
  expect(status.storedVersions).toEqual(['v1', 'v2'])
})

test('a dry run takes the way through the stored version, there and back', async () => {
  asked = []
  const body = { metadata: { name: 'dry' }, spec: { size: 1 } }
  const dry = await box('v1', 'create', { body, options: { dryRun: ['All'] } })
  expect(dry.spec).toEqual({ size: 1 })
  // By now v2 is stored.
  const versions = asked.map(({ desiredAPIVersion }) => desiredAPIVersion.split('/')[1])
  expect(versions).toEqual(['v2', 'v1'])
})
