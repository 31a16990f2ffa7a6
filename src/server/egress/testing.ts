import { connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { type Server as GrpcServer, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { bytesAt, decodeMessage, encodeMessage } from '../local-grpc/message.ts'

/** A proxy for tests: leads every dial to `target`, unless it is to a host that begins with `refused`. */
export interface TestProxy {
  /** Where it was asked to connect to. */
  readonly asked: string[]
  stop(): void
}

interface Place {
  /** A socket; absent: a port of loopback. */
  readonly path?: string
  readonly tls?: TlsOptions
}

/** Speaks HTTP CONNECT. */
export async function serveConnect(target: () => number, { path, tls }: Place = {}) {
  const asked: string[] = []
  const serve = (client: Socket) => {
    client.on('error', () => client.destroy())
    client.once('data', head => {
      const [, to = ''] =
        /^CONNECT (\S+) HTTP\/1\.1\r\nHost: 127\.0\.0\.1\r\n\r\n$/.exec(head.toString()) ?? []
      asked.push(to)
      if (to.startsWith('refused')) return void client.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      const behind = connect(target(), '127.0.0.1', () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        client.pipe(behind).pipe(client)
      })
      behind.on('error', () => client.destroy())
      client.on('close', () => behind.destroy())
    })
  }
  const server: Server = tls ? createTlsServer(tls, serve) : createServer(serve)
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(path ?? { port: 0, host: '127.0.0.1' }, () => resolve())
  await promise
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  return { asked, port, stop: () => void server.close() } satisfies TestProxy & { port: number }
}

type Stream = ServerDuplexStream<Buffer, Buffer>

/** Speaks the protocol of the konnectivity proxy server at a socket. */
export async function serveKonnectivity(target: () => number, path: string): Promise<TestProxy> {
  const grpc = await import('@grpc/grpc-js')
  const asked: string[] = []
  const server: GrpcServer = new grpc.Server()
  const same = (bytes: Buffer) => bytes
  const forms = {
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  }
  const method = { path: '/ProxyService/Proxy', requestStream: true, responseStream: true, ...forms }
  server.addService({ proxy: method }, { proxy: (stream: Stream) => serveTunnel(stream, target, asked) })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), error =>
    error ? reject(error) : resolve(),
  )
  await promise
  return { asked, stop: () => server.forceShutdown() }
}

const connection = 17

function serveTunnel(stream: Stream, target: () => number, asked: string[]): void {
  let behind: Socket | undefined
  const closed = () => stream.write(encodeMessage({ 1: 3, 6: encodeMessage({ 2: connection }) }))
  stream.on('data', (bytes: Buffer) => {
    const message = decodeMessage(bytes)
    const type = Number(message.get(1)?.[0] ?? 0)
    if (type === 0) {
      const { to, id } = dialRequest(bytesAt(message, 2))
      const answer = (more: Parameters<typeof encodeMessage>[0]) =>
        stream.write(encodeMessage({ 1: 1, 3: Buffer.concat([encodeMessage(more), id]) }))
      asked.push(to)
      if (to.startsWith('refused')) return void answer({ 1: `dial tcp ${to}: connection refused` })
      behind = connect(target(), '127.0.0.1', () => answer({ 2: connection }))
      behind.on('data', data =>
        stream.write(encodeMessage({ 1: 4, 4: encodeMessage({ 1: connection, 3: data }) })),
      )
      behind.on('close', closed)
      behind.on('error', () => behind?.destroy())
    } else if (type === 4) behind?.write(bytesAt(decodeMessage(bytesAt(message, 4)), 3))
    else if (type === 2) behind?.end()
  })
  stream.on('end', () => {
    behind?.destroy()
    stream.end()
  })
  stream.on('error', () => behind?.destroy())
}

/** The three fields in their order; the last one, a number of 63 bits, goes back as it came. */
function dialRequest(bytes: Uint8Array): { readonly to: string; readonly id: Uint8Array } {
  const address = bytes.subarray(2 + bytes[1]!)
  const end = 2 + address[1]!
  return { to: Buffer.from(address.subarray(2, end)).toString(), id: address.subarray(end) }
}
