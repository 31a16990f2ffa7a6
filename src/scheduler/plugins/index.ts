import type { PluginFactory } from '../framework/handle.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'
import { defaultPreemption } from './default-preemption.ts'
import { dynamicResources } from './dynamic-resources.ts'
import { imageLocality } from './image-locality.ts'
import { interPodAffinity } from './inter-pod-affinity.ts'
import { nodeAffinity } from './node-affinity.ts'
import { nodeName } from './node-name.ts'
import { nodePorts } from './node-ports.ts'
import { nodeResourcesBalancedAllocation } from './node-resources-balanced-allocation.ts'
import { nodeResourcesFit } from './node-resources-fit.ts'
import { nodeUnschedulable } from './node-unschedulable.ts'
import { nodeVolumeLimits } from './node-volume-limits.ts'
import { podTopologySpread } from './pod-topology-spread.ts'
import { schedulingGates } from './scheduling-gates.ts'
import { taintToleration } from './taint-toleration.ts'
import { volumeBinding } from './volume-binding.ts'
import { volumeRestrictions } from './volume-restrictions.ts'
import { volumeZone } from './volume-zone.ts'

const plain =
  (plugin: SchedulerPlugin): PluginFactory =>
  () =>
    plugin

/** The default profile, in upstream's order (apis/config/v1 default_plugins.go); weights are the plugins' own. */
export const defaultPlugins: ReadonlyMap<string, PluginFactory> = new Map<string, PluginFactory>([
  ['SchedulingGates', plain(schedulingGates)],
  ['NodeUnschedulable', plain(nodeUnschedulable)],
  ['NodeName', plain(nodeName)],
  ['TaintToleration', plain(taintToleration)],
  ['NodeAffinity', plain(nodeAffinity)],
  ['NodePorts', plain(nodePorts)],
  ['NodeResourcesFit', nodeResourcesFit],
  ['VolumeRestrictions', volumeRestrictions],
  ['NodeVolumeLimits', nodeVolumeLimits],
  ['VolumeBinding', volumeBinding],
  ['VolumeZone', volumeZone],
  ['PodTopologySpread', podTopologySpread],
  ['InterPodAffinity', interPodAffinity],
  ['DynamicResources', plain(dynamicResources)],
  ['DefaultPreemption', defaultPreemption],
  ['NodeResourcesBalancedAllocation', nodeResourcesBalancedAllocation],
  ['ImageLocality', plain(imageLocality)],
])
