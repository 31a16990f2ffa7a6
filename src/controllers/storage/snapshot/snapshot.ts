import { mergePatch } from '../../../client/client.ts'
import { attempt, type Plan, patch, update } from '../../../controller/actions.ts'
import type { View } from '../../../controller/view.ts'
import { messageOf } from '../../../std/message.ts'
import { settleClass } from './class.ts'
import { findContent } from './content.ts'
import { planDeletion } from './deletion.ts'
import { finalizers, isOfGroup, isReady, pointsTo } from './facts.ts'
import { fail, warn } from './failure.ts'
import {
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from './kinds.ts'
import { planProvisioning } from './provision.ts'
import { releaseClaim } from './source.ts'
import { copyStatus } from './status.ts'

/**
 * What must be done about a snapshot now, one step at a time (external-snapshotter pkg/common-controller syncSnapshot): its
 * class, its claim let go, its end, its finalizers, its content.
 */
export function planSnapshot(snapshot: VolumeSnapshot, view: View, nowMs: number): Plan {
  if (isOfGroup(snapshot)) return []
  const isGoing = snapshot.metadata.deletionTimestamp !== undefined
  const { failure, plan } = settleClass(snapshot, view)
  if (plan.length > 0) return plan
  const isClassGone = isGoing && snapshot.spec.volumeSnapshotClassName !== undefined
  const told = failure ? fail(snapshot, failure, nowMs) : []
  if (told.length > 0 || (failure && !isClassGone)) return told
  const released = releaseClaim(snapshot, view)
  if (released.length > 0) return released
  return isGoing ? planDeletion(snapshot, view) : planLiving(snapshot, view, nowMs)
}

function planLiving(snapshot: VolumeSnapshot, view: View, nowMs: number): Plan {
  const { persistentVolumeClaimName, volumeSnapshotContentName } = snapshot.spec.source
  if ((persistentVolumeClaimName === undefined) === (volumeSnapshotContentName === undefined)) {
    const message =
      'Exactly one of PersistentVolumeClaimName and VolumeSnapshotContentName should be specified'
    return fail(snapshot, { reason: 'SnapshotValidationError', message }, nowMs)
  }
  const { content, failure } = findContent(snapshot, view)
  if (failure) {
    const told = fail(snapshot, failure, nowMs)
    const more = `Failed to check and update snapshot: ${failure.error}`
    return told.length > 0 ? [...told, warn(snapshot, 'SnapshotFinalizerError', more)] : []
  }
  const held = hold(snapshot, content)
  if (held.length > 0) return held
  const isSettled = isReady(snapshot) && snapshot.status?.boundVolumeSnapshotContentName
  return isSettled ? checkBinding(snapshot, view, nowMs) : planUnready(snapshot, content, view, nowMs)
}

/** A volume may be made from it at any time; it waits for a content that is to be deleted along. */
function hold(snapshot: VolumeSnapshot, content: VolumeSnapshotContent | undefined): Plan {
  const held = snapshot.metadata.finalizers ?? []
  const isBound = content?.spec.deletionPolicy === 'Delete' && snapshot.status?.boundVolumeSnapshotContentName
  const wanted = [finalizers.asSource, ...(isBound ? [finalizers.bound] : [])]
  const missing = wanted.filter(name => !held.includes(name))
  if (missing.length === 0) return []
  const metadata = { ...snapshot.metadata, finalizers: [...held, ...missing] }
  return [update(volumeSnapshots, { ...snapshot, metadata })]
}

/** One that could be used still can, as long as both sides name each other. */
function checkBinding(snapshot: VolumeSnapshot, view: View, nowMs: number): Plan {
  const name = snapshot.status!.boundVolumeSnapshotContentName!
  const content = view.store(volumeSnapshotContents).get(undefined, name)
  if (!content) return fail(snapshot, contentMissing, nowMs)
  if (pointsTo(content, snapshot)) return []
  const message = 'VolumeSnapshotContent is not bound to the VolumeSnapshot correctly'
  return fail(snapshot, { reason: 'SnapshotMisbound', message }, nowMs)
}

const contentMissing = { reason: 'SnapshotContentMissing', message: 'VolumeSnapshotContent is missing' }

function planUnready(
  snapshot: VolumeSnapshot,
  content: VolumeSnapshotContent | undefined,
  view: View,
  nowMs: number,
): Plan {
  const isNamed = snapshot.spec.source.volumeSnapshotContentName !== undefined
  if (!content)
    return isNamed ? fail(snapshot, contentMissing, nowMs) : planProvisioning(snapshot, view, nowMs)
  const bound = isNamed ? bind(snapshot, content, nowMs) : []
  return bound.length > 0 ? bound : copyStatus(snapshot, content)
}

/** A content that was there first names a snapshot by name alone, until that one is there. */
function bind(snapshot: VolumeSnapshot, content: VolumeSnapshotContent, nowMs: number): Plan {
  const { volumeSnapshotRef, volumeSnapshotClassName: held } = content.spec
  const { volumeSnapshotClassName: wanted } = snapshot.spec
  if (volumeSnapshotRef.uid && (held !== undefined || wanted === undefined)) return []
  const { uid } = snapshot.metadata
  const body = {
    spec: {
      volumeSnapshotRef: { uid },
      ...(wanted !== undefined && { volumeSnapshotClassName: wanted }),
    },
  }
  const binding = patch(volumeSnapshotContents, content, { type: mergePatch, body })
  return [attempt([binding], ([error]) => (error === undefined ? [] : bindFailed(snapshot, error, nowMs)))]
}

function bindFailed(snapshot: VolumeSnapshot, error: unknown, nowMs: number): Plan {
  const message = `Snapshot failed to bind VolumeSnapshotContent, ${messageOf(error)}`
  return fail(snapshot, { reason: 'SnapshotBindFailed', message }, nowMs)
}
