import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/types/core-v1.gen.ts'
import { toKey } from '../../../client/resource.ts'
import { type Plan, update } from '../../../controller/actions.ts'
import type { View } from '../../../controller/view.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../kinds.ts'
import { claimKeyOf, finalizers, isReady } from './facts.ts'
import { quoted, SnapshotProblem } from './failure.ts'
import { type VolumeSnapshot, volumeSnapshots } from './kinds.ts'

/** The claim that a snapshot is taken of; undefined where there is none (any more). */
export function claimOf(snapshot: VolumeSnapshot, view: View): PersistentVolumeClaim | undefined {
  const key = claimKeyOf(snapshot)
  return key === undefined ? undefined : view.store(persistentVolumeClaims).byKey(key)
}

/** The key of the claim that a volume is bound to. */
export function claimKeyOfVolume({ spec }: PersistentVolume): string | undefined {
  const { namespace, name } = spec?.claimRef ?? {}
  return name ? toKey(namespace, name) : undefined
}

/** The volume that it is taken of, with both sides of the binding looked at. Throws `SnapshotProblem`. */
export function volumeOf(snapshot: VolumeSnapshot, view: View): PersistentVolume {
  const { persistentVolumeClaimName: name = '' } = snapshot.spec.source
  const claim = claimOf(snapshot, view)
  if (!claim) {
    const missing = quoted(`persistentvolumeclaim ${quoted(name)} not found`)
    throw new SnapshotProblem(`failed to retrieve PVC ${name} from the lister: ${missing}`)
  }
  if (claim.status?.phase !== 'Bound')
    throw new SnapshotProblem(`the PVC ${name} is not yet bound to a PV, will not attempt to take a snapshot`)
  const { volumeName = '' } = claim.spec ?? {}
  const volume = view.store(persistentVolumes).get(undefined, volumeName)
  if (!volume) {
    const missing = quoted(`persistentvolumes ${quoted(volumeName)} not found`)
    throw new SnapshotProblem(`failed to retrieve PV ${volumeName} from the API server: ${missing}`)
  }
  if (!isBoundTo(volume, claim)) throw new SnapshotProblem('claim in dataSource not bound or invalid')
  return volume
}

function isBoundTo({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean {
  const { name, namespace, uid } = spec?.claimRef ?? {}
  return name === metadata.name && namespace === metadata.namespace && (!uid || uid === metadata.uid)
}

/** Lets the claim go once no snapshot of it is still being taken; `except` does not count. */
export function releaseClaim(snapshot: VolumeSnapshot, view: View, except?: VolumeSnapshot): Plan {
  const claim = claimOf(snapshot, view)
  const held = claim?.metadata.finalizers ?? []
  if (!claim || !held.includes(finalizers.claim)) return []
  const ofClaim = view.store(volumeSnapshots).index(claimKeyOf).get(claimKeyOf(snapshot)!)
  if (ofClaim.some(other => other.metadata.name !== except?.metadata.name && !isReady(other))) return []
  return [
    withFinalizers(
      claim,
      held.filter(name => name !== finalizers.claim),
    ),
  ]
}

/** Holds a claim while a snapshot is taken of it. */
export function holdClaim(claim: PersistentVolumeClaim): Plan {
  const held = claim.metadata.finalizers ?? []
  return held.includes(finalizers.claim) ? [] : [withFinalizers(claim, [...held, finalizers.claim])]
}

function withFinalizers(claim: PersistentVolumeClaim, wanted: string[]): Plan[number] {
  return update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, finalizers: wanted } })
}
