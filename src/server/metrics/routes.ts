import type { Registry } from '../../api/registry.ts'
import type { APIService } from '../../api/types/apiregistration-v1.gen.ts'
import { findCondition } from '../../machinery/meta/conditions.ts'
import type { Metrics } from '../../std/metrics.ts'
import { metricsContentType } from '../../std/metrics-text.ts'
import type { Cancel } from '../../std/ports.ts'
import type { MountedHealth } from '../http/health.ts'
import type { Routes } from '../http/routes.ts'
import { collectionPrefix, type WatchCache } from '../watchcache/index.ts'
import { resourceObjects, storageObjects, unavailableApi } from './specs.ts'

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

/** Counts the stored objects of every kind when somebody reads the metrics. */
export function countObjects(metrics: Metrics, registry: Registry, cache: WatchCache): Cancel {
  const byName = metrics.gauge(storageObjects)
  const byGroup = metrics.gauge(resourceObjects)
  return metrics.onRead(() => {
    for (const { storage } of registry.all()) {
      const { group, plural } = storage
      const count = cache.count(collectionPrefix(storage))
      byName.with(group === '' ? plural : `${plural}.${group}`).set(count)
      byGroup.with(group, plural).set(count)
    }
    tellUnavailable(metrics, cache)
  })
}

function tellUnavailable(metrics: Metrics, cache: WatchCache): void {
  const gauge = metrics.gauge(unavailableApi)
  const prefix = collectionPrefix({ group: 'apiregistration.k8s.io', plural: 'apiservices' })
  for (const { object } of cache.list(prefix).items) {
    const { metadata, status } = object as APIService
    const available = findCondition(status?.conditions, 'Available')
    gauge.with(metadata.name ?? '').set(available?.status === 'True' ? 0 : 1)
  }
}
