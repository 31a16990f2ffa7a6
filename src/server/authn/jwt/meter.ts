import type { HistogramSpec, MetricSpec } from '../../../std/metrics.ts'
import type { Ports } from '../../../std/ports.ts'
import { hashLabel } from '../../metrics/hash-label.ts'

const name = (rest: string) => `apiserver_authentication_jwt_authenticator_${rest}`
const latency: HistogramSpec = {
  name: name('latency_seconds'),
  help: 'Seconds that tokens of outside issuers took, by outcome.',
  labels: ['result', 'jwt_issuer_hash'],
  stability: 'ALPHA',
  buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
}
const fetchedAt: MetricSpec = {
  name: name('jwks_fetch_last_timestamp_seconds'),
  help: "When an issuer's keys were last fetched, or not, in Unix seconds.",
  labels: ['result', 'jwt_issuer_hash', 'apiserver_id_hash'],
  stability: 'ALPHA',
}
const keySet: MetricSpec = {
  name: name('jwks_fetch_last_key_set_info'),
  help: 'The keys of an issuer that are in use, by their hash.',
  labels: ['jwt_issuer_hash', 'apiserver_id_hash', 'hash'],
  stability: 'ALPHA',
}

/** What the API server tells of the tokens and keys of outside issuers (apiserver plugin/pkg/authenticator/token/oidc). */
export interface JwtMeter {
  authenticated(issuer: string, result: 'success' | 'failure', seconds: number): void
  /** The document with the keys; undefined: it could not be had. */
  fetchedKeys(issuer: string, text: string | undefined): void
  /** Of an issuer that is configured no more. */
  forgetKeys(issuer: string): void
}

/** `serverId` is the identity of this API server. */
export function jwtMeter({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>, serverId: string): JwtMeter {
  const took = metrics.histogram(latency)
  const last = metrics.gauge(fetchedAt)
  const info = metrics.gauge(keySet)
  const server = hashLabel(serverId)
  const inUse = new Map<string, string>()
  const forgetSet = (issuer: string) => {
    info.drop(hashLabel(issuer), server, inUse.get(issuer) ?? '')
    inUse.delete(issuer)
  }
  return {
    authenticated: (issuer, result, seconds) => took.with(result, hashLabel(issuer)).observe(seconds),
    fetchedKeys(issuer, text) {
      const result = text === undefined ? 'failure' : 'success'
      last.with(result, hashLabel(issuer), server).set(clock.nowMs() / 1000)
      if (text === undefined) return
      forgetSet(issuer)
      inUse.set(issuer, hashLabel(text))
      info.with(hashLabel(issuer), server, hashLabel(text)).set(1)
    },
    forgetKeys(issuer) {
      forgetSet(issuer)
      for (const result of ['success', 'failure']) last.drop(result, hashLabel(issuer), server)
    },
  }
}
