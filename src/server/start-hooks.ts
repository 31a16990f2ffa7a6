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

/** What makes a cluster of the server (bootstrap/cluster.ts), under upstream's names as well. */
const clusterSteps = {
  identity: [
    'start-kube-apiserver-identity-lease-controller',
    'start-kube-apiserver-identity-lease-garbage-collector',
  ],
  /** Admission sees what is in the cluster. */
  admission: ['start-apiserver-admission-initializer'],
  policy: ['rbac/bootstrap-roles'],
  objects: [
    'start-system-namespaces-controller',
    'scheduling/bootstrap-system-priority-classes',
    'bootstrap-controller',
    'start-kubernetes-service-cidr-controller',
    'start-legacy-token-tracking-controller',
  ],
  flow: [
    'priority-and-fairness-config-producer',
    'priority-and-fairness-config-consumer',
    'priority-and-fairness-filter',
  ],
} as const

interface StepHooks<Step extends string> {
  readonly checks: readonly HealthCheck[]
  finished(step: Step): void
}

export type ServerHooks = StepHooks<keyof typeof steps>
export type ClusterHooks = StepHooks<keyof typeof clusterSteps>

/** Without aggregation its checks are not there. */
export function createServerHooks(cache: WatchCache, hasAggregation: boolean): ServerHooks {
  const { checks, finished } = stepHooks(hasAggregation ? steps : { ...steps, aggregation: [] })
  const folder = collectionPrefix({ group: 'apiregistration.k8s.io', plural: 'apiservices' })
  const registered: HealthCheck = {
    name: 'autoregister-completion',
    isOfStart: true,
    check: () => (cache.count(folder) > 0 ? undefined : 'missing APIService'),
  }
  return { checks: [...checks, ...(hasAggregation ? [registered] : [])], finished }
}

export function createClusterHooks(): ClusterHooks {
  return stepHooks(clusterSteps)
}

function stepHooks<Step extends string>(names: Readonly<Record<Step, readonly string[]>>): StepHooks<Step> {
  const { checks, finished } = createPostStartHooks(Object.values<readonly string[]>(names).flat())
  return {
    checks,
    finished: step => {
      for (const name of names[step]) finished(name)
    },
  }
}
