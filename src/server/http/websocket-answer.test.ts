import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { WebSocket } from 'ws'
import { simPorts } from '../../std/sim-ports.ts'
import type { Response } from '../context.ts'
import { createUpgradeHandler } from './upgrade.ts'

let server: Server
let address: string

beforeAll(async () => {
  const body = () => new Blob(['one\n', 'two\n']).stream()
  const handler = async (): Promise<Response> => ({
    ...{ kind: 'raw', status: 200, contentType: 'text/plain', body: body() },
  })
  const serve = createUpgradeHandler({ handler, ports: simPorts(1), stopping: new AbortController().signal })
  server = createServer().on('upgrade', (request, socket, head) => void serve(request, socket as never, head))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  address = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/namespaces/a/pods/b/log`
}, 120_000)

afterAll(() => void server.close(), 120_000)

function read(protocols: string[]): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = new WebSocket(address, protocols)
  let text = ''
  socket.on('message', (message: Buffer) => {
    text += socket.protocol.startsWith('base64') ? atob(message.toString()) : message.toString()
  })
  socket.on('error', error => resolve(error.message))
  socket.on('close', () => resolve(text))
  return promise
}

test('a plain answer goes over a WebSocket, in bytes or base64, until it ends', async () => {
  expect(await read([])).toBe('one\ntwo\n')
  expect(await read(['binary.k8s.io'])).toBe('one\ntwo\n')
  expect(await read(['base64.binary.k8s.io'])).toBe('one\ntwo\n')
})

test('protocols that nobody knows are refused', async () => {
  expect(await read(['other.k8s.io'])).toContain('400')
})

test('a broken frame of the client ends its WebSocket and nothing else', async () => {
  const { port } = server.address() as AddressInfo
  const heard = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', chunk => {
    text += chunk.toString('latin1')
  })
  socket.on('close', () => heard.resolve(text))
  const head = [
    'GET /api/v1/namespaces/a/pods/b/log HTTP/1.1',
    'Host: a',
    'Connection: Upgrade',
    'Upgrade: websocket',
  ]
  const key = ['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
  // A client has to mask what it sends.
  socket.write(`${[...head, ...key].join('\r\n')}\r\n\r\n\x81\x01a`)
  expect(await heard.promise).toStartWith('HTTP/1.1 101')
})
