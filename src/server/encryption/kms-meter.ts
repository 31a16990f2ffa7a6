import { exponentialBuckets, type HistogramSpec, type MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import { hashLabel } from '../metrics/hash-label.ts'
import { type Direction, statusOf } from './meter.ts'

const spec = (rest: string, help: string, labels: readonly string[]): MetricSpec => ({
  ...{ name: `apiserver_envelope_encryption_${rest}`, help, labels, stability: 'ALPHA' },
})
const keyLabels = ['provider_name', 'key_id_hash', 'apiserver_id_hash']
const usedTotal = spec('key_id_hash_total', 'Times that a key of a plugin was used, by its hash.', [
  ...['transformation_type', ...keyLabels],
])
const usedAt = spec('key_id_hash_last_timestamp_seconds', 'When a key was last used, in Unix seconds.', [
  ...['transformation_type', ...keyLabels],
])
const namedAt = spec(
  'key_id_hash_status_last_timestamp_seconds',
  'When a plugin last named a key as its own, in Unix seconds.',
  keyLabels,
)
const invalid = spec('invalid_key_id_from_status_total', 'Times that a plugin named no usable key.', [
  ...['provider_name', 'error'],
])
const sources = spec('dek_source_cache_size', 'Seeds of data keys that are known.', ['provider_name'])
const latency: HistogramSpec = {
  ...spec('kms_operations_latency_seconds', 'Seconds that calls of a plugin took.', [
    ...['provider_name', 'method_name', 'grpc_status_code'],
  ]),
  buckets: exponentialBuckets(0.0001, 2, 20),
}
const misses: MetricSpec = {
  name: 'apiserver_storage_envelope_transformation_cache_misses_total',
  help: 'Times that a plugin was asked because a seed was not known.',
  stability: 'ALPHA',
}

/** Series of so many keys are kept. */
const keysMax = 100

/** What the API server tells of one key management plugin (apiserver storage/value/encrypt/envelope/metrics). */
export interface KmsMeter {
  called(method: string, seconds: number, error: unknown): void
  keyUsed(direction: Direction, keyId: string): void
  keyNamed(keyId: string): void
  keyInvalid(why: 'empty' | 'too_long'): void
  seedMissed(): void
  seedsKnown(count: number): void
}

/** `serverId` is the identity of this API server, `provider` the plugin's name. */
export function kmsMeter(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  serverId: string,
  provider: string,
): KmsMeter {
  const server = hashLabel(serverId)
  const took = metrics.histogram(latency)
  const [uses, usedLast, namedLast] = [
    ...[metrics.counter(usedTotal), metrics.gauge(usedAt), metrics.gauge(namedAt)],
  ] as const
  const used = newest((direction: string, keyId: string) => {
    const labels = [direction, provider, hashLabel(keyId), server]
    const drop = () => {
      uses.drop(...labels)
      usedLast.drop(...labels)
    }
    return { total: uses.with(...labels), last: usedLast.with(...labels), drop }
  })
  const named = newest((keyId: string) => {
    const labels = [provider, hashLabel(keyId), server]
    return { last: namedLast.with(...labels), drop: () => namedLast.drop(...labels) }
  })
  const missed = metrics.counter(misses)
  const size = metrics.gauge(sources)
  const nowSeconds = () => clock.nowMs() / 1000
  return {
    called: (method, seconds, error) =>
      took.with(provider, `/v2.KeyManagementService/${method}`, statusOf(error)).observe(seconds),
    keyUsed(direction, keyId) {
      const series = used(direction, keyId)
      series.total.inc()
      series.last.set(nowSeconds())
    },
    keyNamed: keyId => named(keyId).last.set(nowSeconds()),
    keyInvalid: why => metrics.counter(invalid).with(provider, why).inc(),
    seedMissed: () => missed.with().inc(),
    seedsKnown: count => size.with(provider).set(count),
  }
}

/** Remembers the series of the last keys; those before are told no more. */
function newest<Names extends string[], Series extends { drop(): void }>(
  make: (...names: Names) => Series,
): (...names: Names) => Series {
  const known = new Map<string, Series>()
  return (...names) => {
    const key = names.join('\0')
    const series = known.get(key) ?? make(...names)
    known.delete(key)
    known.set(key, series)
    const [oldest] = known.keys()
    if (known.size > keysMax && oldest !== undefined) {
      known.get(oldest)?.drop()
      known.delete(oldest)
    }
    return series
  }
}
