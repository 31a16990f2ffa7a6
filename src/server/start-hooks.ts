import type { HealthCheck } from './http/health.ts'
import { createPostStartHooks } from './http/post-start-hooks.ts'
import { collectionPrefix, type WatchCache } from './watchcache/index.ts'

/** What the server itself does after its start, under the names that upstream's health checks have for it. */
const steps = {
  /** Everything is in the cache, and counted: here all readers share the one. */
  cache: [
    'generic-apiserver-start-informers',
    'start-apiextensions-informers',
    'storage-object-count-tracker-hook',
  ],
  /** Custom kinds are served, addresses in use are known. */
  kinds: ['start-apiextensions-controllers', 'crd-informer-synced', 'start-service-ip-repair-controllers'],
  /** APIs of other servers are followed, our own are registered, others know whom to believe. */
  aggregation: [
    'start-kube-aggregator-informers',
    'start-cluster-authentication-info-controller',
    'apiservice-registration-controller',
    'apiservice-status-local-available-controller',
    'apiservice-status-remote-available-controller',
    'apiservice-discovery-controller',
    'apiservice-openapi-controller',
    'apiservice-openapiv3-controller',
    'aggregator-reload-proxy-client-cert',
    'kube-apiserver-autoregistration',
  ],
} as const

export interface ServerHooks {
  readonly checks: readonly HealthCheck[]
  finished(step: keyof typeof steps): void
}

/** Without aggregation its checks are not there. */
export function createServerHooks(cache: WatchCache, hasAggregation: boolean): ServerHooks {
  const names = [...steps.cache, ...steps.kinds, ...(hasAggregation ? steps.aggregation : [])]
  const hooks = createPostStartHooks(names)
  const folder = collectionPrefix({ group: 'apiregistration.k8s.io', plural: 'apiservices' })
  const registered: HealthCheck = {
    name: 'autoregister-completion',
    isOfStart: true,
    check: () => (cache.count(folder) > 0 ? undefined : 'missing APIService'),
  }
  return {
    checks: [...hooks.checks, ...(hasAggregation ? [registered] : [])],
    finished: step => {
      for (const name of steps[step]) hooks.finished(name)
    },
  }
}
