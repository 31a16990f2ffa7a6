/** CBOR over HTTP; texts and codes are those of a stock server with CBORServingAndStorage. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { decodeCbor, encodeCbor } from '../../machinery/codec/index.ts'
import type { KubeList, KubeObject } from '../../machinery/meta/object.ts'
import { realPorts } from '../../std/real-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const type = 'application/cbor'
const maps = '/api/v1/namespaces/default/configmaps'
const gadgets = '/apis/example.com/v1/namespaces/default/gadgets'

let server: TestServer
let root: string
beforeAll(async () => {
  server = await startTestServer({ ports: realPorts(), servesCbor: true })
  root = `http://127.0.0.1:${(await server.listen({ port: 0, host: '127.0.0.1' })).port}`
  await ask('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: definition })
  while ((await ask('GET', gadgets)).status === 404) await Bun.sleep(5)
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

const openAPIV3Schema = {
  type: 'object',
  properties: { spec: { type: 'object', properties: { size: { type: 'integer', format: 'int64' } } } },
}
const definition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', singular: 'gadget', kind: 'Gadget', listKind: 'GadgetList' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema } }],
  },
}

interface Asking {
  readonly body?: unknown
  readonly raw?: string
  readonly type?: string
  readonly accept?: string
}

async function ask(
  method: string,
  path: string,
  { body, raw, type: sent = type, accept = type }: Asking = {},
) {
  const bytes = raw === undefined ? body && encodeCbor(body) : Buffer.from(raw, 'hex')
  const headers = { authorization: 'Bearer tester', 'content-type': sent, accept }
  const response = await fetch(root + path, {
    method,
    headers,
    ...(bytes ? { body: bytes } : {}),
  } as RequestInit)
  const answer = new Uint8Array(await response.arrayBuffer())
  const isCbor = response.headers.get('content-type') === type
  const object = isCbor ? decodeCbor(answer) : undefined
  return { status: response.status, headers: response.headers, answer, object: object as KubeObject & Status }
}

interface Status {
  readonly message: string
}

const map = (name: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { a: 'b' },
})
const gadget = (name: string, more = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Gadget',
  metadata: { name },
  spec: { size: 2n ** 60n + 1n },
  ...more,
})

test('objects of built-in and custom kinds are read and written, with all digits', async () => {
  const made = await ask('POST', maps, { body: map('c') })
  expect(made.status).toBe(201)
  expect(made.object).toMatchObject({ kind: 'ConfigMap', data: { a: 'b' } } as object)
  expect((await ask('POST', gadgets, { body: gadget('g') })).object).toMatchObject({
    ...{ spec: { size: 2n ** 60n + 1n } },
  } as object)
  const list = (await ask('GET', gadgets)).object as unknown as KubeList
  expect(list.items).toHaveLength(1)
  const partial = await ask('GET', `${maps}/c`, {
    accept: `${type};as=PartialObjectMetadata;g=meta.k8s.io;v=v1`,
  })
  expect(partial.object.kind).toBe('PartialObjectMetadata')
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, data: { a: 'aGVsbG8=' } }
  const kept = await ask('POST', '/api/v1/namespaces/default/secrets', { body: secret })
  expect(kept.object).toMatchObject({ data: { a: 'aGVsbG8=' } } as object)
})

test('apply is taken in CBOR, of both sorts of kinds', async () => {
  const apply = { type: 'application/apply-patch+cbor' }
  const applied = await ask('PATCH', `${maps}/d?fieldManager=f`, { ...apply, body: map('d') })
  expect(applied.status).toBe(201)
  expect(applied.object.metadata.managedFields?.[0]?.operation).toBe('Apply')
  expect((await ask('PATCH', `${gadgets}/h?fieldManager=f`, { ...apply, body: gadget('h') })).status).toBe(
    201,
  )
  const broken = await ask('PATCH', `${maps}/d?fieldManager=f`, { ...apply, raw: 'ff' })
  expect(broken.object.message).toBe('error decoding YAML: cbor: unexpected "break" code')
})

test('a watch is a sequence of items', async () => {
  for (const path of [maps, gadgets]) {
    const { headers, answer } = await ask('GET', `${path}?watch=true&timeoutSeconds=1`)
    expect(headers.get('content-type')).toBe('application/cbor-seq')
    // Cut where the next item's mark stands at the same depth: items are told apart by reading them.
    const first = Buffer.from(answer).indexOf(Buffer.from('d9d9f7a24474797065', 'hex'), 3)
    const event = decodeCbor(answer.subarray(0, first < 0 ? undefined : first)) as {
      type: string
      object: KubeObject
    }
    expect(event.type).toBe('ADDED')
    expect(event.object.metadata.name).toBeString()
  }
})

describe('what cannot be read is refused in upstream words', () => {
  const known =
    'the object provided is unrecognized (must be of type ConfigMap): unable to determine group/version/kind: '
  const handled = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: '
  const cases: readonly (readonly [string, Asking, string])[] = [
    ['no CBOR', { raw: 'ff0001' }, `${known}cbor: unexpected "break" code (ff0001)`],
    [
      'a member twice',
      { raw: 'd9d9f7a2416101416102' },
      `${known}cbor: found duplicate map key "a" at map element index 1 (d9d9f7a2416101416102)`,
    ],
    [
      'a list',
      { body: [1] },
      `${known}cbor: cannot unmarshal array into Go value of type v1.TypeMeta (cannot decode CBOR array to struct without toarray option) (d9d9f78101)`,
    ],
    [
      'a wrong type',
      { body: { ...map('x'), data: { a: 1 } } },
      `${handled}cbor: cannot unmarshal positive integer into Go struct field v1.ConfigMap.data of type string`,
    ],
    [
      'an unknown field',
      { body: { ...map('x'), foo: 1 } },
      `${handled}strict decoding error: cbor: found unknown field at map element index 4`,
    ],
  ]
  test.each(cases)('%s', async (_name, asking, message) => {
    const { status, object } = await ask('POST', `${maps}?fieldValidation=Strict`, asking)
    expect([status, object.message]).toEqual([400, message])
  })

  test('a custom object without a kind', async () => {
    const { object } = await ask('POST', gadgets, { body: { metadata: { name: 'g2' } } })
    expect(object.message).toBe(
      "the object provided is unrecognized (must be of type Gadget): Object 'Kind' is missing in '55799({'metadata': {'name': 'g2'}})' (d9d9f7a1486d65746164617461a1446e616d65426732)",
    )
  })
})

test('where it is not offered, it is named among what is', async () => {
  const table = await ask('GET', maps, { accept: `${type};as=Table;g=meta.k8s.io;v=v1` })
  expect([table.status, Buffer.from(table.answer).toString()]).toEqual([
    406,
    expect.stringContaining(
      'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor',
    ),
  ])
  expect((await ask('POST', maps, { body: map('y'), type: 'text/plain' })).object.message).toEndWith(
    'application/json, application/yaml, application/vnd.kubernetes.protobuf, application/cbor',
  )
})

test('a server without the gate neither reads nor writes it', async () => {
  const plain = await startTestServer()
  const { port } = await plain.listen({ port: 0, host: '127.0.0.1' })
  const send = (init: RequestInit) => fetch(`http://127.0.0.1:${port}${maps}`, init)
  const authorization = 'Bearer tester'
  expect((await send({ headers: { authorization, accept: type } })).status).toBe(406)
  const body = encodeCbor(map('z')) as Uint8Array<ArrayBuffer>
  const headers = { authorization, 'content-type': type }
  expect((await send({ method: 'POST', headers, body })).status).toBe(415)
  const apply = { authorization, 'content-type': 'application/apply-patch+cbor' }
  expect(
    (
      await fetch(`http://127.0.0.1:${port}${maps}/z?fieldManager=f`, {
        method: 'PATCH',
        headers: apply,
        body,
      })
    ).status,
  ).toBe(415)
  await plain.shutdown()
})
