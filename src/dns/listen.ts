import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import type { Logger } from '../std/ports.ts'
import { fitted } from './reply.ts'
import { framed } from './upstream.ts'

export interface DnsListener {
  /** The port in use: the asked one, or the system's choice for 0. */
  readonly port: number
  close(): Promise<void>
}

type Reply = (query: Uint8Array) => Promise<Uint8Array | undefined>

const connectionsMax = 256
const idleMaxMs = 10_000

/** Serves DNS over UDP and TCP on one address. Rejects when the port is taken. */
export async function listenDns(host: string, port: number, reply: Reply, log: Logger): Promise<DnsListener> {
  const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4')
  await new Promise<void>((resolve, reject) => {
    udp.once('error', reject)
    udp.bind(port, host, resolve)
  })
  udp.on('error', error => log.warn('DNS socket failed', { error: error.message }))
  udp.on('message', (query, from) => {
    reply(query).then(
      answer => answer && udp.send(fitted(answer, query), from.port, from.address),
      error => log.warn('DNS query failed', { error: String(error) }),
    )
  })
  const bound = udp.address().port
  const tcp = createServer(socket => serveConnection(socket, reply, log))
  tcp.maxConnections = connectionsMax
  await new Promise<void>((resolve, reject) => {
    tcp.once('error', reject)
    tcp.listen(bound, host, resolve)
  })
  return {
    port: bound,
    close: async () => {
      await Promise.all([
        new Promise<void>(done => udp.close(() => done())),
        new Promise<void>(done => tcp.close(() => done())),
      ])
    },
  }
}

function serveConnection(socket: Socket, reply: Reply, log: Logger): void {
  let received = Buffer.alloc(0)
  socket.setTimeout(idleMaxMs, () => socket.destroy())
  socket.on('error', error => log.debug('DNS connection ended', { error: error.message }))
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const query = received.subarray(2, 2 + received.readUInt16BE(0))
      received = received.subarray(2 + query.length)
      reply(query).then(
        answer => answer && socket.writable && socket.write(framed(answer)),
        error => log.warn('DNS query failed', { error: String(error) }),
      )
    }
  })
}
