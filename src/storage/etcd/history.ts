import type { Keyed } from '../../std/persistent-tree.ts'
import type { StoreEvent } from '../store.ts'
import type { Change, VersionedMap } from '../versioned-map.ts'
import type { KeySpace } from './key-space.ts'
import type { WireEvent } from './messages.ts'

/** A step that late watchers can still be told. What lives is not kept: `current` and `previous` are never there. */
export interface HistoryChange extends Change<Keyed> {
  readonly event: StoreEvent
}

export type History = VersionedMap<Keyed, HistoryChange>

/** The array that this process wrote, if these are the bytes of it; undefined too for a delete. */
export type FindOurs = (
  key: string,
  value: Uint8Array | undefined,
  revision: number,
) => Uint8Array | undefined

const deletion = 1
/** What a step costs besides its value. */
const stepBytes = 200

/** Undefined when etcd does not know any more what was deleted. */
export function toChange(
  { type, kv, prevKv }: WireEvent,
  keys: KeySpace,
  ours: FindOurs,
): HistoryChange | undefined {
  const isDelete = type === deletion
  const last = isDelete ? prevKv : kv
  if (!last) return undefined
  const key = keys.fromWire(kv.key)
  const revision = kv.modRevision
  const value = ours(key, isDelete ? undefined : kv.value, revision) ?? plain(last.value)
  const { createRevision } = last
  const event: StoreEvent = { type: isDelete ? 'delete' : 'put', key, value, createRevision, revision }
  const bytes = stepBytes + value.length
  return { key, revision, current: undefined, previous: undefined, bytes, event }
}

/** The same bytes as what every other store gives. */
export function plain({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}
