import type { OptionalController } from '../../optional-controller.ts'
import { verticalDefinitions } from './definitions.ts'
import { verticalCheckpoints, verticalPodAutoscalers } from './kinds.ts'
import { verticalRecommender } from './recommender.ts'
import { verticalUpdater } from './updater.ts'

const identity = 'vertical-pod-autoscaler'
const reading = ['get', 'list', 'watch']
const group = 'autoscaling.k8s.io'

/** Upstream's autoscaler but for its admission, which is a plugin of the server's; the rights are those of its vpa-rbac.yaml. */
export const verticalPodAutoscaler: OptionalController = {
  name: 'vertical-pod-autoscaler-controller',
  identity,
  kinds: [verticalPodAutoscalers, verticalCheckpoints],
  definitions: verticalDefinitions,
  rules: [
    { verbs: ['get', 'list'], apiGroups: ['metrics.k8s.io'], resources: ['pods'] },
    { verbs: reading, apiGroups: [''], resources: ['pods', 'nodes', 'limitranges'] },
    {
      verbs: [...reading, 'create', 'patch', 'update'],
      apiGroups: ['', 'events.k8s.io'],
      resources: ['events'],
    },
    { verbs: reading, apiGroups: [group], resources: ['verticalpodautoscalers'] },
    { verbs: ['get', 'patch'], apiGroups: [group], resources: ['verticalpodautoscalers/status'] },
    {
      verbs: [...reading, 'create', 'patch', 'delete'],
      apiGroups: [group],
      resources: ['verticalpodautoscalercheckpoints'],
    },
    { verbs: ['create'], apiGroups: [''], resources: ['pods/eviction'] },
    { verbs: ['patch'], apiGroups: [''], resources: ['pods/resize', 'pods'] },
    { verbs: ['get', 'watch'], apiGroups: ['*'], resources: ['*/scale'] },
  ],
  workers: ({ catalog }) => [verticalRecommender(catalog, identity), verticalUpdater(catalog, identity)],
}
