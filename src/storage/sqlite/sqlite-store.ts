import { assert } from '../../std/assert.ts'
import { treeScan } from '../../std/persistent-tree.ts'
import type { Cancel, Clock, Logger } from '../../std/ports.ts'
import { Feed } from '../feed.ts'
import {
  CasError,
  type Entry,
  type RangeOptions,
  type RangeResult,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
  type Write,
} from '../store.ts'
import { type Change, defaultHistory, type HistoryLimits, VersionedMap } from '../versioned-map.ts'
import { Garbage } from './garbage.ts'
import { type IndexEntry, loadIndex, stepBytes } from './load-index.ts'
import { type LogMeta, type LogRow, type LogTable, openLogTable } from './log-table.ts'
import { describeWriteError, type OpenDatabase, openDatabase } from './open-database.ts'
import { type StagedWrite, stageWrites, type WriteRequest } from './stage-writes.ts'

export interface SqliteStoreOptions {
  readonly path: string
  readonly clock: Clock
  readonly log: Logger
  /** How long a volatile write may wait for the disk. Default 60,000. */
  readonly volatileFlushMs?: number
  readonly history?: Partial<HistoryLimits>
  /** Overwrites what is removed, for as long as this store is open: for values that should never have been there. */
  readonly erases?: boolean
}

/** Revision numbers set aside for volatile writes at a time. */
const ceilingBlock = 10_000
/** So many writes are one transaction at most: with more the file is no faster, and everybody else waits. */
const groupMax = 256

/** Opens the store in one SQLite file; see README.md for why it survives what it survives. Throws `StoreOpenError`. */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  return new SqliteStore(options)
}

class SqliteStore implements Store {
  readonly #options: SqliteStoreOptions
  readonly #volatileFlushMs: number
  readonly #file: OpenDatabase
  readonly #table: LogTable
  readonly #index: VersionedMap<IndexEntry>
  readonly #feed: Feed<StoreEvent>
  readonly #garbage = new Garbage()
  /** Volatile values that the disk has not got, by key: at most one each. */
  readonly #waiting = new Map<string, IndexEntry>()
  #waitingSinceMs = 0
  #cancelFlush: Cancel | undefined
  readonly #queue: WriteRequest[] = []
  #willCommit = false
  #closed = false
  /** Last revision number given to anything, also to a commit that failed. */
  #issued: number
  #ceiling: number
  #hasVolatile = false
  /** Last write that overtook one which had not reached the disk: what the disk says of the time before is wrong. */
  #lost = 0
  #sweptAtMs: number

