import { readConfiguration } from '../../../src/scheduler/config/read.ts'
import type { ProfileSpec } from '../../../src/scheduler/profiles.ts'

const gpu = 'example.com/gpu'
const fpga = 'example.org/fpga'
const shape = [
  { utilization: 0, score: 2 },
  { utilization: 60, score: 10 },
  { utilization: 100, score: 0 },
]
const weigh = (name: string, weight: number) => ({ name, weight })
const fitArgs = (scoringStrategy: object, more: object = {}) => ({
  name: 'NodeResourcesFit',
  args: { scoringStrategy, ...more },
})

/** Both schedulers run these; a pod names one of them. */
export const profileList = [
  { schedulerName: 'default-scheduler' },
  {
    schedulerName: 'packed',
    plugins: { score: { enabled: [weigh('NodeResourcesFit', 4)], disabled: [{ name: 'ImageLocality' }] } },
    pluginConfig: [
      fitArgs({ type: 'MostAllocated', resources: [weigh('cpu', 3), weigh('memory', 1), weigh(gpu, 5)] }),
      {
        name: 'NodeResourcesBalancedAllocation',
        args: { resources: ['cpu', 'memory', 'ephemeral-storage', gpu].map(name => weigh(name, 1)) },
      },
      { name: 'InterPodAffinity', args: { hardPodAffinityWeight: 10 } },
    ],
  },
  {
    schedulerName: 'odd',
    plugins: {
      multiPoint: { disabled: [{ name: 'TaintToleration' }] },
      filter: { disabled: [{ name: 'NodePorts' }] },
      postFilter: { disabled: [{ name: '*' }] },
    },
    pluginConfig: [
      fitArgs(
        {
          type: 'RequestedToCapacityRatio',
          resources: [weigh('cpu', 2), weigh('memory', 3)],
          requestedToCapacityRatio: { shape },
        },
        { ignoredResourceGroups: ['example.com'] },
      ),
      {
        name: 'PodTopologySpread',
        args: {
          defaultingType: 'List',
          defaultConstraints: [
            { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
            { maxSkew: 3, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' },
          ],
        },
      },
      { name: 'InterPodAffinity', args: { ignorePreferredTermsOfExistingPods: true } },
    ],
  },
  {
    schedulerName: 'lean',
    plugins: { score: { disabled: [{ name: 'NodeResourcesBalancedAllocation' }] } },
    pluginConfig: [
      fitArgs(
        { type: 'LeastAllocated', resources: [weigh('cpu', 1), weigh('memory', 7), weigh(fpga, 90)] },
        { ignoredResources: [gpu] },
      ),
      { name: 'PodTopologySpread', args: { defaultingType: 'List', defaultConstraints: [] } },
      { name: 'InterPodAffinity', args: { hardPodAffinityWeight: 0 } },
      {
        name: 'DefaultPreemption',
        args: { minCandidateNodesPercentage: 100, minCandidateNodesAbsolute: 200 },
      },
    ],
  },
] as const

export const profileNames = profileList.map(({ schedulerName }) => schedulerName)

/** The same profiles as ours reads them. */
export const ourProfiles: ReadonlyMap<string, ProfileSpec> = new Map(
  readConfiguration({
    apiVersion: 'kubescheduler.config.k8s.io/v1',
    kind: 'KubeSchedulerConfiguration',
    profiles: profileList,
  }).profiles.map(profile => [profile.schedulerName, profile]),
)
