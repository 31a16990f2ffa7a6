import type { IncomingMessage, ServerResponse } from 'node:http'
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { TLSSocket, Server as TlsServer } from 'node:tls'
import { bearerToken } from '../../std/bearer-token.ts'
import { messageOf } from '../../std/message.ts'
import { createRequestMeter } from '../metrics/http-requests.ts'
import { ApiError } from './answer.ts'
import { attributesOf, type Gate } from './gate.ts'
import type { KubeletApi } from './handlers.ts'
import { refuseUpgrade, serveUpgrade } from './streaming.ts'

/** PEM. `clientCa` signs the client certificates that count. */
export interface ApiTls {
  readonly cert: string
  readonly key: string
  readonly clientCa: string
}

export interface ApiServerOptions {
  readonly api: KubeletApi
  readonly gate: Gate
  readonly tls: ApiTls
  readonly host: string
  readonly port: number
}

export interface ApiServer {
  readonly port: number
  /** Counts for new connections; those that are open go on. */
  setTls(tls: ApiTls): void
  close(): Promise<void>
}

type Request = IncomingMessage | Http2ServerRequest

/** The kubelet's HTTPS API: HTTP/1.1, HTTP/2, WebSocket and SPDY/3.1 on one port. */
export async function startApiServer({ api, gate, tls, host, port }: ApiServerOptions): Promise<ApiServer> {
  const server = createSecureServer({
    ...{ cert: tls.cert, key: tls.key, ca: tls.clientCa },
    ...{ requestCert: true, rejectUnauthorized: false, allowHTTP1: true },
  })
  const meter = createRequestMeter(api.options.ports)
  const sockets = new Set<Duplex>()
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
  })
  server.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    const done = meter(request.method, pathOf(request))
    void respond(api, gate, request, response as unknown as ServerResponse).finally(done)
  })
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const done = meter(request.method, pathOf(request))
    void upgrade(api, gate, { request, socket, head }).finally(done)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address()
  return {
    port: typeof address === 'object' && address ? address.port : port,
    setTls: ({ cert, key, clientCa }) =>
      (server as unknown as TlsServer).setSecureContext({ cert, key, ca: clientCa }),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function pathOf({ url }: Request): string {
  return (url ?? '/').split('?', 1)[0] ?? '/'
}

async function respond(
  api: KubeletApi,
  gate: Gate,
  request: Request,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://kubelet')
  const stop = new AbortController()
  response.on('close', () => stop.abort())
  try {
    await admit(gate, request, url)
    const { code, type, body } = await api.answer(url.pathname, url.searchParams, {
      method: request.method ?? 'GET',
      signal: stop.signal,
    })
    response.writeHead(code, { 'Content-Type': type })
    if (typeof body === 'string') return void response.end(body)
    // A log that is followed may be silent for long; the client waits for the head.
    response.flushHeaders?.()
    for await (const piece of body) {
      if (stop.signal.aborted) return
      if (!response.write(piece))
        await new Promise(resolve => response.once('drain', resolve).once('close', resolve))
    }
    response.end()
  } catch (error) {
    if (response.headersSent) return void response.end()
    response.writeHead(error instanceof ApiError ? error.code : 500, {
      'Content-Type': 'text/plain; charset=utf-8',
    })
    response.end(messageOf(error))
  }
}

async function upgrade(
  api: KubeletApi,
  gate: Gate,
  { request, socket, head }: { request: IncomingMessage; socket: Duplex; head: Buffer },
): Promise<void> {
  const url = new URL(request.url ?? '/', 'https://kubelet')
  socket.on('error', () => socket.destroy())
  try {
    await admit(gate, request, url)
    await serveUpgrade(api, { request, socket, head, url })
  } catch (error) {
    refuseUpgrade(socket, error)
  }
}

async function admit(gate: Gate, request: Request, url: URL): Promise<void> {
  const socket = request.socket as TLSSocket
  const subject = socket.authorized ? socket.getPeerCertificate?.()?.subject : undefined
  const organizations = subject?.O as string | readonly string[] | undefined
  const answer = await gate({
    certificate: subject && {
      commonName: String(subject.CN),
      organizations: typeof organizations === 'string' ? [organizations] : (organizations ?? []),
    },
    token: bearerToken(request.headers.authorization),
    ...attributesOf(request.method, url.pathname),
  })
  if (answer === 'unauthenticated') throw new ApiError(401, 'Unauthorized')
  if (answer !== 'allowed') throw new ApiError(403, answer.forbidden)
}
