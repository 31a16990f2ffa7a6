import { X509Certificate } from 'node:crypto'
import type { Ports } from '../../std/ports.ts'
import { kubeletHistogram, kubeletSpec } from './spec.ts'

const ttlSeconds = kubeletSpec(
  'certificate_manager_server_ttl_seconds',
  "Gauge of the shortest TTL (time-to-live) of the Kubelet's serving certificate. The value is in seconds until certificate expiry (negative if already expired). If serving certificate is invalid or unused, the value will be +INF.",
)
const rotationSeconds = kubeletHistogram(
  'certificate_manager_server_rotation_seconds',
  'Histogram of the number of seconds the previous certificate lived before being rotated.',
  {
    buckets: [60, 3600, 14_400, 86_400, 604_800, 2_592_000, 7_776_000, 15_552_000, 31_104_000, 124_416_000],
  },
)

/** Tells for how long the certificate that is served is good yet; to be called with each one that comes (PEM). */
export function createServingCertificateMeter({
  metrics,
  clock,
}: Pick<Ports, 'metrics' | 'clock'>): (certificate: string) => void {
  const ttl = metrics.gauge(ttlSeconds).with()
  const rotation = metrics.histogram(rotationSeconds).with()
  let served: { readonly fromMs: number; readonly untilMs: number } | undefined
  metrics.onRead(() =>
    ttl.set(served ? Math.trunc((served.untilMs - clock.nowMs()) / 1000) : Number.POSITIVE_INFINITY),
  )
  return certificate => {
    const { validFrom, validTo } = new X509Certificate(certificate)
    if (served) rotation.observe((clock.nowMs() - served.fromMs) / 1000)
    served = { fromMs: Date.parse(validFrom), untilMs: Date.parse(validTo) }
  }
}
