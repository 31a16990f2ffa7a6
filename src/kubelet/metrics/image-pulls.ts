import type { Metrics } from '../../std/metrics.ts'
import { kubeletHistogram } from './spec.ts'

const pullSeconds = kubeletHistogram('image_pull_duration_seconds', 'Duration in seconds to pull an image.', {
  labels: ['image_size_in_bytes'],
  buckets: [1, 5, 10, 20, 30, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600],
})

const mebibyte = 2 ** 20
const gibibyte = 2 ** 30
/** What an image is called that is larger than so many bytes, the largest first. */
const sizes: readonly (readonly [bytes: number, label: string])[] = [
  [100 * gibibyte, 'GT100GB'],
  [60 * gibibyte, '60GB-100GB'],
  [40 * gibibyte, '40GB-60GB'],
  [30 * gibibyte, '30GB-40GB'],
  [20 * gibibyte, '20GB-30GB'],
  [10 * gibibyte, '10GB-20GB'],
  [5 * gibibyte, '5GB-10GB'],
  [gibibyte, '1GB-5GB'],
  [500 * mebibyte, '500MB-1GB'],
  [100 * mebibyte, '100MB-500MB'],
  [10 * mebibyte, '10MB-100MB'],
  [0, '0-10MB'],
]

/** Counts a pull that brought an image of this size. */
export function countPull(metrics: Metrics, sizeBytes: number, tookMs: number): void {
  const label = sizes.find(([bytes]) => sizeBytes > bytes)?.[1] ?? 'N/A'
  metrics
    .histogram(pullSeconds)
    .with(label)
    .observe(tookMs / 1000)
}
