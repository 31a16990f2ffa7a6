import type { MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'

const spec = (name: string, help: string): MetricSpec => ({
  name: `kubelet_${name}`,
  help,
  stability: 'ALPHA',
})
const ttlSeconds = spec(
  'certificate_manager_client_ttl_seconds',
  "Gauge of the TTL (time-to-live) of the Kubelet's client certificate. The value is in seconds until certificate expiry (negative if already expired). If client certificate is invalid or unused, the value will be +INF.",
)
const renewalErrors = 'Counter of certificate renewal errors.'
const clientErrors = spec('certificate_manager_client_expiration_renew_errors', renewalErrors)
const serverErrors = spec('server_expiration_renew_errors', renewalErrors)

/** Does a renewal, and counts it where it fails. */
type Counted = <T>(renew: () => Promise<T>) => Promise<T>

/** What upstream's kubelet tells of its certificates (cmd/kubelet/app, pkg/kubelet/certificate); of the one that it serves, the kubelet. */
export function createRenewalMeter(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  clientNotAfterMs: () => number,
): { readonly client: Counted; readonly server: Counted } {
  const ttl = metrics.gauge(ttlSeconds).with()
  metrics.onRead(() => ttl.set(Math.trunc((clientNotAfterMs() - clock.nowMs()) / 1000)))
  const counted = (errors: MetricSpec): Counted => {
    const total = metrics.counter(errors).with()
    return async renew => {
      try {
        return await renew()
      } catch (error) {
        total.inc()
        throw error
      }
    }
  }
  return { client: counted(clientErrors), server: counted(serverErrors) }
}