  constructor(options: SqliteStoreOptions) {
    this.#options = options
    this.#volatileFlushMs = options.volatileFlushMs ?? 60_000
    this.#sweptAtMs = options.clock.monotonicMs()
    this.#index = new VersionedMap<IndexEntry>({
      clock: options.clock,
      ...(options.history && { limits: options.history }),
      onForget: change => this.#forget(change),
    })
    const opened = openDatabase(options.path, database => {
      const table = openLogTable(database)
      const meta = table.meta()
      loadIndex(this.#index, table.scan(), meta, revision => this.#garbage.add(revision))
      if (options.erases) database.run('PRAGMA secure_delete = ON')
      return { table, meta }
    })
    this.#file = opened
    this.#table = opened.loaded.table
    this.#ceiling = opened.loaded.meta.ceiling
    this.#issued = this.#index.revision
    this.#feed = new Feed<StoreEvent>({
      log: options.log,
      revision: () => this.#index.revision,
      since: (prefix, revision) => this.#since(prefix, revision),
    })
  }

  revision(): number {
    return this.#index.revision
  }

  compactedRevision(): number {
    return this.#index.floor
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    const found = this.#index.get(key)
    return found && this.#toEntry(found)
  }

  async range(prefix: string, options: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen()
    const revision = options.revision ?? this.#index.revision
    const { limit, after } = options
    const found = treeScan(this.#index.at(revision), prefix, {
      ...(after !== undefined && { after }),
      ...(limit !== undefined && { limit: limit + 1 }),
    })
    const more = limit !== undefined && found.length > limit
    if (more) found.pop()
    return { entries: found.map(entry => this.#toEntry(entry)), revision, more }
  }

  async write(write: Write): Promise<{ readonly revision: number }> {
    this.#checkOpen()
    if (write.volatile && write.value) {
      this.#hasVolatile = true
      if (this.#issued < this.#ceiling) return { revision: this.#writeVolatile(write, write.value) }
    }
    const { promise, resolve, reject } = Promise.withResolvers<{ revision: number }>()
    this.#queue.push({ write, resolve, reject })
    this.#commitSoon()
    return promise
  }

  watch(
    prefix: string,
    fromRevision: number,
    sink: (events: readonly StoreEvent[]) => void,
    signal: AbortSignal,
  ) {
    return this.#feed.watch(prefix, fromRevision, sink, signal)
  }

  async compact(revision: number): Promise<void> {
    this.#checkOpen()
    this.#index.forget(revision)
    do {
      this.#checkOpen()
      this.#transact([], [], { floor: this.#index.floor }, true)
      await new Promise<void>(resolve => setImmediate(resolve))
    } while (!this.#garbage.isEmpty)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    while (this.#queue.length > 0) this.#commitQueue()
    this.#closed = true
    this.#cancelFlush?.()
    try {
      const floor = Math.max(this.#index.floor, this.#lost)
      this.#transact([], [...this.#waiting.values()], { floor, ceiling: 0 }, false)
      this.#foldLog()
    } finally {
      this.#feed.close()
      this.#file.close()
    }
  }

  /** Leaves one file behind where there is room for it; the -wal file is as good. */
  #foldLog(): void {
    try {
      this.#file.database.run('PRAGMA wal_checkpoint(TRUNCATE)')
    } catch (error) {
      this.#options.log.warn('the write-ahead log stays beside the store', { error: String(error) })
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreUnavailableError('the store is closed')
  }

  #toEntry(entry: IndexEntry): Entry {
    const { key, createRevision, modRevision } = entry
    return { key, value: this.#value(entry), createRevision, modRevision }
  }

  #value(entry: IndexEntry): Uint8Array {
    const value = entry.value ?? this.#table.value(entry.modRevision)
    assert(value, `revision ${entry.modRevision} of ${entry.key} is kept`)
    return value
  }

  #since(prefix: string, revision: number): StoreEvent[] {
    const changes = this.#index.since(revision).filter(change => change.key.startsWith(prefix))
    return changes.map(change => toEvent(change, this.#value((change.current ?? change.previous)!)))
  }

  /** Visible at once; on disk when the timer or a commit takes it along. */
  #writeVolatile({ key, expected }: Write, value: Uint8Array): number {
    const previous = this.#index.get(key)
    const actual = previous?.modRevision ?? 0
    if (actual !== expected) throw new CasError(key, actual)
    const revision = ++this.#issued
    const createRevision = previous?.createRevision ?? revision
    const current: IndexEntry = { key, createRevision, modRevision: revision, value }
    if (this.#waiting.size === 0) this.#startWaiting()
    if (this.#waiting.has(key)) this.#lost = revision
    this.#waiting.set(key, current)
    const change = { key, revision, current, previous, bytes: stepBytes + value.length }
    this.#index.apply(change)
    this.#feed.publish(() => [toEvent(change, value)])
    return revision
  }

  #startWaiting(): void {
    this.#waitingSinceMs = this.#options.clock.monotonicMs()
    this.#cancelFlush = this.#options.clock.setTimer(this.#volatileFlushMs, () => this.#flush())
  }

  #flush(): void {
    if (this.#closed || this.#waiting.size === 0) return
    try {
      this.#transact([], [...this.#waiting.values()])
    } catch (error) {
      this.#options.log.warn('volatile writes wait for the disk', { error: String(error) })
      this.#startWaiting()
    }
  }

  #commitSoon(): void {
    if (this.#willCommit) return
    this.#willCommit = true
    setImmediate(() => {
      this.#willCommit = false
      this.#commitQueue()
    })
  }

  /** What is queued in one turn of the event loop is one transaction, hence one fsync; of very much the oldest part is. */
  #commitQueue(): void {
    const requests = this.#queue.splice(0, groupMax)
    if (requests.length === 0) return
    if (this.#queue.length > 0) this.#commitSoon()
    const { writes, refused } = stageWrites(
      requests,
      key => this.#index.get(key),
      () => ++this.#issued,
    )
    try {
      if (writes.length > 0) this.#transact(writes.map(toLogRow), this.#takeAlong(writes))
    } catch (error) {
      for (const { reject } of requests) reject(error)
      return
    }
    const events = writes.map(({ request, change }) =>
      toEvent(change, request.write.value ?? this.#value(change.previous!)),
    )
    for (const { change } of writes) this.#applyDurable(change)
    this.#feed.publish(() => events)
    for (const { request, error } of refused) request.reject(error)
    for (const { request, change } of writes) request.resolve({ revision: change.revision })
  }

  /** The waiting volatile values that this commit should carry: all when they have waited for long, else those deleted by it. */
  #takeAlong(writes: readonly StagedWrite[]): IndexEntry[] {
    const waitedMs = this.#options.clock.monotonicMs() - this.#waitingSinceMs
    if (waitedMs >= this.#volatileFlushMs / 2) return [...this.#waiting.values()]
    const deleted = writes
      .filter(({ change }) => !change.current)
      .map(({ change }) => this.#waiting.get(change.key))
    return deleted.filter(entry => entry !== undefined)
  }

  #applyDurable(change: Change<IndexEntry>): void {
    if (this.#waiting.delete(change.key)) this.#lost = change.revision
    this.#index.apply(change)
    this.#stopWaitingIfDone()
  }

  /** The one place that writes. Throws `StoreUnavailableError` with nothing changed. */
  #transact(
    rows: readonly LogRow[],
    flushed: readonly IndexEntry[],
    more: Partial<LogMeta> = {},
    sweep = this.#isSweepDue(),
  ) {
    const remove = sweep ? this.#garbage.peek() : []
    const ceiling = this.#nextCeiling()
    const meta = { ...(sweep && { floor: this.#index.floor }), ...(ceiling && { ceiling }), ...more }
    try {
      this.#table.write({ insert: [...flushed.map(toRow), ...rows], remove, meta })
    } catch (error) {
      throw new StoreUnavailableError(describeWriteError(this.#options.path, error), { cause: error })
    }
    this.#ceiling = meta.ceiling ?? this.#ceiling
    for (const entry of flushed) this.#settleVolatile(entry)
    this.#stopWaitingIfDone()
    if (sweep) this.#swept(remove.length)
  }

  #settleVolatile(entry: IndexEntry): void {
    entry.value = undefined
    this.#waiting.delete(entry.key)
  }

  #stopWaitingIfDone(): void {
    if (this.#waiting.size === 0) this.#cancelFlush?.()
  }

  /** A new ceiling when volatile writes are about to reach the old one. */
  #nextCeiling(): number | undefined {
    if (!this.#hasVolatile || this.#ceiling - this.#issued >= ceilingBlock / 2) return undefined
    return this.#issued + ceilingBlock
  }

  #forget({ revision, current, previous }: Change<IndexEntry>): void {
    if (previous && previous.value === undefined) this.#garbage.add(previous.modRevision)
    if (!current) this.#garbage.add(revision)
  }

  #isSweepDue(): boolean {
    if (this.#garbage.isDue) return true
    const ageMs = this.#options.history?.ageMs ?? defaultHistory.ageMs
    return !this.#garbage.isEmpty && this.#options.clock.monotonicMs() - this.#sweptAtMs >= ageMs
  }

  #swept(rows: number): void {
    this.#garbage.drop(rows)
    this.#sweptAtMs = this.#options.clock.monotonicMs()
    try {
      this.#table.shrink()
    } catch (error) {
      this.#options.log.warn('free pages stay in the file', { error: String(error) })
    }
  }
}

function toRow({ key, createRevision, modRevision, value }: IndexEntry): LogRow {
  return { revision: modRevision, key, createRevision, value }
}

function toLogRow({ request, change }: StagedWrite): LogRow {
  const createRevision = (change.current ?? change.previous)!.createRevision
  return { revision: change.revision, key: change.key, createRevision, value: request.write.value }
}

function toEvent({ key, revision, current, previous }: Change<IndexEntry>, value: Uint8Array): StoreEvent {
  const { createRevision } = (current ?? previous)!
  return { type: current ? 'put' : 'delete', key, value, createRevision, revision }
}
