import { objectKey } from '../../../client/resource.ts'
import type { View } from '../../../controller/view.ts'
import { claimKeyOf, snapshotKeyOf } from './facts.ts'
import {
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
  volumeSnapshots,
} from './kinds.ts'

type Store = View['store']

const namedContent = ({ spec }: VolumeSnapshot) => spec.source.volumeSnapshotContentName
const boundContent = ({ status }: VolumeSnapshot) => status?.boundVolumeSnapshotContentName
const namedClass = ({ spec }: VolumeSnapshot) => spec.volumeSnapshotClassName
const classless = ({ spec }: VolumeSnapshot) =>
  spec.volumeSnapshotClassName === undefined && spec.source.persistentVolumeClaimName
    ? 'classless'
    : undefined

/** Keys of the snapshots that a change of a content is for. */
export function ofContent(content: VolumeSnapshotContent, store: Store): string[] {
  const name = content.metadata.name!
  const known = store(volumeSnapshots)
  const naming = [...known.index(namedContent).get(name), ...known.index(boundContent).get(name)]
  return [snapshotKeyOf(content), ...naming.map(objectKey)]
}

/** One that is or was a default may be what those without a class wait for. */
export function ofClass({ metadata }: VolumeSnapshotClass, store: Store): string[] {
  const known = store(volumeSnapshots)
  const waiting = [...known.index(namedClass).get(metadata.name!), ...known.index(classless).get('classless')]
  return waiting.map(objectKey)
}

/** Those that are taken of a claim. */
export function ofClaim(claimKey: string | undefined, store: Store): string[] {
  return claimKey === undefined ? [] : store(volumeSnapshots).index(claimKeyOf).get(claimKey).map(objectKey)
}

/** The last one that is taken lets the claim go, for all of them. */
export function ofSameClaim(snapshot: VolumeSnapshot, store: Store): string[] {
  return ofClaim(claimKeyOf(snapshot), store)
}
