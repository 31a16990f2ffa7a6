import { Duplex } from 'node:stream'
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { GrpcError } from '../local-grpc/call.ts'
import { bytesAt, decodeMessage, encodeMessage, type Message, textAt } from '../local-grpc/message.ts'

/** Packets of sigs.k8s.io/apiserver-network-proxy, by the field that holds what they say. */
const types = { dialRequest: 0, dialResponse: 1, closeRequest: 2, closeResponse: 3, data: 4, dialClosed: 5 }
const fields = { dialRequest: 2, dialResponse: 3, data: 4, closeRequest: 5, closeResponse: 6, dialClosed: 7 }

type Stream = ClientDuplexStream<Buffer, Buffer>

const packet = (kind: keyof typeof types, message: Parameters<typeof encodeMessage>[0]) =>
  encodeMessage({ 1: types[kind], [fields[kind]]: encodeMessage(message) })
const numberAt = (message: Message, field: number) => Number(message.get(field)?.[0] ?? 0)
const inside = (message: Message, kind: keyof typeof fields) => decodeMessage(bytesAt(message, fields[kind]))

/**
 * A connection through the proxy server at a socket (konnectivity-client CreateSingleUseGrpcTunnel): one stream each.
 * `id` tells dials apart. gRPC is loaded with the first that is needed.
 */
export async function dialKonnectivity(socket: string, to: string, id: number): Promise<Duplex> {
  const { Client, credentials } = await import('@grpc/grpc-js')
  const client = new Client(`unix:${socket}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  })
  const same = (bytes: Buffer) => bytes
  const stream: Stream = client.makeBidiStreamRequest('/ProxyService/Proxy', same, same)
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  const end = () => {
    stream.cancel()
    client.close()
  }
  const fail = (error: Error) => {
    end()
    reject(error)
  }
  const first = (bytes: Buffer) => {
    const message = decodeMessage(bytes)
    const type = numberAt(message, 1)
    if (type === types.dialClosed) return fail(new Error('dial closed'))
    if (type !== types.dialResponse) return
    const answer = inside(message, 'dialResponse')
    const why = textAt(answer, 1)
    if (why) return fail(new Error(why))
    stream.off('data', first)
    stream.pause()
    resolve(joined(stream, numberAt(answer, 2), end))
  }
  stream.on('data', first)
  stream.once('error', error => fail(new GrpcError(error as ConstructorParameters<typeof GrpcError>[0])))
  stream.once('end', () => fail(new Error('the proxy server ended the stream')))
  stream.write(packet('dialRequest', { 1: 'tcp', 2: to, 3: id }))
  return promise
}

/** The stream as a connection; what is not read yet holds the proxy server up. */
function joined(stream: Stream, connection: number, end: () => void): Duplex {
  const socket = new Duplex({
    read: () => void stream.resume(),
    write(chunk: Buffer, _encoding, done) {
      stream.write(packet('data', { 1: connection, 3: chunk }), done)
    },
    final(done) {
      stream.write(packet('closeRequest', { 1: connection }), () => done())
    },
    destroy(error, done) {
      end()
      done(error)
    },
  })
  stream.on('data', (bytes: Buffer) => {
    const message = decodeMessage(bytes)
    const type = numberAt(message, 1)
    if (type === types.data && !socket.push(bytesAt(inside(message, 'data'), 3))) stream.pause()
    if (type === types.closeResponse) socket.push(null)
  })
  stream.on('end', () => socket.push(null))
  stream.on('error', error => socket.destroy(error))
  return socket
}
