import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { WatchEvent } from '../client/transport.ts'
import type { KubeList, KubeObject } from '../machinery/meta/object.ts'
import { realPorts } from '../std/real-ports.ts'
import type { Authorizer } from './context.ts'
import type { Listener } from './http/listen.ts'
import { startTestServer, type TestServer } from './testing.ts'

let server: TestServer
let listener: Listener
let base: string

beforeAll(async () => {
  server = await startTestServer({ ports: realPorts() })
  listener = await server.listen({ port: 0, host: '127.0.0.1' })
  base = `http://127.0.0.1:${listener.port}`
})
afterAll(() => server.shutdown())

const path = '/api/v1/namespaces/default/configmaps'

async function send(method: string, url: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(base + url, {
    method,
    headers: { 'content-type': 'application/json', authorization: 'Bearer tester', ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: (await response.json()) as KubeObject }
}

const configMap = (name: string, data: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

test('a created object is read back over HTTP as it was answered', async () => {
  const created = await send('POST', path, configMap('first', { a: '1' }))
  expect(created.status).toBe(201)
  expect(created.body).toMatchObject({
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { namespace: 'default' },
    data: { a: '1' },
  })
  const read = await send('GET', `${path}/first`)
  expect(read.status).toBe(200)
  expect(read.body).toEqual(created.body)
  expect(read.headers.get('audit-id')).toBeTruthy()
})

test('the documents of discovery answer with a slash at the end too', async () => {
  for (const document of ['/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1']) {
    const { body } = await send('GET', document)
    expect(await send('GET', `${document}/`)).toMatchObject({ status: 200, body })
  }
})

test('a review is not shown as a table', async () => {
  const review = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview' }
  const body = { ...review, spec: { nonResourceAttributes: { path: '/', verb: 'get' } } }
  const url = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
  const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
  expect((await send('POST', url, body, table)).status).toBe(406)
  expect((await send('POST', url, body)).status).toBe(201)
})

test('a write that changes nothing keeps the resourceVersion', async () => {
  const { body } = await send('POST', path, configMap('idle'))
  const again = await send('PUT', `${path}/idle`, body)
  expect(again.status).toBe(200)
  expect(again.body.metadata.resourceVersion).toBe(body.metadata.resourceVersion!)
})

test('a stale PUT is a conflict', async () => {
  const { body } = await send('POST', path, configMap('stale'))
  await send('PUT', `${path}/stale`, { ...body, data: { a: '1' } })
  const late = await send('PUT', `${path}/stale`, { ...body, data: { a: '2' } })
  expect(late.status).toBe(409)
  expect(late.body).toMatchObject({ kind: 'Status', reason: 'Conflict' })
})

test('an object that is gone is a 404 with its name', async () => {
  await send('POST', path, configMap('short'))
  expect((await send('DELETE', `${path}/short`)).body).toMatchObject({
    status: 'Success',
    details: { name: 'short', kind: 'configmaps' },
  })
  const read = await send('GET', `${path}/short`)
  expect(read.body).toMatchObject({ code: 404, message: 'configmaps "short" not found' })
})

test('in process the same object is handed over frozen, without a copy', async () => {
  await send('POST', path, configMap('shared'))
  const call = {
    verb: 'get',
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'default',
    name: 'shared',
  } as const
  const first = await server.admin.call(call)
  expect(Object.isFrozen(first.metadata)).toBe(true)
  expect(await server.admin.call(call)).toBe(first)
})

test('in process a caller without rights is refused as over the wire', async () => {
  const authorizer: Authorizer = ({ user }) => ({
    decision: user.username === 'root' ? 'allow' : 'noOpinion',
    reason: '',
  })
  const guarded = await startTestServer({ authorizer })
  const nobody = guarded.inProcess({ username: 'nobody', groups: [] })
  const call = {
    verb: 'list',
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'default',
  } as const
  await expect(nobody.call(call)).rejects.toThrow(
    'configmaps is forbidden: User "nobody" cannot list resource "configmaps" in API group "" in the namespace "default"',
  )
  await expect(
    nobody.watch({ ...call, verb: 'watch' }, () => {}, new AbortController().signal),
  ).rejects.toThrow('is forbidden')
  await guarded.shutdown()
})

test('a watch delivers what happens after the list that it continues', async () => {
  const call = {
    verb: 'list',
    group: '',
    version: 'v1',
    resource: 'configmaps',
    namespace: 'watched',
  } as const
  const { metadata } = (await server.admin.call(call)) as KubeList as unknown as KubeObject
  const events: WatchEvent[] = []
  const stop = new AbortController()
  const options = { resourceVersion: metadata.resourceVersion! }
  const watching = server.admin.watch(
    { ...call, verb: 'watch', options },
    batch => void events.push(...batch),
    stop.signal,
  )
  const other = '/api/v1/namespaces/watched/configmaps'
  await send('POST', other, configMap('w'))
  await send('PATCH', `${other}/w`, { data: { a: 'b' } }, { 'content-type': 'application/merge-patch+json' })
  await send('DELETE', `${other}/w`)
  expect(events.map(({ type }) => type)).toEqual(['ADDED', 'MODIFIED', 'DELETED'])
  stop.abort()
  await watching
})

test('a watch over HTTP sends one JSON line for each event and ends in time', async () => {
  await send('POST', '/api/v1/namespaces/lines/configmaps', configMap('one'))
  const response = await fetch(`${base}/api/v1/namespaces/lines/configmaps?watch=true&timeoutSeconds=1`)
  const lines = (await response.text())
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as WatchEvent)
  expect(lines).toMatchObject([{ type: 'ADDED', object: { kind: 'ConfigMap', metadata: { name: 'one' } } }])
})

test('pages of a list show one revision, whatever is written between them', async () => {
  const pages = '/api/v1/namespaces/pages/configmaps'
  for (const name of ['a', 'b', 'c']) await send('POST', pages, configMap(name))
  type List = KubeList & { metadata: { continue: string } }
  const first = (await send('GET', `${pages}?limit=2`)).body as unknown as List
  expect(first.metadata.remainingItemCount).toBe(1)
  await send('DELETE', `${pages}/c`)
  const second = (await send('GET', `${pages}?limit=2&continue=${first.metadata.continue}`))
    .body as unknown as List
  expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(['a', 'b', 'c'])
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion!)
})

test('an object that a list names stands in it as it was at the revision that is asked for', async () => {
  const path = '/api/v1/namespaces/then/configmaps'
  await send('POST', path, configMap('earlier'))
  const before = (await send('GET', path)).body.metadata.resourceVersion!
  await send('POST', path, configMap('later'))
  const at = `resourceVersion=${before}&resourceVersionMatch=Exact`
  const named = async (name: string, query: string) =>
    (
      (await send('GET', `${path}?fieldSelector=metadata.name%3D${name}&${query}`))
        .body as unknown as KubeList
    ).items.length
  expect(await named('later', at)).toBe(0)
  expect(await named('earlier', at)).toBe(1)
  expect(await named('later', '')).toBe(1)
})

test('a watch from nowhere takes no continue token', async () => {
  const { status, body } = await send('GET', '/api/v1/configmaps?watch=true&continue=x')
  expect(status).toBe(422)
  expect((body as unknown as { message: string }).message).toContain('forbidden when continue is provided')
})

test('a pod that waits for a finalizer alone is left as it is when it is deleted again', async () => {
  const pods = path.replace('configmaps', 'pods')
  const waiting = { name: 'waiting', finalizers: ['example.com/wait'] }
  const spec = { terminationGracePeriodSeconds: 0, containers: [{ name: 'c', image: 'i' }] }
  await send('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: waiting, spec })
  const options = { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 }
  const marked = await send('DELETE', `${pods}/waiting`, options)
  const again = await send('DELETE', `${pods}/waiting`, { ...options, propagationPolicy: 'Foreground' })
  expect(again.status).toBe(200)
  expect(again.body.metadata).toEqual(marked.body.metadata)
  const freed = [{ op: 'remove', path: '/metadata/finalizers' }]
  await send('PATCH', `${pods}/waiting`, freed, { 'content-type': 'application/json-patch+json' })
  expect((await send('GET', `${pods}/waiting`)).status).toBe(404)
})
