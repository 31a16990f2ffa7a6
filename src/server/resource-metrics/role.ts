import type { Wanted } from '../bootstrap/objects.ts'

const aggregate = (role: string) => ({ [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true' })

/** Whoever may look at pods may look at what they use: the role that metrics-server comes with. */
export const metricsReaderRole: Wanted = {
  at: { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles' },
  object: {
    metadata: {
      name: 'system:aggregated-metrics-reader',
      labels: { ...aggregate('admin'), ...aggregate('edit'), ...aggregate('view') },
    },
    rules: [{ apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] }],
  },
}
