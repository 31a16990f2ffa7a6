/** What hurts below HTTP's own rules: connections and frames that no client would make. Each answers when it is over. */
import { connect as connectHttp2 } from 'node:http2'
import { connect, type TLSSocket } from 'node:tls'
import type { connectionOf } from '../../bench/hutch-process.ts'
import { dice } from './dice.ts'

export type Connection = ReturnType<typeof connectionOf>

/** Opens `count` streams of one session and cancels each at once (CVE-2023-44487). */
export async function rapidReset({ server, tls }: Connection, count: number): Promise<void> {
  const session = connectHttp2(server, tls)
  session.on('error', () => {})
  for (let index = 0; index < count && !session.destroyed; index++) {
    const stream = session.request({ ':path': '/api/v1/pods?limit=1', ':method': 'GET' })
    stream.on('error', () => {})
    stream.close(8)
    // The client's own buffers are not what is attacked.
    if (index % 100 === 99) await Bun.sleep(1)
  }
  session.destroy()
}

/** A connection that speaks HTTP/1.1; resolves once TLS stands. */
function open({ server, tls }: Connection): Promise<TLSSocket> {
  const { hostname, port } = new URL(server)
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>()
  const options = { host: hostname, port: Number(port), ...tls, ALPNProtocols: ['http/1.1'] }
  const socket = connect(options, () => resolve(socket))
  socket.on('error', reject)
  return promise
}

/** Sends bytes and answers the first line that comes back; an empty text when the connection is just ended. */
export async function exchange(connection: Connection, bytes: string | Uint8Array): Promise<string> {
  const socket = await open(connection)
  const { promise, resolve } = Promise.withResolvers<string>()
  socket.on('data', chunk => resolve(String(chunk).split('\r\n', 1)[0]!))
  socket.on('close', () => resolve(''))
  socket.on('error', () => resolve(''))
  socket.write(bytes)
  const timer = setTimeout(() => resolve('nothing'), 5_000)
  const line = await promise
  clearTimeout(timer)
  socket.destroy()
  return line
}

/** More headers, and longer ones, than any request has. */
export function headerFloods(): readonly string[] {
  const start = 'GET /api HTTP/1.1\r\nHost: x\r\n'
  // As upstream it is their size that is bounded, at a megabyte, not how many there are.
  const many = Array.from({ length: 100_000 }, (_, at) => `x-${at}: ${at}\r\n`).join('')
  return [
    `${start}${many}\r\n`,
    `${start}x: ${'y'.repeat(2 << 20)}\r\n\r\n`,
    `GET /${'a'.repeat(2 << 20)} HTTP/1.1\r\n\r\n`,
  ]
}

/** Opens many connections that send a byte now and then and never a whole request; the answer ends them. */
export async function slowLoris(connection: Connection, count: number): Promise<() => void> {
  const sockets = await Promise.all(Array.from({ length: count }, () => open(connection)))
  for (const socket of sockets) {
    socket.on('error', () => {})
    socket.write(
      'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n{',
    )
  }
  const drip = setInterval(() => {
    for (const socket of sockets) if (!socket.destroyed) socket.write(' ')
  }, 200)
  return () => {
    clearInterval(drip)
    for (const socket of sockets) socket.destroy()
  }
}

/** Upgrades with random frames behind them; `number` makes the same bytes again. */
export function brokenUpgrade(number: number): Uint8Array {
  const chance = dice(number)
  const path = chance.pick([
    '/api/v1/namespaces/default/pods/none/exec?command=a&stdin=true',
    '/api/v1/namespaces/default/pods/none/portforward',
    '/api/v1/namespaces/default/pods?watch=true',
    '/api/v1/nodes/none/proxy/',
  ])
  const protocol = chance.pick(['websocket', 'SPDY/3.1', 'h2c', '', 'websocket, SPDY/3.1'])
  const wanted = chance.pick(['v5.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io', 'v4.channel.k8s.io', ',,,'])
  const head = [
    `${chance.pick(['GET', 'POST', 'PUT'])} ${path} HTTP/1.1`,
    'Host: x',
    'Connection: Upgrade',
    `Upgrade: ${protocol}`,
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${chance.pick(['dGhlIHNhbXBsZSBub25jZQ==', 'x', ''])}`,
    `Sec-WebSocket-Protocol: ${wanted}`,
    `X-Stream-Protocol-Version: ${wanted}`,
  ].join('\r\n')
  const frames = Uint8Array.from({ length: chance.number(400) }, () => chance.number(256))
  return Buffer.concat([Buffer.from(`${head}\r\n\r\n`), frames])
}
