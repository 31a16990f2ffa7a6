import type { Metrics } from '../../std/metrics.ts'
import { metricsContentType } from '../../std/metrics-text.ts'
import type { MountedHealth } from '../http/health.ts'
import type { Routes } from '../http/routes.ts'

const textType = { 'content-type': 'text/plain; charset=utf-8' }

/**
 * `/metrics`, and the same of the health checks alone at `/metrics/slis`, by whatever method. DELETE starts counters
 * anew, as upstream; `startMs` is when the process began, in milliseconds since the epoch.
 */
export function mountMetrics(
  routes: Routes,
  metrics: Metrics,
  { health, startMs }: { readonly health: MountedHealth; readonly startMs: number },
): void {
  const { slis, ask } = health
  const headers = {
    'content-type': metricsContentType,
    'process-start-time-unix': String(Math.floor(startMs / 1000)),
  }
  for (const [path, of] of [
    ['/metrics', metrics],
    ['/metrics/slis', slis],
  ] as const) {
    routes.all(path, async c => {
      if (c.req.method === 'DELETE') {
        of.reset()
        return c.body('metrics reset\n', 200, textType)
      }
      if (of === slis && of.text() === '') await ask()
      await of.prepare()
      return c.body(of.text(), 200, headers)
    })
  }
}
