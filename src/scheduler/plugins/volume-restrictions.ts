import { persistentVolumeClaims } from '../../api/core/persistent-volume-claim.ts'
import type { Pod, Volume } from '../../api/types/core-v1.gen.ts'
import type { Handle } from '../framework/handle.ts'
import {
  type Cycle,
  cycleState,
  goOn,
  type PreFilterResult,
  reject,
  type SchedulerPlugin,
  skip,
} from '../framework/plugin.ts'
import { claimKeys } from '../snapshot/node-info.ts'
import { ownClaimChanged } from './volumes/pod-claims.ts'

const name = 'VolumeRestrictions'
const inUse =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod'

interface State {
  /** The claims that only one pod may use. */
  readonly exclusive: ReadonlySet<string>
  /** How often pods use them now. */
  users: number
}

/** Volumes that only one pod, or one pod on a node, may use. */
export function volumeRestrictions({ lists }: Handle): SchedulerPlugin {
  const states = cycleState<State>()
  return {
    name,
    reads: [persistentVolumeClaims],
    events: [
      ownClaimChanged,
      {
        kind: 'assignedPodDeleted',
        helps: (pod, event) =>
          claimKeys(pod).some(key => claimKeys(event.pod).includes(key)) || clashes(pod, event.pod),
      },
    ],
    preFilter(cycle): PreFilterResult {
      const exclusive = new Set<string>()
      for (const key of claimKeys(cycle.pod)) {
        const claim = lists.of(persistentVolumeClaims).byKey(key)
        if (!claim) return missing(key)
        if (claim.spec?.accessModes?.includes('ReadWriteOncePod')) exclusive.add(key)
      }
      const users = [...exclusive].filter(key => isUsed(cycle, key)).length
      if (users === 0 && !(cycle.pod.spec?.volumes ?? []).some(isDisk)) return skip
      states.keep(cycle, { exclusive, users })
      return goOn
    },
    filter(cycle, { pods }) {
      for (const other of pods.values())
        if (clashes(cycle.pod, other)) return reject(name, 'node(s) had no available disk', false)
      return states.of(cycle).users > 0 ? reject(name, inUse, false) : undefined
    },
    podMoved(cycle, pod, _, change) {
      const state = states.of(cycle)
      state.users += change * claimKeys(pod).filter(key => state.exclusive.has(key)).length
    },
  }
}

function missing(key: string): PreFilterResult {
  const reason = `persistentvolumeclaim "${key.slice(key.indexOf('/') + 1)}" not found`
  return { outcome: 'reject', rejection: reject(name, reason, true) }
}

function isUsed({ snapshot }: Cycle, key: string): boolean {
  for (const node of snapshot.nodes()) if (node.usedClaims.has(key)) return true
  return false
}

function isDisk({ gcePersistentDisk, awsElasticBlockStore, rbd, iscsi }: Volume): boolean {
  return Boolean(gcePersistentDisk ?? awsElasticBlockStore ?? rbd ?? iscsi)
}

/** Would both pods mount a disk that bears one of them? */
function clashes(pod: Pod, other: Pod): boolean {
  const disks = (pod.spec?.volumes ?? []).filter(isDisk)
  return disks.some(disk => (other.spec?.volumes ?? []).some(there => sameDisk(disk, there)))
}

function sameDisk(a: Volume, b: Volume): boolean {
  const shared = (one: { readOnly?: boolean }, two: { readOnly?: boolean }) => one.readOnly && two.readOnly
  if (a.gcePersistentDisk && b.gcePersistentDisk) {
    const same = a.gcePersistentDisk.pdName === b.gcePersistentDisk.pdName
    if (same && !shared(a.gcePersistentDisk, b.gcePersistentDisk)) return true
  }
  if (a.awsElasticBlockStore && b.awsElasticBlockStore)
    if (a.awsElasticBlockStore.volumeID === b.awsElasticBlockStore.volumeID) return true
  if (a.iscsi && b.iscsi && a.iscsi.iqn === b.iscsi.iqn && !shared(a.iscsi, b.iscsi)) return true
  if (!a.rbd || !b.rbd || shared(a.rbd, b.rbd)) return false
  const { monitors, pool, image } = a.rbd
  return (
    monitors.some(monitor => b.rbd!.monitors.includes(monitor)) &&
    pool === b.rbd.pool &&
    image === b.rbd.image
  )
}
