import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createServer, request as httpRequest, type Server } from 'node:http'
import { connect } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { realPorts } from '../../std/real-ports.ts'
import type { Handler } from '../context.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { forward } from '../subresources/forward.ts'
import { bodyBytesMax } from './body.ts'
import { createDrain } from './drain.ts'
import { createFront } from './front.ts'
import { type Listener, listen } from './listen.ts'

const ports = realPorts()
const proxied = '/api/v1/namespaces/a/pods/b/proxy/x'
/** Says how many bytes it was sent, and how that was announced. */
let backend: Server
let plain: Listener
let secure: Listener
let ca = ''

beforeAll(async () => {
  backend = createServer((request, response) => {
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
    })
    const { 'content-length': length, 'transfer-encoding': coding } = request.headers
    request.on('end', () => response.end(`${request.method} ${bytes} ${length ?? coding ?? '-'}`))
  })
  const bound = Promise.withResolvers<void>()
  backend.listen(0, '127.0.0.1', bound.resolve)
  await bound.promise
  const { port } = backend.address() as AddressInfo
  const endpoint = { host: '127.0.0.1', port }
  const handler: Handler = async context => {
    await context.receive?.(context)
    if (context.body.kind === 'bytes') return { kind: 'raw', status: 200, contentType: '', body: 'was read' }
    return forward(context, { endpoint, method: context.method ?? '', path: '/x' })
  }
  const drain = createDrain(ports.clock, 0)
  const stopping = new AbortController().signal
  const front = createFront({ handler, ports, drain, stopping, requestTimeoutMs: 60_000 })
  const context = { nowMs: ports.clock.nowMs(), random: ports.random }
  const authority = await issueCa('test-ca', context)
  const subject = { commonName: 'server', organizations: [], names: ['127.0.0.1'] }
  const leaf = await issueLeaf(authority, { ...subject, uses: ['serverAuth'] }, context)
  ca = authority.certificate
  plain = await listen({ front, ports, host: '127.0.0.1', port: 0 })
  const tls = { cert: leaf.certificate, key: leaf.key }
  secure = await listen({ front, ports, host: '127.0.0.1', port: 0, tls })
}, 120_000)

afterAll(async () => {
  await Promise.all([plain.close(), secure.close()])
  backend.close()
}, 120_000)

/** By HTTP/1.1; without `length` the body goes in chunks. */
function send(method: string, path: string, body: Buffer, length?: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const headers = length === undefined ? { 'transfer-encoding': 'chunked' } : { 'content-length': length }
  const asked = httpRequest({ host: '127.0.0.1', port: plain.port, method, path, headers }, response => {
    let text = ''
    response.on('data', chunk => {
      text += String(chunk)
    })
    response.on('end', () => resolve(text))
  })
  asked.on('error', reject)
  asked.end(body)
  return promise
}

function sendByHttp2(path: string, body: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const session = connect(`https://127.0.0.1:${secure.port}`, { ca })
  const stream = session.request({ ':method': 'POST', ':path': path })
  let text = ''
  stream.on('data', chunk => {
    text += String(chunk)
  })
  stream.on('end', () => resolve(text))
  stream.on('error', reject)
  stream.end(body)
  return promise.finally(() => session.close())
}

const large = Buffer.alloc(bodyBytesMax + 1_000_000, 'x')

test.each([
  ['POST', large],
  ['GET', Buffer.from('{"query":1}')],
  ['OPTIONS', Buffer.from('x')],
] as const)(
  'a %s to a proxy takes its body along, of any size',
  async (method, body) => {
    expect(await send(method, proxied, body, body.length)).toBe(`${method} ${body.length} ${body.length}`)
    expect(await send(method, proxied, body)).toBe(`${method} ${body.length} chunked`)
  },
  120_000,
)

test('so it does over HTTP/2', async () => {
  expect(await sendByHttp2(proxied, large)).toBe(`POST ${large.length} chunked`)
}, 120_000)

test('without a body none is announced', async () => {
  expect(await send('GET', proxied, Buffer.alloc(0), 0)).toBe('GET 0 -')
}, 120_000)

test('what only looks like a proxy is read here, within the limit', async () => {
  const map = '/api/v1/namespaces/a/configmaps/proxy'
  expect(await send('PUT', map, Buffer.from('x'), 1)).toBe('was read')
  expect(await send('PUT', map, large, large.length)).toContain('limit is 3145728')
}, 120_000)
