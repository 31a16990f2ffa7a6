import { persistentVolumes } from '../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../api/core/persistent-volume-claim.ts'
import { storageClassOf } from '../../api/shared/storage-class.ts'
import { csiNodes } from '../../api/storage/csi-node.ts'
import { storageClasses } from '../../api/storage/storage-class.ts'
import { volumeAttachments } from '../../api/storage/volume-attachment.ts'
import type { PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { Handle, Lists } from '../framework/handle.ts'
import { goOn, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { anyChanged, claimsOf, hasClaims, ownClaimChanged } from './volumes/pod-claims.ts'

const name = 'NodeVolumeLimits'

/** Drivers attach at most as many volumes to a node as its CSINode says. */
export function nodeVolumeLimits({ lists }: Handle): SchedulerPlugin {
  return {
    name,
    reads: [persistentVolumeClaims, persistentVolumes, storageClasses, csiNodes, volumeAttachments],
    events: [
      ownClaimChanged,
      anyChanged(csiNodes.plural),
      { kind: 'object', plural: volumeAttachments.plural, helps: (_, { object }) => object === undefined },
      { kind: 'assignedPodDeleted', helps: (_, event) => hasClaims(event.pod) },
    ],
    preFilter: ({ pod }) => (hasClaims(pod) ? goOn : skip),
    filter({ pod }, node) {
      const limits = limitsOf(lists, node.name)
      const wanted = driversByVolume(lists, pod)
      if (wanted.size === 0 || limits.size === 0) return undefined
      return exceeds(limits, wanted, attached(lists, node))
        ? reject(name, 'node(s) exceed max volume count', false)
        : undefined
    },
  }
}

function exceeds(
  limits: ReadonlyMap<string, number>,
  wanted: ReadonlyMap<string, string>,
  there: ReadonlyMap<string, string>,
): boolean {
  return [...limits].some(([driver, limit]) => {
    const used = [...there.values()].filter(of => of === driver).length
    const more = [...wanted].filter(([volume, of]) => of === driver && !there.has(volume)).length
    return more > 0 && used + more > limit
  })
}

function limitsOf(lists: Lists, node: string): ReadonlyMap<string, number> {
  const drivers = lists.of(csiNodes).get(undefined, node)?.spec.drivers ?? []
  return new Map(
    drivers.flatMap(({ name: driver, allocatable }) =>
      allocatable?.count === undefined ? [] : [[driver, allocatable.count] as const],
    ),
  )
}

/** Volumes on the node with their drivers: of its pods, and those that are attached without any. */
function attached(lists: Lists, { name: nodeName, pods }: NodeInfo): Map<string, string> {
  const there = new Map<string, string>()
  for (const pod of pods.values())
    for (const [volume, driver] of driversByVolume(lists, pod)) there.set(volume, driver)
  for (const { spec } of lists.of(volumeAttachments).list()) {
    const { persistentVolumeName } = spec.source
    if (spec.nodeName !== nodeName || !persistentVolumeName) continue
    const handle = lists.of(persistentVolumes).get(undefined, persistentVolumeName)?.spec?.csi?.volumeHandle
    if (handle) there.set(`${spec.attacher}/${handle}`, spec.attacher)
  }
  return there
}

/** The driver of each volume of the pod that a CSI driver attaches; claims that are not there do not count. */
function driversByVolume(lists: Lists, pod: Pod): Map<string, string> {
  const drivers = new Map<string, string>()
  for (const claim of claimsOf(lists, pod)) {
    const { driver, handle } = volumeOf(lists, claim)
    if (driver && handle) drivers.set(`${driver}/${handle}`, driver)
  }
  return drivers
}

function volumeOf(lists: Lists, claim: PersistentVolumeClaim) {
  const { volumeName } = claim.spec ?? {}
  const volume = volumeName ? lists.of(persistentVolumes).get(undefined, volumeName) : undefined
  if (volume) return { driver: volume.spec?.csi?.driver, handle: volume.spec?.csi?.volumeHandle }
  // Not there yet: it will be one of its class.
  const driver = lists.of(storageClasses).get(undefined, storageClassOf(claim))?.provisioner
  return { driver, handle: `${claim.metadata.namespace}/${claim.metadata.name}` }
}
