import { toTimestamp } from '../../../client/timestamp.ts'
import { event, type Plan, updateStatus } from '../../../controller/actions.ts'
import { type VolumeSnapshot, volumeSnapshots } from './kinds.ts'

/** What is wrong with a snapshot, as its status and an event say it. */
export interface Failure {
  readonly reason: string
  readonly message: string
  /** The snapshot can be used all the same, if it could before. */
  readonly keepsReady?: boolean
}

/** Says it once: a status that has the message already stays as it is, without another event. */
export function fail(snapshot: VolumeSnapshot, failure: Failure, nowMs: number): Plan {
  const { reason, message, keepsReady } = failure
  if (snapshot.status?.error?.message === message) return []
  const error = { message, time: toTimestamp(nowMs) }
  const status = { ...snapshot.status, error, ...(!keepsReady && { readyToUse: false }) }
  return [updateStatus(volumeSnapshots, { ...snapshot, status }), warn(snapshot, reason, message)]
}

export function warn(snapshot: VolumeSnapshot, reason: string, message: string): Plan[number] {
  return event(volumeSnapshots, snapshot, { type: 'Warning', reason, message })
}

export function tell(snapshot: VolumeSnapshot, reason: string, message: string): Plan[number] {
  return event(volumeSnapshots, snapshot, { type: 'Normal', reason, message })
}

/** An expected end of a step, to be told of; anything else that is thrown is a fault. */
export class SnapshotProblem extends Error {
  override name = 'SnapshotProblem'
}

/** A text within a text, as Go's %q has it. */
export const quoted = (text: string): string => JSON.stringify(text)

export const controllerUpdateFailed = (name: string, message: string): string =>
  `snapshot controller failed to update ${name} on API server: ${message}`
