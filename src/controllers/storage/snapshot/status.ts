import { toTimestamp } from '../../../client/timestamp.ts'
import { type Plan, updateStatus } from '../../../controller/actions.ts'
import { formatQuantity } from '../../../machinery/quantity/format.ts'
import { isZeroQuantity, parseQuantity, quantityOf } from '../../../machinery/quantity/quantity.ts'
import { jsonEqual } from '../../shared/equal.ts'
import { isReady, keyOf } from './facts.ts'
import { tell } from './failure.ts'
import {
  type SnapshotStatus,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshots,
} from './kinds.ts'

const nanosPerMs = 1_000_000n

/** Brings into the status of a snapshot what the sidecar has said in that of its content, and tells of what is new. */
export function copyStatus(snapshot: VolumeSnapshot, content: VolumeSnapshotContent): Plan {
  const status = statusFrom(snapshot.status, content)
  if (jsonEqual(status, snapshot.status)) return []
  const after = { ...snapshot, status }
  const name = keyOf(snapshot)
  const isCreated = snapshot.status?.creationTime === undefined && status.creationTime !== undefined
  const created = tell(
    snapshot,
    'SnapshotCreated',
    `Snapshot ${name} was successfully created by the CSI driver.`,
  )
  const ready = tell(snapshot, 'SnapshotReady', `Snapshot ${name} is ready to use.`)
  return [
    ...(isCreated ? [created] : []),
    ...(!isReady(snapshot) && isReady(after) ? [ready] : []),
    updateStatus(volumeSnapshots, after),
  ]
}

/** What was said once about time and size stays; whether it can be used, and what is wrong, is as the content says now. */
function statusFrom(
  old: SnapshotStatus = {},
  { metadata, status = {} }: VolumeSnapshotContent,
): SnapshotStatus {
  const { creationTime, restoreSize, readyToUse = false, error } = status
  const { error: _, ...kept } = old
  const isSizeKnown = kept.restoreSize !== undefined && !isZeroQuantity(parseQuantity(kept.restoreSize))
  return {
    ...kept,
    boundVolumeSnapshotContentName: kept.boundVolumeSnapshotContentName ?? metadata.name,
    readyToUse,
    ...(error && { error }),
    ...(kept.creationTime === undefined &&
      creationTime !== undefined && { creationTime: toTimestamp(Number(BigInt(creationTime) / nanosPerMs)) }),
    ...(!isSizeKnown &&
      restoreSize !== undefined && { restoreSize: formatQuantity(quantityOf(restoreSize, 'BinarySI')) }),
  }
}
