import type { Client } from '@grpc/grpc-js'
import type { Clock } from '../../std/ports.ts'
import {
  type Annotations,
  annotationsAt,
  bytesAt,
  decodeMessage,
  encodeAnnotations,
  encodeMessage,
  type Message,
  textAt,
} from './kms-wire.ts'

export interface KmsStatus {
  readonly version: string
  readonly healthz: string
  readonly keyId: string
}

export interface Wrapped {
  readonly ciphertext: Uint8Array
  readonly keyId: string
  readonly annotations: Annotations
}

/** A key management plugin behind its socket (k8s.io/kms v2). */
export interface KmsService {
  status(): Promise<KmsStatus>
  encrypt(plain: Uint8Array, uid: string): Promise<Wrapped>
  decrypt(wrapped: Wrapped, uid: string): Promise<Uint8Array>
  close(): void
}

/** Connects to `unix:///path`. gRPC is loaded with the first provider that needs it. */
export async function connectKms(endpoint: string, timeoutMs: number, clock: Clock): Promise<KmsService> {
  const { Client, credentials } = await import('@grpc/grpc-js')
  const client = new Client(endpoint.replace('unix://', 'unix:'), credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  })
  const call = (method: string, request: Buffer) =>
    ask(client, method, request, clock.nowMs() + timeoutMs).then(decodeMessage)
  return {
    async status() {
      const answer = await call('Status', Buffer.alloc(0))
      return { version: textAt(answer, 1), healthz: textAt(answer, 2), keyId: textAt(answer, 3) }
    },
    async encrypt(plain, uid) {
      const answer = await call('Encrypt', encodeMessage({ 1: plain, 2: uid }))
      return {
        ciphertext: bytesAt(answer, 1),
        keyId: textAt(answer, 2),
        annotations: annotationsAt(answer, 3),
      }
    },
    async decrypt({ ciphertext, keyId, annotations }, uid) {
      const request = { 1: ciphertext, 2: uid, 3: keyId, 4: encodeAnnotations(annotations) }
      const answer: Message = await call('Decrypt', encodeMessage(request))
      return bytesAt(answer, 1)
    },
    close: () => client.close(),
  }
}

function ask(client: Client, method: string, request: Buffer, deadline: number): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const same = (bytes: Buffer) => bytes
  client.makeUnaryRequest(
    `/v2.KeyManagementService/${method}`,
    same,
    same,
    request,
    { deadline },
    (error, answer) =>
      answer ? resolve(answer) : reject(new Error(`KMS ${method}: ${error?.message ?? 'no answer'}`)),
  )
  return promise
}
