import type { View } from '../../../controller/view.ts'
import { contentNameFor, keyOf, mayPointTo, pointsTo } from './facts.ts'
import type { Failure } from './failure.ts'
import { type VolumeSnapshot, type VolumeSnapshotContent, volumeSnapshotContents } from './kinds.ts'

/** The content of a snapshot; neither is there where there is none yet. */
export interface FoundContent {
  readonly content?: VolumeSnapshotContent
  /** It is there and is not for this snapshot; `error` is what the event about finalizers adds. */
  readonly failure?: Failure & { readonly error: string }
}

/** Looks for the content that a snapshot names, or that was made for it, and whether that names it in turn. */
export function findContent(snapshot: VolumeSnapshot, view: View): FoundContent {
  const { volumeSnapshotContentName: named } = snapshot.spec.source
  const name = named ?? contentNameFor(snapshot)
  const content = view.store(volumeSnapshotContents).get(undefined, name)
  if (!content) return {}
  const isWrongKind =
    named === undefined ? !content.spec.source.volumeHandle : !content.spec.source.snapshotHandle
  if (isWrongKind)
    return {
      failure: named === undefined ? unexpectedHandle(snapshot, name) : unexpectedVolume(snapshot, name),
    }
  const isOurs = named === undefined ? pointsTo(content, snapshot) : mayPointTo(content, snapshot)
  if (isOurs) return { content }
  const message = `VolumeSnapshotContent [${name}] is bound to a different snapshot`
  return { failure: { reason: 'SnapshotContentMisbound', message, error: message } }
}

function unexpectedVolume(snapshot: VolumeSnapshot, name: string): FoundContent['failure'] {
  return {
    reason: 'SnapshotContentMismatch',
    message: 'VolumeSnapshotContent is dynamically provisioned while expecting a pre-provisioned one',
    error: `snapshot ${keyOf(snapshot)} expects a pre-provisioned VolumeSnapshotContent ${name} but gets a dynamically provisioned one`,
  }
}

function unexpectedHandle(snapshot: VolumeSnapshot, name: string): FoundContent['failure'] {
  return {
    reason: 'SnapshotContentMismatch',
    message: `VolumeSnapshotContent ${name} is pre-provisioned while expecting a dynamically provisioned one`,
    error: `snapshot ${keyOf(snapshot)} expects a dynamically provisioned VolumeSnapshotContent ${name} but gets a pre-provisioned one`,
  }
}
