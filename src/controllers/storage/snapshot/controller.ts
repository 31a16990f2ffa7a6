import { objectKey } from '../../../client/resource.ts'
import { event, type Plan, update } from '../../../controller/actions.ts'
import { defineController, watched } from '../../../controller/define.ts'
import type { View } from '../../../controller/view.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../kinds.ts'
import type { OptionalController } from '../../optional-controller.ts'
import { snapshotDefinitions } from './definitions.ts'
import { markBeingDeleted } from './deletion.ts'
import { finalizers, isDeletionCandidate, isReady, restoredFrom, snapshotKeyOf } from './facts.ts'
import {
  snapshotGroup,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from './kinds.ts'
import { planSnapshot } from './snapshot.ts'
import { claimKeyOfVolume } from './source.ts'
import { ofClaim, ofClass, ofContent, ofSameClaim } from './wakes.ts'

const identity = 'snapshot-controller'
/**
 * The half of volume snapshots that no driver brings (external-snapshotter pkg/common-controller); the other half,
 * csi-snapshotter, runs beside each driver. Groups of snapshots are left to whoever has them.
 */
export const volumeSnapshotController: OptionalController = {
  name: 'volume-snapshot-controller',
  identity,
  kinds: [volumeSnapshots, volumeSnapshotContents, volumeSnapshotClasses],
  definitions: snapshotDefinitions,
  rules: [
    { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['persistentvolumes'] },
    { verbs: ['get', 'list', 'watch', 'update'], apiGroups: [''], resources: ['persistentvolumeclaims'] },
    { verbs: ['list', 'watch', 'create', 'update', 'patch'], apiGroups: [''], resources: ['events'] },
    { verbs: ['get', 'list', 'watch'], apiGroups: [snapshotGroup], resources: ['volumesnapshotclasses'] },
    {
      verbs: ['create', 'get', 'list', 'watch', 'update', 'delete', 'patch'],
      apiGroups: [snapshotGroup],
      resources: ['volumesnapshotcontents'],
    },
    { verbs: ['patch'], apiGroups: [snapshotGroup], resources: ['volumesnapshotcontents/status'] },
    {
      verbs: ['create', 'get', 'list', 'watch', 'update', 'patch', 'delete'],
      apiGroups: [snapshotGroup],
      resources: ['volumesnapshots'],
    },
    { verbs: ['update', 'patch'], apiGroups: [snapshotGroup], resources: ['volumesnapshots/status'] },
  ],
  workers: () => [snapshotWorker, contentWorker],
}

const snapshotWorker = defineController<VolumeSnapshot>({
  name: 'volume-snapshot',
  identity,
  primary: volumeSnapshots,
  watches: [
    watched(volumeSnapshots, ofSameClaim, (a, b) => isReady(a) === isReady(b)),
    watched(volumeSnapshotContents, ofContent),
    watched(volumeSnapshotClasses, ofClass),
    watched(persistentVolumeClaims, (claim, store) => [
      ...ofClaim(objectKey(claim), store),
      ...[restoredFrom(claim) ?? []].flat(),
    ]),
    watched(persistentVolumes, (volume, store) => ofClaim(claimKeyOfVolume(volume), store)),
  ],
  plan: planSnapshot,
})

const contentWorker = defineController<VolumeSnapshotContent>({
  name: 'volume-snapshot-content',
  identity,
  primary: volumeSnapshotContents,
  // Read, not waited for: a snapshot that goes sees to its content itself.
  watches: [watched(volumeSnapshots, () => [])],
  plan: planContent,
})

/** A content is held until the sidecar lets it go, and is told when its snapshot goes (syncContent). */
function planContent(content: VolumeSnapshotContent, view: View): Plan {
  const { source, volumeSnapshotRef } = content.spec
  if ((source.volumeHandle === undefined) === (source.snapshotHandle === undefined)) {
    const message = 'Exactly one of VolumeHandle and SnapshotHandle should be specified'
    return [
      event(volumeSnapshotContents, content, { type: 'Warning', reason: 'ContentValidationError', message }),
    ]
  }
  if (!volumeSnapshotRef.uid) return []
  const { deletionTimestamp, finalizers: held = [] } = content.metadata
  if (!deletionTimestamp && !held.includes(finalizers.content)) {
    const metadata = { ...content.metadata, finalizers: [...held, finalizers.content] }
    return [update(volumeSnapshotContents, { ...content, metadata })]
  }
  const snapshot = view.store(volumeSnapshots).byKey(snapshotKeyOf(content))
  const isGoing = snapshot?.metadata.uid === volumeSnapshotRef.uid && isDeletionCandidate(snapshot!)
  return isGoing ? markBeingDeleted(content) : []
}
