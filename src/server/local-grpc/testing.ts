import { Server, ServerCredentials } from '@grpc/grpc-js'
import { decodeMessage, type Message } from './message.ts'

/** A plugin for tests: answers the unary methods of one service at a socket. */
export async function serveLocalGrpc(
  socket: string,
  service: string,
  methods: Readonly<Record<string, (request: Message) => Buffer>>,
): Promise<{ stop(): void }> {
  const server = new Server()
  const same = (value: Buffer) => value
  const describe = (name: string) => ({
    ...{ path: `/${service}/${name}`, requestStream: false, responseStream: false },
    ...{
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    },
  })
  const answer =
    (method: (request: Message) => Buffer) =>
    ({ request }: { request: Buffer }, done: (error: object | null, answer?: Buffer) => void) => {
      try {
        done(null, method(decodeMessage(request)))
      } catch (error) {
        done({ code: 13, details: (error as Error).message })
      }
    }
  server.addService(
    Object.fromEntries(Object.keys(methods).map(name => [name, describe(name)])),
    Object.fromEntries(Object.entries(methods).map(([name, method]) => [name, answer(method)])),
  )
  const bound = Promise.withResolvers<void>()
  server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), error =>
    error ? bound.reject(error) : bound.resolve(),
  )
  await bound.promise
  return { stop: () => server.forceShutdown() }
}
