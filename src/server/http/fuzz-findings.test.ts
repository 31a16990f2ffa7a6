/** What the fuzzer once found, each for itself: a request of such a shape is refused and nothing worse. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { limitRanges } from '../../api/core/limit-range.ts'
import { encodeProtobuf } from '../../machinery/codec/index.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const json = 'application/json'
let server: TestServer
let root: string
beforeAll(async () => {
  server = await startTestServer()
  root = `http://127.0.0.1:${(await server.listen({ port: 0, host: '127.0.0.1' })).port}`
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

async function send(method: string, path: string, type: string, body?: string | Uint8Array) {
  const headers = { authorization: 'Bearer tester', 'content-type': type }
  const response = await fetch(root + path, {
    method,
    headers,
    ...(body !== undefined && { body }),
  } as RequestInit)
  return { status: response.status, text: await response.text() }
}

test('a quantity in protobuf that is none', async () => {
  const limits = [{ type: 'Pod', max: { cpu: 'one' } }]
  const object = { apiVersion: 'v1', kind: 'LimitRange', metadata: { name: 'l' }, spec: { limits } }
  const bytes = encodeProtobuf(limitRanges.schema, object)
  const path = '/api/v1/namespaces/default/limitranges'
  const { status, text } = await send('POST', path, 'application/vnd.kubernetes.protobuf', bytes)
  expect([status, text]).toEqual([
    400,
    expect.stringContaining('quantities must match the regular expression'),
  ])
})

test('a type of addresses with the name of a prototype', async () => {
  const slice = {
    metadata: { name: 's' },
    addressType: '__proto__',
    endpoints: [{ addresses: ['10.1.2.3'] }],
  }
  const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices'
  expect((await send('POST', path, 'application/json', JSON.stringify(slice))).status).toBe(422)
})

test('an applied object whose version is no text', async () => {
  const body = '{"apiVersion":{"toString":false},"kind":"ConfigMap","metadata":{"name":"c"}}'
  const path = '/api/v1/namespaces/default/configmaps/c?fieldManager=f'
  const { status } = await send('PATCH', path, 'application/apply-patch+yaml', body)
  expect(status).toBe(400)
})

test('bytes that are null', async () => {
  const at = (kind: string, body: object) =>
    send('POST', `/api/v1/namespaces/default/${kind}`, 'application/json', JSON.stringify(body))
  const type = 'kubernetes.io/dockercfg'
  const codes = [
    await at('secrets', { metadata: { name: 'a' }, data: { a: null } }),
    await at('secrets', { metadata: { name: 'b' }, type, data: { '.dockercfg': null } }),
    await at('configmaps', { metadata: { name: 'a' }, binaryData: { a: null } }),
  ].map(({ status }) => status)
  expect(codes).toEqual([201, 422, 201])
})

test('a bound of a resource with the name of a prototype', async () => {
  const item = '{"type":"Container","max":{"cpu":"2"},"min":{"memory":"1Mi","__proto__":"1"}}'
  const body = `{"metadata":{"name":"l"},"spec":{"limits":[${item}]}}`
  const path = '/api/v1/namespaces/default/limitranges'
  expect((await send('POST', path, 'application/json', body)).status).toBe(422)
})

test('a definition with more items than a number can count', async () => {
  const list = '{"type":"array","items":{"type":"string"},"maxItems":9007199254740994}'
  const spec = `{"type":"object","properties":{"list":${list}}}`
  const schema = `{"type":"object","properties":{"spec":${spec}},"x-kubernetes-validations":[{"rule":"self.spec.list.size() > 0"}]}`
  const versions = `[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":${schema}}}]`
  const names = '{"plural":"counts","kind":"Count"}'
  const body = `{"metadata":{"name":"counts.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":${names},"versions":${versions}}}`
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  const { status, text } = await send('POST', path, 'application/json', body)
  expect([status, text]).toEqual([201, expect.any(String)])
})

test('an applied time that is none, where others wrote in another version', async () => {
  const about = { kind: 'Pod', name: 'p', namespace: 'default' }
  const event = { metadata: { name: 'torn', namespace: 'default' }, involvedObject: about, reason: 'Started' }
  const made = await send(
    'POST',
    '/api/v1/namespaces/default/events',
    'application/json',
    JSON.stringify(event),
  )
  expect(made.status).toBe(201)
  const apply = { apiVersion: 'events.k8s.io/v1', kind: 'Event', metadata: { name: 'torn' }, eventTime: 'x' }
  const path = '/apis/events.k8s.io/v1/namespaces/default/events/torn?fieldManager=f&force=true'
  const { text } = await send('PATCH', path, 'application/apply-patch+yaml', JSON.stringify(apply))
  // Upstream's own 500, by its words.
  expect(text).toContain(
    'failed to convert new object (/torn; events.k8s.io/v1, Kind=Event) to proper version: ',
  )
})

test('a parameter with the name of a prototype', async () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    const { status } = await send('GET', `/api/v1/namespaces/default/configmaps?${name}=x`, json)
    expect([name, status]).toEqual([name, 200])
  }
})

test('a format with the name of a prototype', async () => {
  for (const [at, format] of ['__proto__', 'constructor', 'toString'].entries()) {
    const spec = { type: 'object', properties: { a: { type: 'string', format } } }
    const rules = { 'x-kubernetes-validations': [{ rule: 'self.spec.a != "b"' }] }
    const openAPIV3Schema = { type: 'object', properties: { spec }, required: ['spec'], ...rules }
    const definition = {
      metadata: { name: `f${at}s.formats.example.com` },
      spec: {
        group: 'formats.example.com',
        scope: 'Namespaced',
        names: { plural: `f${at}s`, kind: `F${at}` },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
      },
    }
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
    const { status, text } = await send('POST', path, json, JSON.stringify(definition))
    expect([status, text]).toEqual([201, expect.stringContaining(`"format":"${format}"`)])
  }
})
