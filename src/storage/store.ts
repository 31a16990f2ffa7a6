/**
 * Bytes in, revisions out: the one door to persistence. Knows no kind. Every driver passes the same suite
 * (`suite.ts`). One revision counter orders all writes of all keys and never goes back, also across crashes.
 *
 * Promise of a resolved durable write: it survives a power cut. A `volatile` write (leases, heartbeats) is
 * visible at once, reaches the disk within `volatileFlushMs` (only the latest value of a key), and may be
 * lost by a crash; its revision number is never given out again. A delete is always durable.
 */
export interface Store {
  /** Revision of the last committed write; 0 in an empty store. */
  revision(): number
  /** Watches and reads from a revision below this one end with `CompactedError`. */
  compactedRevision(): number
  get(key: string): Promise<Entry | undefined>
  /** Entries whose key starts with `prefix`, in byte order of the key, all as of one revision. */
  range(prefix: string, options?: RangeOptions): Promise<RangeResult>
  /** Commits one write. Rejects with `CasError` when `expected` does not hold; nothing is then changed. */
  write(write: Write): Promise<{ readonly revision: number }>
  /**
   * Delivers every event of keys under `prefix` with a revision above `fromRevision`, once, in order, in
   * batches; a write's promise resolves only after its event was delivered to the watchers that have
   * caught up. History is delivered before `watch` returns. Resolves when `signal` aborts or the store closes;
   * rejects with `CompactedError` when history is gone, `FutureRevisionError` when `fromRevision` was not
   * written yet (a restored backup), or with what `sink` threw: that ends this watch alone.
   */
  watch(
    prefix: string,
    fromRevision: number,
    sink: (events: readonly StoreEvent[]) => void,
    signal: AbortSignal,
  ): Promise<void>
  /**
   * Of a store that others write, too: the revision that everybody had reached at the earliest when this was called, once
   * the watchers were told of everything up to it. Absent: what `revision` says is all there is.
   */
  freshRevision?(): Promise<number>
  /** Forgets superseded values at or below `revision`. */
  compact(revision: number): Promise<void>
  /** Flushes everything and releases the files. Writes after it reject. */
  close(): Promise<void>
}

export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly createRevision: number
  /** Revision of the last write of this key. */
  readonly modRevision: number
}

export interface RangeOptions {
  /** Read as of this revision; `CompactedError` when gone, `FutureRevisionError` when not yet there. */
  readonly revision?: number
  readonly limit?: number
  /** Starts after this key (exclusive). */
  readonly after?: string
}

export interface RangeResult {
  readonly entries: readonly Entry[]
  readonly revision: number
  readonly more: boolean
}

export interface Write {
  readonly key: string
  /** Undefined deletes. */
  readonly value: Uint8Array | undefined
  /** The key's modRevision that the writer saw; 0 = the key must not exist. */
  readonly expected: number
  readonly volatile?: boolean
}

export interface StoreEvent {
  readonly type: 'put' | 'delete'
  readonly key: string
  /** The very array that was given to `write` when this process wrote it. For a delete: the last value. */
  readonly value: Uint8Array
  readonly createRevision: number
  readonly revision: number
}

/** The key was written by somebody else since the writer read it. `actual` is its modRevision, 0 = absent. */
export class CasError extends Error {
  override name = 'CasError'
  readonly key: string
  readonly actual: number
  constructor(key: string, actual: number) {
    super(`key ${key} is at revision ${actual}`)
    this.key = key
    this.actual = actual
  }
}

/** The asked revision is older than the kept history. */
export class CompactedError extends Error {
  override name = 'CompactedError'
  readonly compactedRevision: number
  constructor(compactedRevision: number) {
    super(`history up to revision ${compactedRevision} is gone`)
    this.compactedRevision = compactedRevision
  }
}

/** The asked revision was not written yet. */
export class FutureRevisionError extends Error {
  override name = 'FutureRevisionError'
  readonly revision: number
  constructor(revision: number) {
    super(`the store is at revision ${revision}`)
    this.revision = revision
  }
}

/** The disk refused a write (full, broken) or the store is closed: nothing was changed; reads go on. */
export class StoreUnavailableError extends Error {
  override name = 'StoreUnavailableError'
}

/** The store understood a write and will not do it (too large, no room): nothing was changed. The message is the store's own. */
export class StoreRefusedError extends Error {
  override name = 'StoreRefusedError'
}

/** The files cannot be opened: locked by another process, damaged, or not ours. The message says what to do. */
export class StoreOpenError extends Error {
  override name = 'StoreOpenError'
}
