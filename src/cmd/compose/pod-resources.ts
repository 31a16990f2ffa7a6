import type { Pod } from '../../api/types/core-v1.gen.ts'
import { podResourcesText } from '../../scheduler/pod-resources.ts'
import type { CacheSources } from '../../server/cache-sources.ts'
import type { Routes } from '../../server/http/routes.ts'
import { metricsContentType } from '../../std/metrics-text.ts'

/** The scheduler's page of what pods ask for, told by the API server as all that parts of its process count; RBAC says to whom. */
export function mountPodResources(routes: Routes, sources: CacheSources): void {
  const pods = sources.of<Pod>({ group: '', plural: 'pods' })
  routes.get('/metrics/resources', context =>
    context.body(podResourcesText(pods.list()), 200, { 'content-type': metricsContentType }),
  )
}
