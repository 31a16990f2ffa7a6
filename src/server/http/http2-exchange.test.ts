import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ClientHttp2Session, connect, type OutgoingHttpHeaders } from 'node:http2'
import { realPorts } from '../../std/real-ports.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { startTestServer, type TestServer } from '../testing.ts'

let server: TestServer
let session: ClientHttp2Session

beforeAll(async () => {
  const ports = realPorts()
  server = await startTestServer({ ports })
  const context = { nowMs: ports.clock.nowMs(), random: ports.random }
  const ca = await issueCa('test-ca', context)
  const subject = { commonName: 'server', organizations: [], names: ['127.0.0.1'] }
  const leaf = await issueLeaf(ca, { ...subject, uses: ['serverAuth'] }, context)
  const tls = { cert: leaf.certificate, key: leaf.key }
  const { port } = await server.listen({ host: '127.0.0.1', port: 0, tls })
  session = connect(`https://127.0.0.1:${port}`, { ca: ca.certificate })
  session.on('error', () => {})
}, 120_000)

afterAll(async () => {
  session.destroy()
  await server.shutdown()
}, 120_000)

interface Heard {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: string
  readonly informed: readonly number[]
}

function ask(path: string, more: OutgoingHttpHeaders = {}, body?: string): Promise<Heard> {
  const { promise, resolve, reject } = Promise.withResolvers<Heard>()
  const stream = session.request({ ':path': path, authorization: 'Bearer admin/system:masters', ...more })
  const informed: number[] = []
  let headers: OutgoingHttpHeaders = {}
  let text = ''
  stream.on('headers', early => informed.push(Number(early[':status'])))
  stream.on('response', found => {
    headers = found
  })
  stream.on('data', chunk => {
    text += String(chunk)
  })
  stream.on('end', () => resolve({ status: Number(headers[':status']), headers, body: text, informed }))
  stream.on('error', reject)
  stream.end(body)
  return promise
}

const maps = '/api/v1/namespaces/default/configmaps'
const json = { 'content-type': 'application/json' }

test('bodies go both ways, whatever their size', async () => {
  const data = { small: 'x', large: 'y'.repeat(500_000) }
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data })
  const made = await ask(maps, { ':method': 'POST', ...json }, text)
  expect(made.status).toBe(201)
  const read = await ask(`${maps}/a`)
  expect(JSON.parse(read.body).data).toEqual(data)
  expect(read.headers['audit-id']).toBeString()
  expect(read.headers.date).toBeString()
}, 120_000)

test('HEAD is answered without a body, a bad request with a Status', async () => {
  expect(await ask('/healthz', { ':method': 'HEAD' })).toMatchObject({ status: 200, body: '' })
  const bad = await ask(maps, { ':method': 'POST', ...json }, '{')
  expect(bad.status).toBe(400)
  expect(JSON.parse(bad.body).kind).toBe('Status')
}, 120_000)

test('a client that waits for leave to send its body gets it', async () => {
  const text = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'b' } })
  const made = await ask(maps, { ':method': 'POST', expect: '100-continue', ...json }, text)
  expect(made).toMatchObject({ status: 201, informed: [100] })
}, 120_000)

test('a watch goes on until its client leaves, and the connection with it', async () => {
  const stream = session.request({ ':path': `${maps}?watch=1`, authorization: 'Bearer admin' })
  const first = Promise.withResolvers<string>()
  stream.on('data', chunk => first.resolve(String(chunk)))
  expect(await first.promise).toStartWith('{"type":"ADDED"')
  const closed = Promise.withResolvers<void>()
  stream.on('close', closed.resolve)
  stream.close()
  await closed.promise
  expect((await ask('/livez')).body).toBe('ok')
}, 120_000)

test('a stream that is reset before its body is there harms nobody', async () => {
  const stream = session.request({ ':method': 'POST', ':path': maps, authorization: 'Bearer admin', ...json })
  stream.on('error', () => {})
  stream.write('{"kind":')
  const closed = Promise.withResolvers<void>()
  stream.on('close', closed.resolve)
  stream.close(8)
  await closed.promise
  expect((await ask('/livez')).body).toBe('ok')
}, 120_000)
