import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2Session,
  type SecureServerOptions,
} from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { SecureContext, TLSSocket, Server as TlsServer } from 'node:tls'
import type { Ports } from '../../std/ports.ts'
import { handshakeErrors } from '../metrics/specs.ts'
import { connectionOf } from './credential.ts'
import type { Front } from './front.ts'
import { screenHttp1, takeHttp1 } from './http1.ts'
import { StreamRequest, StreamResponse } from './http2-exchange.ts'
import { createIdleSweep } from './idle.ts'
import { type ChooseContext, contextChooser, type NamedCertificate, type TlsLimits } from './tls-choice.ts'

export interface TlsMaterial {
  /** PEM. */
  readonly key: string
  readonly cert: string
  /** Client certificates of these authorities are verified; others are refused later, by name. */
  readonly clientCa?: string | string[]
  /** Further certificates, for clients that ask for their names. */
  readonly named?: readonly NamedCertificate[]
}

export interface Listener {
  readonly port: number
  /** Counts for new connections; those that are open go on. Of a plain HTTP listener nothing. */
  setTls(tls: TlsMaterial): void
  /** Tells HTTP/2 clients to go elsewhere with their next request (GOAWAY); what is open goes on. */
  leave(): void
  /** Takes no new connections; those that are open go on. */
  stopListening(): void
  /** Ends connections: idle ones at once, others when their request is done or `graceMs` is over. */
  close(): Promise<void>
}

export type UpgradeHandler = (request: IncomingMessage, socket: Socket, head: Buffer) => Promise<void>

export interface ListenOptions {
  readonly front: Front
  readonly upgrade?: UpgradeHandler
  /** Absent: plain HTTP, for tests on loopback. */
  readonly tls?: TlsMaterial
  readonly limits?: ConnectionLimits
  readonly port: number
  readonly host: string
  readonly ports: Ports
}

/** What one connection may be. */
export interface ConnectionLimits extends TlsLimits {
  /** Part of the HTTP/2 requests after which their client is told to connect anew. Default 0. */
  readonly goawayChance?: number
  /** HTTP/2 requests at a time. Default 250. */
  readonly streamsMax?: number
  /** Default yes; without it clients speak HTTP/1.1. */
  readonly servesHttp2?: boolean
}

/** HTTP/2 and HTTP/1.1 over TLS on one port. Rejects when the port cannot be had. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { tls, limits = {} } = options
  let choose = chooserOf(tls)
  const server = tls
    ? secureServer(tls, limits, name => choose?.(name))
    : createServer({ maxHeaderSize: headerBytesMax })
  const idle = createIdleSweep(options.ports.clock)
  const opened = (connection: Socket | Http2Session, end: () => void) => {
    idle.opened(connection, end)
    ;(connection as Socket).on('close', () => idle.closed(connection))
  }
  const sockets = new Set<{ destroy(): void; destroyed: boolean }>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    if (!options.tls) opened(socket, () => socket.destroy())
  })
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.alpnProtocol !== 'h2') opened(socket, () => socket.destroy())
  })
  const sessions = new Set<Http2Session>()
  server.on('session', (session: Http2Session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
    opened(session, () => session.close())
  })
  const leaves = goaway(limits.goawayChance ?? 0, options.ports)
  const serve = (request: object, response: object) => {
    if (isHttp1(request) && !screenHttp1(request, response as never)) return
    const connection = connectionOf(request as never)
    const done = idle.busy(connection)
    const session = sessions.has(connection as Http2Session) ? (connection as Http2Session) : undefined
    if (session && leaves()) session.close()
    void options.front(request as never, response as never).then(end => {
      done()
      if (end === 'stranger') session?.close()
    })
  }
  server.on('request', serve)
  takeHttp1(server, serve)
  const { upgrade } = options
  if (upgrade)
    server.on('upgrade', (request, socket, head) => {
      idle.closed(socket as object)
      void upgrade(request as never, socket as never, head as never)
    })
  countHandshakes(server, options.ports)
  await bound(server, options)
  const stopListening = once(() => new Promise<void>(resolve => void server.close(() => resolve())))
  return {
    port: (server.address() as AddressInfo).port,
    setTls(next) {
      if (!tls) return
      const { key, cert, clientCa } = next
      choose = chooserOf(next)
      const context = clientCa === undefined ? { key, cert } : { key, cert, ca: clientCa }
      const secure = server as unknown as TlsServer
      secure.setSecureContext({ ...context, ...tlsOnly(limits) })
    },
    leave() {
      for (const session of sessions) session.close()
    },
    stopListening: () => void stopListening(),
    close() {
      idle.stop()
      const closed = stopListening()
      for (const socket of sockets) socket.destroy()
      return closed
    },
  }
}

function countHandshakes(server: HttpServer | Http2SecureServer, { metrics, log }: Ports): void {
  const failed = metrics.counter(handshakeErrors).with()
  server.on('tlsClientError', (error: Error) => {
    failed.inc()
    log.debug('TLS handshake failed', { error: error.message })
  })
}

function isHttp1(request: object): request is IncomingMessage {
  return !(request instanceof StreamRequest)
}

function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => {
    made ??= make()
    return made
  }
}

/** Go's DefaultMaxHeaderBytes: groups of impersonated users may be many. */
const headerBytesMax = 1 << 20
/** Streams of one HTTP/2 connection at a time; clients open another connection beyond. */
const usualStreamsMax = 250

function chooserOf({ named = [], clientCa }: Partial<TlsMaterial> = {}): ChooseContext | undefined {
  return named.length > 0 ? contextChooser(named, clientCa) : undefined
}

/** Whether the client of this request goes elsewhere with its next one (upstream's WithProbabilisticGoaway). */
function goaway(chance: number, { random }: Pick<Ports, 'random'>): () => boolean {
  return chance > 0 ? () => random.next() < chance : () => false
}

function tlsOnly({ ciphers, minVersion }: TlsLimits): TlsLimits {
  return { ...(ciphers && { ciphers }), ...(minVersion && { minVersion }) }
}

function secureServer(
  { key, cert, clientCa, named = [] }: TlsMaterial,
  limits: ConnectionLimits,
  choose: ChooseContext,
): Http2SecureServer {
  const clients = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }
  const { streamsMax = usualStreamsMax, servesHttp2 = true } = limits
  const bounds = { maxHeaderSize: headerBytesMax, settings: { maxConcurrentStreams: streamsMax } }
  const shared = {
    key,
    cert,
    allowHTTP1: true,
    ALPNProtocols: servesHttp2 ? ['h2', 'http/1.1'] : ['http/1.1'],
  }
  const exchange = {
    Http2ServerRequest: StreamRequest,
    Http2ServerResponse: StreamResponse,
    // What this server sends has each of its headers once.
    strictSingleValueFields: false,
  }
  const sni = {
    SNICallback: (name: string, answer: (error: Error | null, context?: SecureContext) => void) =>
      answer(null, choose(name)),
  }
  return createSecureServer({
    ...{ ...shared, ...exchange, ...bounds, ...clients, ...tlsOnly(limits) },
    ...(named.length > 0 && sni),
  } as unknown as SecureServerOptions)
}

function bound(server: HttpServer | Http2SecureServer, { port, host }: ListenOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(port, host, () => {
    server.off('error', reject)
    resolve()
  })
  return promise
}
