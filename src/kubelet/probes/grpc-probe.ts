import type { ServiceError } from '@grpc/grpc-js'
import { joinHostPort } from '../../std/host-port.ts'
import type { Clock } from '../../std/ports.ts'
import type { ProbeResult } from './prober.ts'

export interface GrpcTarget {
  readonly host: string
  readonly port: number
  readonly service: string
}

const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

/**
 * Asks `grpc.health.v1.Health/Check` without TLS; only SERVING is healthy (upstream pkg/probe/grpc).
 * gRPC is loaded with the first such probe: a node without one does not carry it.
 */
export async function grpcProbe(target: GrpcTarget, timeoutMs: number, clock: Clock): Promise<ProbeResult> {
  const { Client, credentials, status } = await import('@grpc/grpc-js')
  const address = joinHostPort(target.host, target.port)
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.primary_user_agent': 'kube-probe/1.35',
    'grpc.use_local_subchannel_pool': 1,
  })
  const deadline = clock.nowMs() + timeoutMs
  try {
    const unreachable = await connectError(client, deadline)
    if (unreachable) {
      const why = `timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s`
      return { ok: false, output: `${why}: context deadline exceeded` }
    }
    return await new Promise(resolve => {
      client.makeUnaryRequest(
        '/grpc.health.v1.Health/Check',
        encodeRequest,
        decodeStatus,
        target.service,
        { deadline },
        (error, answer) => resolve(error ? failure(error, timeoutMs, status) : verdict(answer ?? 'UNKNOWN')),
      )
    })
  } finally {
    client.close()
  }
}

function connectError(
  client: { waitForReady(deadline: number, done: (error?: Error) => void): void },
  deadline: number,
): Promise<Error | undefined> {
  return new Promise(resolve => client.waitForReady(deadline, resolve))
}

function verdict(serving: string): ProbeResult {
  if (serving === 'SERVING') return { ok: true, output: 'service healthy' }
  return { ok: false, output: `service unhealthy (responded with "${serving}")` }
}

function failure(
  error: ServiceError,
  timeoutMs: number,
  codes: { UNIMPLEMENTED: number; DEADLINE_EXCEEDED: number },
): ProbeResult {
  if (error.code === codes.UNIMPLEMENTED) {
    const lacks = 'this server does not implement the grpc health protocol (grpc.health.v1.Health)'
    return { ok: false, output: `error: ${lacks}: ${error.details}` }
  }
  if (error.code === codes.DEADLINE_EXCEEDED)
    return { ok: false, output: `timeout: health rpc did not complete within ${timeoutMs / 1000}s` }
  return { ok: false, output: `error: health rpc probe failed: ${error.details}` }
}

/** HealthCheckRequest: field 1, the service's name. */
function encodeRequest(service: string): Buffer {
  const name = Buffer.from(service)
  if (name.length === 0) return name
  const length = name.length < 128 ? [name.length] : [(name.length & 127) | 128, name.length >> 7]
  return Buffer.from([0x0a, ...length, ...name])
}

/** HealthCheckResponse: field 1, a small enumeration; absent means its zero. */
function decodeStatus(message: Buffer): string {
  const number = message[0] === 0x08 ? (message[1] ?? 0) : 0
  return servingStatuses[number] ?? String(number)
}
