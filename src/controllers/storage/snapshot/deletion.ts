import { mergePatch } from '../../../client/client.ts'
import { type Action, type Plan, patch, remove, update } from '../../../controller/actions.ts'
import type { View } from '../../../controller/view.ts'
import { persistentVolumeClaims } from '../../kinds.ts'
import {
  annotations,
  contentNameFor,
  finalizers,
  isDeletionCandidate,
  keyOf,
  pointsTo,
  restoredFrom,
} from './facts.ts'
import { warn } from './failure.ts'
import {
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from './kinds.ts'
import { releaseClaim } from './source.ts'

/**
 * Lets a snapshot go: not while a volume is made from it; with a content that is to be deleted along not before that is
 * gone, which the sidecar sees to. A content that is to be retained is told of it and stays.
 */
export function planDeletion(snapshot: VolumeSnapshot, view: View): Plan {
  if (!isDeletionCandidate(snapshot)) return []
  const content = contentOf(snapshot, view)
  if (content && isBeingRestored(snapshot, view))
    return [warn(snapshot, 'SnapshotDeletePending', 'Snapshot is being used to restore a PVC')]
  const goesAlong = content?.spec.deletionPolicy === 'Delete'
  return [
    ...(content ? markBeingDeleted(content) : []),
    ...(content && goesAlong && !content.metadata.deletionTimestamp
      ? [removeContent(snapshot, content)]
      : []),
    ...releaseClaim(snapshot, view, snapshot),
    ...withoutFinalizers(
      snapshot,
      goesAlong ? [finalizers.asSource] : [finalizers.asSource, finalizers.bound],
    ),
  ]
}

/** The content that it is bound to, or that was made before that could be said; only if it names this one too. */
function contentOf(snapshot: VolumeSnapshot, view: View): VolumeSnapshotContent | undefined {
  const { persistentVolumeClaimName } = snapshot.spec.source
  const made = persistentVolumeClaimName === undefined ? '' : contentNameFor(snapshot)
  const name = snapshot.status?.boundVolumeSnapshotContentName || made
  const content = view.store(volumeSnapshotContents).get(undefined, name)
  return content && pointsTo(content, snapshot) ? content : undefined
}

function isBeingRestored(snapshot: VolumeSnapshot, view: View): boolean {
  return view.store(persistentVolumeClaims).index(restoredFrom).get(keyOf(snapshot)).length > 0
}

/** The sidecar deletes nothing of a content without this. */
export function markBeingDeleted(content: VolumeSnapshotContent): readonly Action[] {
  if (content.metadata.annotations?.[annotations.beingDeleted] !== undefined) return []
  const body = { metadata: { annotations: { [annotations.beingDeleted]: 'yes' } } }
  return [patch(volumeSnapshotContents, content, { type: mergePatch, body })]
}

function removeContent(snapshot: VolumeSnapshot, content: VolumeSnapshotContent): Action {
  const failed = () => [
    warn(snapshot, 'SnapshotContentObjectDeleteError', 'Failed to delete snapshot content API object'),
  ]
  return remove(volumeSnapshotContents, content, {}, { failed })
}

function withoutFinalizers(snapshot: VolumeSnapshot, unwanted: readonly string[]): Plan {
  const held = snapshot.metadata.finalizers ?? []
  const left = held.filter(name => !unwanted.includes(name))
  if (left.length === held.length) return []
  return [update(volumeSnapshots, { ...snapshot, metadata: { ...snapshot.metadata, finalizers: left } })]
}
