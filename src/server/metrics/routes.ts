import type { Metrics } from '../../std/metrics.ts'
import { metricsContentType } from '../../std/metrics-text.ts'
import type { MountedHealth } from '../http/health.ts'
import type { Routes } from '../http/routes.ts'

/** `/metrics`, and the same of the health checks alone at `/metrics/slis`. DELETE starts counters anew, as upstream. */
export function mountMetrics(routes: Routes, metrics: Metrics, { slis, ask }: MountedHealth): void {
  for (const [path, of] of [
    ['/metrics', metrics],
    ['/metrics/slis', slis],
  ] as const) {
    routes.get(path, async c => {
      if (of === slis && of.text() === '') await ask()
      return c.body(of.text(), 200, { 'content-type': metricsContentType })
    })
    routes.delete(path, c => {
      of.reset()
      return c.text('metrics reset\n')
    })
  }
}
