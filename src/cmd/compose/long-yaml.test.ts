import { afterAll, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { startTestServer, type TestServer } from '../../server/testing.ts'
import { realClock, realPorts } from '../../std/real-ports.ts'
import { createLongYaml } from './long-yaml.ts'

const yaml = createLongYaml(realClock)
let server: TestServer | undefined
afterAll(() => server?.shutdown(), 60_000)

test('what is read and printed in the Worker is what the library makes of it, exact integers and faults too', async () => {
  expect(await yaml.read('a: yes\nb: 12:30\nb: 1\n')).toEqual({
    json: '{"a":true,"b":1}',
    strictErrors: ['yaml: unmarshal errors:\n  line 3: key "b" already set in map'],
  })
  // Bun's `rejects` stops the event loop until there is an outcome, and with it the Worker's messages.
  expect(await yaml.read('a: [').catch(String)).toContain('DecodeError: yaml: line 1:')
  expect(await yaml.print('{"b":[{"n":9007199254740993}],"a10":"yes","a9":null}')).toBe(
    'a9: null\na10: "yes"\nb:\n- "n": 9007199254740993\n',
  )
}, 60_000)

test('a server takes and gives long YAML that it has not read itself', async () => {
  server = await startTestServer({ ports: realPorts(), longYaml: yaml })
  const { port } = await server.listen({ port: 0, host: '127.0.0.1' })
  const path = `http://127.0.0.1:${port}/api/v1/namespaces/default/configmaps`
  const keys = Array.from({ length: 3_000 }, (_, at) => `key-${at}`)
  const body = `metadata:\n  name: long\ndata:\n${keys.map(key => `  ${key}: "on, ${key}, as a text of some length"\n`).join('')}`
  const type = 'application/yaml'
  const headers = { 'content-type': type, accept: type, authorization: 'Bearer admin' }
  const created = await fetch(path, { method: 'POST', headers, body })
  expect(created.status).toBe(201)
  expect(created.headers.get('content-type')).toBe('application/yaml')
  expect(await created.text()).toContain(
    '  key-9: on, key-9, as a text of some length\n  key-10: on, key-10,',
  )
  const broken = await fetch(path, { method: 'POST', headers, body: `${body}  - nothing\n` })
  expect(broken.status).toBe(400)
  for (const name of Array.from({ length: 40 }, (_, at) => `short-${at}`))
    await fetch(path, { method: 'POST', headers, body: `metadata: {name: ${name}}\n` })
  const list = await (await fetch(path, { headers })).text()
  const { items } = Bun.YAML.parse(list) as { items: { metadata: { name: string } }[] }
  expect(items.map(({ metadata }) => metadata.name)).toContain('short-39')
  expect(items.length).toBeGreaterThanOrEqual(41)
  const raw = async (url: string) => {
    const answer = await fetch(url, { headers: { ...headers, 'accept-encoding': 'gzip' }, decompress: false })
    return { coding: answer.headers.get('content-encoding'), bytes: Buffer.from(await answer.arrayBuffer()) }
  }
  for (const url of [path, `${path}/long`]) {
    const { coding, bytes } = await raw(url)
    expect(coding).toBe('gzip')
    expect(gunzipSync(bytes).toString()).toContain('  key-2999: on, key-2999,')
  }
  const short = await raw(`${path}?labelSelector=none`)
  expect(short.coding).toBeNull()
  expect(short.bytes.toString()).toContain('items: []')
}, 60_000)
