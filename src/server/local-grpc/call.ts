import type { Client, Metadata, ServiceError } from '@grpc/grpc-js'
import { grpcCodeName } from '../../std/grpc-codes.ts'
import type { Clock } from '../../std/ports.ts'
import { decodeMessage, type Message } from './message.ts'

/** A service behind a socket of this machine. */
export interface LocalGrpc {
  /** One unary call. Rejects with `GrpcError`, at the latest after `timeoutMs`. */
  call(method: string, request: Buffer, timeoutMs: number): Promise<Message>
  close(): void
}

/** Why a call has no answer, in the words of gRPC for Go. */
export class GrpcError extends Error {
  override name = 'GrpcError'
  /** `Unavailable`, `DeadlineExceeded`, … */
  readonly code: string
  constructor({ code, details }: Pick<ServiceError, 'code' | 'details'>) {
    const name = grpcCodeName(code)
    super(`rpc error: code = ${name} desc = ${details}`)
    this.code = name
  }
}

/**
 * Connects to the service of this full name (`v1.ExternalJWTSigner`) at `unix:/path`; calls wait for whom is not there
 * yet. gRPC is loaded with the first that is needed.
 */
export async function connectLocalGrpc(
  address: string,
  service: string,
  clock: Pick<Clock, 'nowMs'>,
): Promise<LocalGrpc> {
  const { Client, Metadata, credentials } = await import('@grpc/grpc-js')
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 })
  return {
    call(method, request, timeoutMs) {
      const metadata = new Metadata({ waitForReady: true })
      const path = `/${service}/${method}`
      return ask(client, { path, request, metadata, deadline: clock.nowMs() + timeoutMs }).then(decodeMessage)
    },
    close: () => client.close(),
  }
}

interface Call {
  readonly path: string
  readonly request: Buffer
  readonly metadata: Metadata
  readonly deadline: number
}

function ask(client: Client, { path, request, metadata, deadline }: Call): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const same = (bytes: Buffer) => bytes
  const done = (error: ServiceError | null, answer?: Buffer) =>
    answer ? resolve(answer) : reject(new GrpcError(error ?? { code: 2, details: 'no answer' }))
  client.makeUnaryRequest(path, same, same, request, metadata, { deadline }, done)
  return promise
}
