import { persistentVolumes } from '../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../api/core/persistent-volume-claim.ts'
import { csiDrivers } from '../../api/storage/csi-driver.ts'
import { csiStorageCapacities } from '../../api/storage/csi-storage-capacity.ts'
import { storageClasses } from '../../api/storage/storage-class.ts'
import { only, range } from '../config/fields.ts'
import type { Handle, PluginArgs } from '../framework/handle.ts'
import { type Cycle, cycleState, goOn, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { createAssumedVolumes } from './volumes/assumed.ts'
import { draftPlan, writePlan } from './volumes/bind-volumes.ts'
import { type PodClaims, planVolumes, sortClaims, type VolumePlan } from './volumes/find-volumes.ts'
import { anyChanged, claimTrouble, hasClaims, ownClaimChanged } from './volumes/pod-claims.ts'

const name = 'VolumeBinding'
const bindTimeoutSecondsDefault = 600

interface State {
  readonly claims: PodClaims
  readonly plans: Map<string, VolumePlan>
  /** What was reserved and not yet written. */
  reserved: VolumePlan | undefined
}

/**
 * Claims and volumes: nodes that cannot reach a bound volume will not do, and claims whose class waits for the first
 * consumer get their volume with the node (pkg/scheduler/framework/plugins/volumebinding).
 */
export function volumeBinding(handle: Handle, args: PluginArgs): SchedulerPlugin {
  const { bindTimeoutSeconds = bindTimeoutSecondsDefault } = args as { bindTimeoutSeconds?: number }
  const world = { lists: handle.lists, assumed: createAssumedVolumes(handle.lists) }
  const states = cycleState<State>()
  const planFor = (cycle: Cycle, { name: node }: NodeInfo) =>
    hasClaims(cycle.pod) ? states.of(cycle).plans.get(node) : undefined
  return {
    name,
    reads: [persistentVolumeClaims, persistentVolumes, storageClasses, csiDrivers, csiStorageCapacities],
    events: [
      ownClaimChanged,
      ...[persistentVolumes, storageClasses, csiDrivers, csiStorageCapacities].map(({ plural }) =>
        anyChanged(plural),
      ),
      { kind: 'nodeAdded', helps: () => true },
      { kind: 'nodeUpdated', helps: (_, { changes }) => changes.has('labels') },
    ],
    preFilter(cycle) {
      if (!hasClaims(cycle.pod)) return skip
      const trouble = claimTrouble(handle.lists, cycle.pod)
      const claims = sortClaims(world, cycle.pod)
      const unbound =
        claims.immediate.length > 0 ? 'pod has unbound immediate PersistentVolumeClaims' : undefined
      const reason = trouble ?? unbound
      if (reason) return { outcome: 'reject', rejection: reject(name, reason, true) }
      states.keep(cycle, { claims, plans: new Map(), reserved: undefined })
      return goOn
    },
    filter(cycle, { name: nodeName, node }) {
      const { claims, plans } = states.of(cycle)
      const plan = planVolumes(world, claims, node!)
      if ('bindings' in plan) return void plans.set(nodeName, plan)
      return { plugin: name, reasons: plan, unresolvable: true }
    },
    reserve(cycle, node) {
      const plan = planFor(cycle, node)
      if (!plan || plan.bindings.length + plan.provisions.length === 0) return undefined
      const draft = draftPlan(plan, node.name)
      for (const { volume } of draft.bindings) world.assumed.assumeVolume(volume)
      for (const claim of draft.provisions) world.assumed.assumeClaim(claim)
      states.of(cycle).reserved = draft
      return undefined
    },
    unreserve(cycle) {
      const draft = hasClaims(cycle.pod) ? states.of(cycle).reserved : undefined
      if (draft) world.assumed.forget([...draft.bindings.map(({ volume }) => volume), ...draft.provisions])
    },
    preparesBinding: cycle => hasClaims(cycle.pod) && states.of(cycle).reserved !== undefined,
    async preBind(cycle, node) {
      const draft = hasClaims(cycle.pod) ? states.of(cycle).reserved : undefined
      if (draft) await writePlan(handle, draft, node, bindTimeoutSeconds * 1000)
      return undefined
    },
  }
}

volumeBinding.check = (args: PluginArgs, path: string) => {
  only(args, ['bindTimeoutSeconds'], path)
  range(args, 'bindTimeoutSeconds', { least: 0, fallback: bindTimeoutSecondsDefault }, path)
}
