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
import type { KmsMeter } from './kms-meter.ts'

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

export interface KmsConnection {
  /** `unix:///path`. */
  readonly endpoint: string
  readonly timeoutMs: number
  readonly clock: Pick<Clock, 'nowMs' | 'monotonicMs'>
  readonly meter: KmsMeter
}

export async function connectKms({ endpoint, timeoutMs, clock, meter }: KmsConnection): Promise<KmsService> {
  const address = endpoint.replace('unix://', 'unix:')
  const plugin = await connectLocalGrpc(address, 'v2.KeyManagementService', clock)
  const call = async (method: string, request: Buffer) => {
    const startMs = clock.monotonicMs()
    const end = (error?: unknown) => meter.called(method, (clock.monotonicMs() - startMs) / 1000, error)
    try {
      const answer = await plugin.call(method, request, timeoutMs)
      end()
      return answer
    } catch (error) {
      end(error)
      if (!(error instanceof GrpcError)) throw error
      throw new Error(`KMS ${method}: ${error.message}`, { cause: error })
    }
  }
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
