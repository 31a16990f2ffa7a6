/** Integers beyond 2^53 keep every digit on each way in and out, as Go's int64 does. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { configMaps } from '../../api/core/config-map.ts'
import { decodeProtobuf, encodeProtobuf } from '../../machinery/codec/index.ts'
import { realPorts } from '../../std/real-ports.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const long = '9007199254740993'
const longer = '9223372036854775807'

let server: TestServer
let root: string
beforeAll(async () => {
  server = await startTestServer({ ports: realPorts() })
  root = `http://127.0.0.1:${(await server.listen({ port: 0, host: '127.0.0.1' })).port}`
  await send('POST', definitions, definition)
  while ((await ask('GET', gadgets)).status === 404) await Bun.sleep(5)
}, 120_000)
afterAll(() => server.shutdown(), 120_000)

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const gadgets = '/apis/example.com/v1/namespaces/default/gadgets'
const maps = '/api/v1/namespaces/default/configmaps'

const size = { type: 'integer', format: 'int64', default: 1, maximum: 2 ** 63 }
const rule = { rule: `self.spec.size != ${long} - 1`, message: 'one less' }
const definition = JSON.stringify({
  metadata: { name: 'gadgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'gadgets', kind: 'Gadget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            'x-kubernetes-validations': [rule],
            properties: {
              spec: {
                type: 'object',
                properties: {
                  size,
                  set: { type: 'array', items: { type: 'integer' }, 'x-kubernetes-list-type': 'set' },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                },
              },
            },
          },
        },
      },
    ],
  },
})

function ask(method: string, path: string, body?: string | Uint8Array, headers: Record<string, string> = {}) {
  const all = { authorization: 'Bearer tester', 'content-type': 'application/json', ...headers }
  return fetch(root + path, { method, headers: all, ...(body !== undefined && { body }) } as RequestInit)
}

async function send(...args: Parameters<typeof ask>): Promise<string> {
  const response = await ask(...args)
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return text
}

const gadget = (name: string, spec: string) =>
  `{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"${name}"},"spec":${spec}}`
const patchType = (name: string) => ({ 'content-type': `application/${name}` })

test('a custom object keeps them in typed and in free fields, in JSON, YAML, lists and tables', async () => {
  const spec = `{"size":${long},"set":[${long},${longer}],"free":{"a":[-${long}]}}`
  const made = await send('POST', gadgets, gadget('a', spec))
  for (const part of [`"size":${long}`, `[${long},${longer}]`, `-${long}`]) expect(made).toContain(part)
  expect(await send('GET', `${gadgets}/a`)).toBe(made)
  expect(await send('GET', gadgets)).toContain(`"size":${long}`)
  const yaml = await send('GET', `${gadgets}/a`, undefined, { accept: 'application/yaml' })
  expect(yaml).toContain(`size: ${long}\n`)
  const table = await send('GET', gadgets, undefined, {
    accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
  })
  expect(table).toContain(`["a",${long}]`)
  const again = yaml.replace('name: a\n', 'name: b\n').replace(/^ {2}(resourceVersion|uid): .*\n/gm, '')
  expect(await send('POST', gadgets, again, patchType('yaml'))).toContain(`"size":${long}`)
})

test('patches of all languages carry them', async () => {
  await send('POST', gadgets, gadget('p', '{}'))
  const path = `${gadgets}/p`
  expect(await send('PATCH', path, `{"spec":{"size":${longer}}}`, patchType('merge-patch+json'))).toContain(
    `"size":${longer}`,
  )
  const operations = [
    `{"op":"test","path":"/spec/size","value":${longer}}`,
    `{"op":"replace","path":"/spec/size","value":${long}}`,
    '{"op":"copy","from":"/spec/size","path":"/spec/free"}',
  ]
  const other = [operations[0]!.replace(longer, `${BigInt(longer) - 1n}`)]
  const json = patchType('json-patch+json')
  expect((await ask('PATCH', path, `[${other}]`, json)).status).toBe(422)
  const swapped = operations.slice(0, 2)
  expect(await send('PATCH', path, `[${swapped}]`, json)).toContain(`"size":${long}`)
  const applied = gadget('p', `{"size":${longer},"set":[${longer},1]}`)
  const apply = patchType('apply-patch+yaml')
  const after = await send('PATCH', `${path}?fieldManager=f&force=true`, applied, apply)
  expect(after).toContain(`"size":${longer}`)
  expect(after).toContain(`v:${longer}`)
})

test('rules see them as they are', async () => {
  const refused = await ask('POST', gadgets, gadget('r', `{"size":${BigInt(long) - 1n}}`))
  expect(refused.status).toBe(422)
  expect(await refused.text()).toContain('one less')
  const floating = await ask('POST', gadgets, gadget('r', '{"size":1.5}'))
  expect(floating.status).toBe(422)
})

test('int64 fields of built-in kinds keep them in JSON and protobuf; what is beyond int64 is refused', async () => {
  const body = (generation: string) => `{"metadata":{"generateName":"m-","generation":${generation}}}`
  expect(await send('POST', maps, body(long))).toContain(`"generation":${long}`)
  const protobuf = { 'content-type': 'application/vnd.kubernetes.protobuf' }
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'q', generation: BigInt(longer) } }
  const bytes = encodeProtobuf(configMaps.schema, object)
  expect(await send('POST', maps, bytes, protobuf)).toContain(`"generation":${longer}`)
  const answer = await ask('GET', `${maps}/q`, undefined, { accept: protobuf['content-type'] })
  const read = decodeProtobuf(configMaps.schema, new Uint8Array(await answer.arrayBuffer()))
  expect((read.metadata as { generation?: unknown }).generation).toBe(BigInt(longer))
  const beyond = await ask('POST', maps, body(`${BigInt(longer) + 1n}`))
  expect(beyond.status).toBe(400)
})

test('a pod that is deleted with such a grace goes its way', async () => {
  const containers = [{ name: 'c', image: 'i' }]
  const pod = { metadata: { name: 'p' }, spec: { containers, nodeName: 'n' } }
  const text = JSON.stringify(pod).replace('"nodeName"', `"terminationGracePeriodSeconds":${long},"nodeName"`)
  const pods = '/api/v1/namespaces/default/pods'
  expect(await send('POST', pods, text)).toContain(`"terminationGracePeriodSeconds":${long}`)
  expect((await ask('DELETE', `${pods}/p`)).status).toBeLessThan(500)
})
