import { pods } from '../../api/core/pod.ts'
import { podResourcesText } from '../../scheduler/pod-resources.ts'
import type { CacheSources } from '../../server/cache-sources.ts'
import type { Routes } from '../../server/http/routes.ts'
import { metricsContentType } from '../../std/metrics-text.ts'

/** The scheduler's page of what pods ask for, told by the API server as all that parts of its process count; RBAC says to whom. */
export function mountPodResources(routes: Routes, sources: CacheSources): void {
  const listed = sources.of(pods)
  routes.get('/metrics/resources', context =>
    context.body(podResourcesText(listed.list()), 200, { 'content-type': metricsContentType }),
  )
}
