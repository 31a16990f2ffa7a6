import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { APIService } from '../../api/types/apiregistration-v1.gen.ts'
import type { KubeList } from '../../machinery/meta/object.ts'
import { settle as settleOnce, simPorts } from '../../std/sim-ports.ts'
import { newEcKey } from '../pki/certificate.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { startTestServer, type TestServer } from '../testing.ts'
import type { FrontProxy } from './front-proxy.ts'

interface Heard {
  readonly url: string
  readonly method: string
  readonly headers: Record<string, string | string[] | undefined>
  readonly isBelieved: boolean
  readonly body: string
}

let server: TestServer
let remote: Server
let address: string
let stop: () => Promise<void>
let serverCa: string
const heard: Heard[] = []

const resources = {
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: 'far.example.com/v1',
  resources: [
    { name: 'boats', singularName: 'boat', namespaced: true, kind: 'Boat', verbs: ['get', 'list', 'watch'] },
  ],
}

beforeAll(async () => {
  const { random } = simPorts()
  const context = { nowMs: Date.now(), random }
  const [front, own] = await Promise.all([
    issueCa('front', context, newEcKey()),
    issueCa('own', context, newEcKey()),
  ])
  const names = { organizations: [], uses: ['clientAuth', 'serverAuth'] as const, names: ['far.tools.svc'] }
  const proxy = await issueLeaf(front, { ...names, commonName: 'front-proxy-client' }, context)
  const serving = await issueLeaf(own, { ...names, commonName: 'far' }, context)
  serverCa = Buffer.from(own.certificate).toString('base64')
  remote = await startRemote({ key: serving.key, cert: serving.certificate, ca: front.certificate })
  const frontProxy: FrontProxy = {
    cert: proxy.certificate,
    key: proxy.key,
    requestHeaderCa: front.certificate,
    clientCa: 'users',
  }
  server = await startTestServer({ frontProxy: () => frontProxy })
  await call('create', 'namespaces', { metadata: { name: 'kube-system' } })
  await server.aggregate()
  const listener = await server.listen({ port: 0, host: '127.0.0.1' })
  address = `http://127.0.0.1:${listener.port}`
  stop = listener.close
}, 120_000)
afterAll(async () => {
  await stop()
  await server.shutdown()
  remote.close()
  remote.closeAllConnections()
})

async function startRemote(tls: { key: string; cert: string; ca: string }): Promise<Server> {
  const made = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', method = '', headers } = request
      const socket = request.socket as TLSSocket
      const isBelieved = socket.authorized
      heard.push({ url, method, headers, isBelieved, body: Buffer.concat(chunks).toString() })
      response.setHeader('content-type', 'application/json')
      if (url === '/apis/far.example.com/v1') response.end(JSON.stringify(resources))
      else if (url === '/openapi/v3') response.end(JSON.stringify({ paths: farDocuments }))
      else if (url.endsWith('/away'))
        response.writeHead(307, { location: 'https://elsewhere.example.org/' }).end()
      else if (/watch=(1|true)/.test(url)) {
        response.write('{"type":"ADDED"}\n')
        setTimeout(() => response.end('{"type":"MODIFIED"}\n'), 50)
      } else response.writeHead(url.includes('none') ? 404 : 200).end(JSON.stringify({ asked: url }))
    })
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  made.listen(0, '127.0.0.1', () => resolve())
  await promise
  return made
}

async function settle(): Promise<void> {
  for (let round = 0; round < 10; round++) await settleOnce()
}

function call(verb: 'create' | 'list' | 'get' | 'delete', resource: string, body: object = {}, group = '') {
  const { metadata } = body as { metadata?: { name?: string; namespace?: string } }
  return server.admin.call({
    verb,
    group,
    version: 'v1',
    resource,
    ...(metadata?.namespace && { namespace: metadata.namespace }),
    ...(verb === 'get' || verb === 'delete'
      ? { name: metadata?.name ?? '' }
      : verb === 'create' && { body: body as never }),
  })
}

const registration = 'apiregistration.k8s.io'

async function condition(name: string) {
  const { status } = (await call('get', 'apiservices', { metadata: { name } }, registration)) as APIService
  const { type, status: value, reason, message } = status?.conditions?.[0] ?? {}
  return { type, value, reason, message }
}

const far = (more: object = {}) => ({
  metadata: { name: 'v1.far.example.com' },
  spec: {
    group: 'far.example.com',
    version: 'v1',
    groupPriorityMinimum: 100,
    versionPriority: 10,
    service: { namespace: 'tools', name: 'far', port: (remote.address() as AddressInfo).port },
    caBundle: serverCa,
    ...more,
  },
})

