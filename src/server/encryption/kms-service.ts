import type { Clock } from '../../std/ports.ts'
import { connectLocalGrpc, GrpcError } from '../local-grpc/call.ts'
import {
  type Annotations,
  annotationsAt,
  bytesAt,
  encodeAnnotations,
  encodeMessage,
  textAt,
} from '../local-grpc/message.ts'

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

/** Connects to `unix:///path`. */
export async function connectKms(endpoint: string, timeoutMs: number, clock: Clock): Promise<KmsService> {
  const address = endpoint.replace('unix://', 'unix:')
  const plugin = await connectLocalGrpc(address, 'v2.KeyManagementService', clock)
  const call = (method: string, request: Buffer) =>
    plugin.call(method, request, timeoutMs).catch(error => {
      throw error instanceof GrpcError ? new Error(`KMS ${method}: ${error.message}`) : error
    })
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
      return bytesAt(await call('Decrypt', encodeMessage(request)), 1)
    },
    close: () => plugin.close(),
  }
}
