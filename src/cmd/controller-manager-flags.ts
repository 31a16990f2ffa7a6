import { type ControllerName, defaultTuning } from '../controllers/tuning.ts'
import { chosenByDefault, optionalNames, unknownController } from './controller-names.ts'
import { time } from './flag-makers.ts'
import type { Flag } from './flags.ts'

/** Flags that set how many keys a controller works on at a time, and which controllers those are. */
export const lanesOf: Readonly<Record<string, readonly ControllerName[]>> = {
  'concurrent-cron-job-syncs': ['cronjob-controller'],
  'concurrent-daemonset-syncs': ['daemonset-controller'],
  'concurrent-deployment-syncs': ['deployment-controller'],
  'concurrent-device-taint-eviction-syncs': ['device-taint-eviction-controller'],
  'concurrent-endpoint-syncs': ['endpoints-controller'],
  'concurrent-ephemeralvolume-syncs': ['ephemeral-volume-controller'],
  'concurrent-gc-syncs': ['garbage-collector-controller'],
  'concurrent-horizontal-pod-autoscaler-syncs': ['horizontal-pod-autoscaler-controller'],
  'concurrent-job-syncs': ['job-controller'],
  'concurrent-namespace-syncs': ['namespace-controller'],
  'concurrent-rc-syncs': ['replicationcontroller-controller'],
  'concurrent-replicaset-syncs': ['replicaset-controller'],
  'concurrent-resource-quota-syncs': ['resourcequota-controller'],
  'concurrent-service-endpoint-syncs': ['endpointslice-controller'],
  'concurrent-serviceaccount-token-syncs': ['serviceaccount-token-controller'],
  'concurrent-statefulset-syncs': ['statefulset-controller'],
  'concurrent-ttl-after-finished-syncs': ['ttl-after-finished-controller'],
  'concurrent-validating-admission-policy-status-syncs': ['validatingadmissionpolicy-status-controller'],
  'mirroring-concurrent-service-endpoint-syncs': ['endpointslice-mirroring-controller'],
}

const lanes = Object.keys(lanesOf).map(
  (name): Flag => ({
    ...{ name, type: 'integer', placeholder: 'N', help: 'objects that are worked on at a time' },
    check: text => {
      if (!/^[1-9]\d*$/.test(text)) throw new Error(`"${text}" is not a number of at least 1`)
    },
  }),
)

const part = (name: string, value: string, help: string): Flag => ({
  ...{ name, type: 'string', placeholder: 'NUMBER', default: value, help },
  check: text => {
    if (!/^\d*\.?\d+$/.test(text)) throw new Error(`"${text}" is not a number such as ${value}`)
  },
})

const ofNodes: readonly Flag[] = [
  time('node-monitor-grace-period', '50s', 'a node that says nothing for so long is not ready'),
  time('node-startup-grace-period', '1m0s', 'the same of a node that has not said anything yet'),
  time('node-monitor-period', '5s', 'how long a node waits to be emptied when none of all is heard'),
  part('node-eviction-rate', '0.1', 'nodes of a zone that are begun to be emptied in a second'),
  part('secondary-node-eviction-rate', '0.01', 'the same while most of a large zone is not ready'),
  part('unhealthy-zone-threshold', '0.55', 'part of a zone that is not ready from which on most of it is'),
  {
    name: 'large-cluster-size-threshold',
    type: 'integer',
    placeholder: 'N',
    default: defaultTuning.nodes.largeZoneMin,
    help: 'in a zone of no more nodes nothing is emptied while most of it is not ready',
  },
]

/** Flags of kube-controller-manager that `--kube-controller-manager-arg` takes. */
export const controllerManagerFlags: readonly Flag[] = [
  {
    name: 'controllers',
    type: 'list',
    placeholder: 'NAME',
    default: [...chosenByDefault],
    help: `what runs: * for those that are on by default, NAME for one more, -NAME for one less; only by name: ${optionalNames.join(', ')}`,
    check: text => {
      const wrong = unknownController(text.split(','))
      if (wrong !== undefined) throw new Error(`"${wrong}" is not in the list of known controllers`)
    },
  },
  ...lanes,
  ...ofNodes,
  {
    name: 'terminated-pod-gc-threshold',
    type: 'integer',
    placeholder: 'N',
    default: defaultTuning.finishedPodsMax,
    help: 'finished pods that are left alone; 0: all of them',
  },
  time(
    'legacy-service-account-token-clean-up-period',
    '8760h0m0s',
    'tokens of servers before 1.24 that nobody used for so long are invalidated, and deleted after so long again',
  ),
  time('horizontal-pod-autoscaler-sync-period', '15s', 'how often autoscalers look at what pods use'),
  part('horizontal-pod-autoscaler-tolerance', '0.1', 'part of the target by which usage may miss it'),
  time(
    'horizontal-pod-autoscaler-downscale-stabilization',
    '5m0s',
    'for so long the largest recommendation counts when pods become fewer',
  ),
  time(
    'horizontal-pod-autoscaler-cpu-initialization-period',
    '5m0s',
    'for so long after its start the CPU of a pod that is not ready does not count',
  ),
  time(
    'horizontal-pod-autoscaler-initial-readiness-delay',
    '30s',
    'for so long after its start a change of readiness counts as the first',
  ),
]