test('what the server answers itself is registered and available', async () => {
  await settle()
  const { items } = (await call('list', 'apiservices', {}, registration)) as unknown as KubeList<APIService>
  const names = items.map(({ metadata }) => metadata.name)
  expect(names).toContain('v1.apps')
  expect(names).toContain('v1.')
  expect(names).not.toContain('v1.apiregistration.k8s.io')
  const apps = items.find(({ metadata }) => metadata.name === 'v1.apps')!
  expect(apps.spec).toMatchObject({ groupPriorityMinimum: 17800, versionPriority: 15 })
  expect(apps.metadata.labels).toEqual({ 'kube-aggregator.kubernetes.io/automanaged': 'onstart' })
  expect(apps.status?.conditions?.[0]).toMatchObject({ type: 'Available', status: 'True', reason: 'Local' })
})

test('servers behind this one are told whom to believe', async () => {
  const at = { metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' } }
  expect(await call('get', 'configmaps', at)).toMatchObject({
    data: { 'requestheader-allowed-names': '["front-proxy-client"]' },
  })
})

test('a server that is not there is said to be missing, and its API is unavailable', async () => {
  await call('create', 'apiservices', far(), registration)
  await settle()
  expect(await condition('v1.far.example.com')).toMatchObject({
    value: 'False',
    reason: 'ServiceNotFound',
    message: 'service/far in "tools" is not present',
  })
  const answer = await fetch(`${address}/apis/far.example.com/v1`, {
    headers: { authorization: 'Bearer ann' },
  })
  expect([answer.status, await answer.text()]).toEqual([503, 'service unavailable\n'])
})

test('with its service it is available, in discovery too', async () => {
  await call('create', 'namespaces', { metadata: { name: 'tools' } })
  const { port } = remote.address() as AddressInfo
  const ports = [{ name: 'web', port }]
  await call('create', 'services', { metadata: { name: 'far', namespace: 'tools' }, spec: { ports } })
  await settle()
  expect((await condition('v1.far.example.com')).reason).toBe('EndpointsNotFound')
  await call('delete', 'services', { metadata: { name: 'far', namespace: 'tools' } })
  const away = { type: 'ExternalName', externalName: 'localhost' }
  await call('create', 'services', { metadata: { name: 'far', namespace: 'tools' }, spec: away })
  while ((await condition('v1.far.example.com')).value !== 'True') await Bun.sleep(10)
  expect(await condition('v1.far.example.com')).toMatchObject({
    reason: 'Passed',
    message: 'all checks passed',
  })
  const groups = (await (await get('/apis')).json()) as { groups: { name: string }[] }
  expect(groups.groups.map(({ name }) => name)).toContain('far.example.com')
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const aggregated = (await (await get('/apis', { accept })).json()) as { items: { metadata: object }[] }
  expect(aggregated.items.at(-1)).toMatchObject({
    metadata: { name: 'far.example.com' },
    versions: [
      { version: 'v1', freshness: 'Current', resources: [{ resource: 'boats', scope: 'Namespaced' }] },
    ],
  })
})

const farDocuments = Object.fromEntries(
  ['apis/far.example.com/v2', 'apis/far.example.com.other/v1', 'version'].map(name => [
    name,
    { serverRelativeURL: `/openapi/v3/${name}?hash=x` },
  ]),
)

test('its documents are found through this one, of its own groups alone', async () => {
  const { paths } = (await (await get('/openapi/v3')).json()) as { paths: Record<string, object> }
  expect(paths['apis/far.example.com/v2']).toEqual(farDocuments['apis/far.example.com/v2'])
  expect(paths['apis/far.example.com.other/v1']).toBeUndefined()
  expect(JSON.stringify(paths.version)).not.toContain('hash=x')
  const document = await get('/openapi/v3/apis/far.example.com/v2?hash=x')
  expect(await document.json()).toEqual({ asked: '/openapi/v3/apis/far.example.com/v2' })
  expect((await get('/openapi/v3/apis/nobody.example.com/v2')).status).toBe(404)
})

function get(path: string, headers: Record<string, string> = {}) {
  return fetch(address + path, { headers: { authorization: 'Bearer ann/crew', ...headers } })
}

test('requests go on with who asks, and with nobody who only claims to', async () => {
  const answer = await get('/apis/far.example.com/v1/namespaces/a/boats/b?x=%20y', {
    'x-remote-user': 'root',
    'x-custom': 'kept',
  })
  expect(await answer.json()).toEqual({ asked: '/apis/far.example.com/v1/namespaces/a/boats/b?x=%20y' })
  const { headers, isBelieved, method } = heard.at(-1)!
  expect({ isBelieved, method }).toEqual({ isBelieved: true, method: 'GET' })
  expect(headers).toMatchObject({
    'x-remote-user': 'ann',
    'x-remote-group': 'crew, system:authenticated',
    'x-custom': 'kept',
  })
  expect(headers.authorization).toBeUndefined()
})

test('bodies and failures pass as they are', async () => {
  const answer = await fetch(`${address}/apis/far.example.com/v1/namespaces/a/boats/none`, {
    method: 'PUT',
    body: '{"a":1}',
    headers: { authorization: 'Bearer ann', 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(404)
  await answer.body?.cancel()
  expect(heard.at(-1)).toMatchObject({ method: 'PUT', body: '{"a":1}' })
})

test('a redirect is not passed on', async () => {
  const answer = await fetch(`${address}/apis/far.example.com/v1/namespaces/a/boats/away`, {
    headers: { authorization: 'Bearer ann' },
    redirect: 'manual',
  })
  expect([answer.status, answer.headers.get('location'), await answer.text()]).toEqual([
    ...[502, null, 'the backend attempted to redirect this request, which is not permitted'],
  ])
})

test('a watch streams', async () => {
  const answer = await get('/apis/far.example.com/v1/boats?watch=1')
  const parts: string[] = []
  const decoder = new TextDecoder()
  for await (const part of answer.body!) parts.push(decoder.decode(part as Uint8Array))
  expect(parts.join('')).toBe('{"type":"ADDED"}\n{"type":"MODIFIED"}\n')
  expect(parts.length).toBe(2)
})

test('components of this process reach it as clients do', async () => {
  const boats = { group: 'far.example.com', version: 'v1', resource: 'boats', namespace: 'a' } as const
  const options = { labelSelector: 'a=b', limit: 5 }
  const listed = await server.admin.call({ ...boats, verb: 'list', options })
  expect(listed).toEqual({
    asked: '/apis/far.example.com/v1/namespaces/a/boats?labelSelector=a%3Db&limit=5',
  } as never)
  const body = { metadata: { labels: { c: 'd' } } } as never
  await server.admin.call({
    ...{ ...boats, verb: 'patch', name: 'b', body, patchType: 'application/merge-patch+json' },
  })
  expect(heard.at(-1)).toMatchObject({
    method: 'PATCH',
    headers: { 'content-type': 'application/merge-patch+json', 'x-remote-user': 'admin' },
    body: '{"metadata":{"labels":{"c":"d"}}}',
  })
  const missing = server.admin.call({ ...boats, verb: 'get', name: 'none' })
  await expect(missing).rejects.toMatchObject({ code: 404 })
  const types: string[] = []
  const sink = (events: readonly { type: string }[]) => void types.push(...events.map(({ type }) => type))
  await server.admin.watch({ ...boats, verb: 'watch' }, sink, new AbortController().signal)
  expect(types).toEqual(['ADDED', 'MODIFIED'])
})

test('its kinds are in the catalog that controllers read, and it is told when nobody knows them', async () => {
  const { catalog } = server
  const found = catalog.all().find(({ plural }) => plural === 'boats')
  expect(found).toEqual({
    ...{ group: 'far.example.com', version: 'v1', plural: 'boats', kind: 'Boat', namespaced: true },
    verbs: ['get', 'list', 'watch'],
  })
  expect(catalog.undiscovered?.()).toEqual([])
  let changes = 0
  const stop = catalog.onChange(() => changes++)
  await call('delete', 'services', { metadata: { name: 'far', namespace: 'tools' } })
  while ((await condition('v1.far.example.com')).value !== 'False') await Bun.sleep(10)
  expect(changes).toBeGreaterThan(0)
  expect(catalog.undiscovered?.()).toEqual(['far.example.com/v1'])
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'
  const { items } = (await (await get('/apis', { accept })).json()) as { items: object[] }
  expect(items.at(-1)).toEqual({
    metadata: { name: 'far.example.com' },
    versions: [{ version: 'v1', freshness: 'Stale' }],
  })
  stop()
  const away = { type: 'ExternalName', externalName: 'localhost', ports: [{ port: 443 }] }
  await call('create', 'services', { metadata: { name: 'far', namespace: 'tools' }, spec: away })
  while ((await condition('v1.far.example.com')).value !== 'True') await Bun.sleep(10)
})

test('a server whose certificate is not the one that was promised gets no requests', async () => {
  await call('delete', 'apiservices', far(), registration)
  await call('create', 'apiservices', far({ caBundle: undefined }), registration)
  while ((await condition('v1.far.example.com')).value !== 'True') await Bun.sleep(10)
  const answer = await get('/apis/far.example.com/v1/boats')
  expect(answer.status).toBe(503)
  expect(await answer.text()).toContain('x509: certificate signed by unknown authority')
})
