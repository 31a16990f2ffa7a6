import { exponentialBuckets, type HistogramSpec, type MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import { GrpcError } from '../local-grpc/call.ts'

const stability = 'ALPHA'
const total: MetricSpec = {
  name: 'apiserver_storage_transformation_operations_total',
  help: 'Values sealed and opened, by how it ended.',
  labels: ['resource', 'transformation_type', 'transformer_prefix', 'status'],
  stability,
}
const latency: HistogramSpec = {
  name: 'apiserver_storage_transformation_duration_seconds',
  help: 'Seconds that sealing and opening took.',
  labels: ['transformation_type', 'transformer_prefix'],
  stability,
  buckets: exponentialBuckets(5e-6, 2, 25),
}

/** Names of upstream's for the two directions. */
export type Direction = 'to_storage' | 'from_storage'

/** Counts and times what is sealed and opened (apiserver pkg/storage/value/metrics). */
export interface TransformMeter {
  /** Begins with the value of that key; the answer is told by which prefix it ended, and what went wrong. */
  start(place: string, direction: Direction): (prefix: string, error?: unknown) => void
}

export function transformMeter({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): TransformMeter {
  const operations = metrics.counter(total)
  const took = metrics.histogram(latency)
  return {
    start(place, direction) {
      const startMs = clock.monotonicMs()
      return (prefix, error) => {
        operations.with(resourceOf(place), direction, prefix, statusOf(error)).inc()
        if (error === undefined) took.with(direction, prefix).observe((clock.monotonicMs() - startMs) / 1000)
      }
    },
  }
}

/** How a call of a plugin ended, in gRPC's words. */
export function statusOf(error: unknown): string {
  if (error === undefined) return 'OK'
  if (error instanceof GrpcError) return error.code
  return error instanceof Error && error.cause !== undefined ? statusOf(error.cause) : 'unknown-non-grpc'
}

/** `deployments.apps` of `/registry/apps/deployments/default/web`. */
function resourceOf(place: string): string {
  const [, , group, plural] = place.split('/', 4)
  return group === 'core' ? plural! : `${plural}.${group}`
}
