import { expect, test } from 'bun:test'
import type { KubeObject } from '../machinery/meta/object.ts'
import { StatusError } from '../machinery/status/status.ts'
import { settle, simPorts } from '../std/sim-ports.ts'
import { createClient, mergePatch } from './client.ts'
import { createHttpTransport, type Fetch, type HttpInit } from './http-transport.ts'
import type { ResourceRef } from './resource.ts'

const things: ResourceRef<KubeObject> = {
  group: 'my.org',
  version: 'v1',
  plural: 'things',
  kind: 'Thing',
  namespaced: true,
}

function setUp(answer: (url: string, init: HttpInit) => Response | Promise<Response>) {
  const requests: (HttpInit & { url: string })[] = []
  const fetch: Fetch = async (url, init) => {
    requests.push({ url, ...init })
    return await answer(url, init)
  }
  let token = 'first'
  const ports = simPorts()
  const identity = () => ({ server: 'https://api:6443', caPem: 'CA', token })
  const client = createClient(createHttpTransport({ identity, ports, userAgent: 'hutch/test', fetch }))
  const rotate = (next: string) => {
    token = next
  }
  return { client, requests, ports, rotate }
}

const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status })
const gone = {
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  reason: 'Expired',
  code: 410,
  message: 'too old',
}

test('each verb has its method, path, query and content type, and the newest token', async () => {
  const { client, requests, rotate } = setUp(() => json({ metadata: { name: 'a' } }))
  await client.get(things, 'ns', 'a b')
  rotate('second')
  await client.list(things, { labelSelector: 'a=b', limit: 5 })
  await client.patch(things, 'ns', 'a', { type: mergePatch, body: { spec: {} }, subresource: 'status' })
  await client.delete(things, 'ns', 'a', { propagationPolicy: 'Foreground' })
  expect(requests.map(({ method, url }) => `${method} ${url.slice('https://api:6443'.length)}`)).toEqual([
    'GET /apis/my.org/v1/namespaces/ns/things/a%20b',
    'GET /apis/my.org/v1/things?labelSelector=a%3Db&limit=5',
    'PATCH /apis/my.org/v1/namespaces/ns/things/a/status',
    'DELETE /apis/my.org/v1/namespaces/ns/things/a',
  ])
  expect(requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer first',
    ...Array(3).fill('Bearer second'),
  ])
  expect(requests[2]).toMatchObject({
    headers: { 'content-type': 'application/merge-patch+json' },
    body: '{"spec":{}}',
    tls: { ca: 'CA' },
  })
  expect(JSON.parse(requests[3]!.body!)).toMatchObject({
    kind: 'DeleteOptions',
    propagationPolicy: 'Foreground',
  })
})

test('a refusal is thrown as the server said it, and an answer of something else as its code says', async () => {
  const { client } = setUp(url =>
    url.endsWith('/proxy') ? new Response('<html>', { status: 503 }) : json(gone, 410),
  )
  const refused = await client.get(things, 'ns', 'a').catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(StatusError)
  expect(refused).toMatchObject({ code: 410, reason: 'Expired', message: 'too old' })
  const between = await client.get(things, 'ns', 'proxy').catch((error: unknown) => error)
  expect(between).toMatchObject({ code: 503, reason: 'ServiceUnavailable' })
})

test('a server that is not there is a 503, one that does not answer a 504', async () => {
  const away = setUp(() => {
    throw new Error('connection refused')
  })
  expect(await away.client.get(things, 'ns', 'a').catch((error: unknown) => error)).toMatchObject({
    code: 503,
  })
  const mute = setUp(
    (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  )
  const failure = mute.client.get(things, 'ns', 'a').catch((error: unknown) => error)
  await mute.ports.clock.advance(61_000)
  expect(await failure).toMatchObject({ code: 504 })
})

test('watch events arrive in order however the stream is cut, and an error event is thrown', async () => {
  const event = (name: string) => `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`
  const text = `${event('å')}${event('b')}${JSON.stringify({ type: 'ERROR', object: gone })}\n`
  const bytes = new TextEncoder().encode(text)
  const cuts = [0, 10, 38, 39, 70, bytes.length]
  const { client, requests } = setUp(
    () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start(controller) {
            for (let index = 1; index < cuts.length; index++)
              controller.enqueue(bytes.slice(cuts[index - 1], cuts[index]))
            controller.close()
          },
        }),
      ),
  )
  const names: string[] = []
  const sink = (events: readonly { object: KubeObject }[]) =>
    names.push(...events.map(({ object }) => object.metadata.name!))
  const failure = await client
    .watch(things, { resourceVersion: '7' }, sink, new AbortController().signal)
    .catch((error: unknown) => error)
  expect(names).toEqual(['å', 'b'])
  expect(failure).toMatchObject({ code: 410 })
  expect(requests[0]!.url).toMatch(/watch=true&resourceVersion=7&timeoutSeconds=\d+$/)
})

test('an aborted watch ends without an error', async () => {
  const { client } = setUp(
    (_, { signal }) =>
      new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
  )
  const stop = new AbortController()
  const watching = client.watch(things, {}, () => {}, stop.signal)
  await settle()
  stop.abort()
  await watching
})

test('requests are counted by the code of their answer, and those without one', async () => {
  const { client, ports } = setUp(url => {
    if (url.endsWith('/lost')) throw new Error('connection refused')
    return url.endsWith('/gone') ? json(gone, 410) : json({ metadata: { name: 'a' } })
  })
  await client.get(things, 'ns', 'a')
  await client.get(things, 'ns', 'gone').catch(String)
  await client.get(things, 'ns', 'lost').catch(String)
  const told = ports.metrics.text()
  for (const code of ['200', '410', '<error>'])
    expect(told).toContain(`rest_client_requests_total{code="${code}",host="api:6443",method="GET"} 1\n`)
  expect(told).toContain('rest_client_request_duration_seconds_count{host="api:6443",verb="GET"} 3\n')
})
