import { emptyTree } from '../../std/persistent-tree.ts'
import type { Ports } from '../../std/ports.ts'
import { Feed } from '../feed.ts'
import {
  CompactedError,
  type Entry,
  FutureRevisionError,
  type RangeOptions,
  type RangeResult,
  type Store,
  type StoreEvent,
  StoreRefusedError,
  StoreUnavailableError,
  type Write,
} from '../store.ts'
import { type HistoryLimits, VersionedMap } from '../versioned-map.ts'
import { Waiters } from '../waiters.ts'
import { coalesced } from './coalesced.ts'
import { compactRegularly } from './compactor.ts'
import { connectEtcd, type EtcdConnection, EtcdError, type EtcdTls, outOfRange } from './connection.ts'
import { followEtcd } from './follow.ts'
import { type History, plain, toChange } from './history.ts'
import { type KeySpace, keySpace } from './key-space.ts'
import type { KeyValue, WireEvent } from './messages.ts'
import { tellSize } from './tell-size.ts'
import { Writes } from './writes.ts'

export interface EtcdStoreOptions {
  /** `http://host:2379` or `https://host:2379`, all members of one etcd. */
  readonly endpoints: readonly string[]
  readonly tls?: EtcdTls
  /** Where a member is met instead, in gRPC's words (`unix:///…`); it is believed as the one of its endpoint. */
  readonly addressOf?: (endpoint: string) => string | undefined
  readonly ports: Pick<Ports, 'clock' | 'random' | 'log'> & Partial<Pick<Ports, 'metrics'>>
  /** Keys begin with `root` here and with `prefix` in etcd. Default: as they are. */
  readonly root?: string
  readonly prefix?: string
  /** How often etcd is made to forget the past. Default: five minutes, as upstream; 0: never. */
  readonly compactionIntervalMs?: number | undefined
  /** What watchers that come late can still be told. Default: a minute, 20,000 steps, 16 MB. */
  readonly history?: Partial<HistoryLimits>
}

/** Long enough for a reader of everything to begin where it has read. */
const defaultHistory: Partial<HistoryLimits> = { ageMs: 60_000 }
/** So much of the past is looked at when the store is opened. */
const pastMax = 1_000
/** A key that is asked for when only the revision matters: one that never is there. */
const nowhere = Buffer.from([0])
/** Of gRPC: invalid argument, resource exhausted. Nobody else would take it either. */
const refusals: ReadonlySet<number> = new Set([3, 8])
/** For writes under way to come back. */
const closeTimeoutMs = 5_000

/**
 * Opens the store in an etcd that other servers may write, too. Rejects with `StoreUnavailableError` when no member
 * answers. See README.md for what it keeps and how it goes on after a lost connection.
 */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const { clock, metrics } = options.ports
  const connection = await connectEtcd({ ...options, clock, metrics })
  try {
    const store = new EtcdStore(options, connection)
    await store.open()
    return store
  } catch (error) {
    connection.close()
    throw asUnavailable(error)
  }
}

class EtcdStore implements Store {
  readonly #options: EtcdStoreOptions
  readonly #connection: EtcdConnection
  readonly #keys: KeySpace
  /** Nothing but steps: what lives is asked of etcd. */
  readonly #history: History
  readonly #feed: Feed<StoreEvent>
  readonly #waiters = new Waiters()
  readonly #writes: Writes
  readonly #closing = new AbortController()
  #stops: (() => void)[] = []
  #hurry: (isEnough: () => boolean) => void = () => {}

  constructor(options: EtcdStoreOptions, connection: EtcdConnection) {
    const { root = '', prefix = root, ports, history = defaultHistory } = options
    this.#options = options
    this.#connection = connection
    this.#keys = keySpace({ root, prefix })
    this.#history = new VersionedMap({ clock: ports.clock, limits: history })
    this.#feed = new Feed<StoreEvent>({
      log: ports.log,
      revision: () => this.#history.revision,
      since: (under, revision) =>
        this.#history
          .since(revision)
          .map(({ event }) => event)
          .filter(({ key }) => key.startsWith(under)),
    })
    this.#writes = new Writes({
      connection,
      keys: this.#keys,
      reached: revision => this.#reach(revision),
      hurry: isEnough => this.#hurry(isEnough),
      clock: ports.clock,
    })
  }

  /** Follows etcd from the recent past on; resolves when the present is reached. */
  async open(): Promise<void> {
    const present = await this.#askRevision()
    this.#history.load(emptyTree(), Math.max(1, present - pastMax))
    const { ports, compactionIntervalMs: intervalMs } = this.#options
    const following = followEtcd({
      ...{ connection: this.#connection, ports, range: this.#keys.rangeOf('') },
      position: () => this.#history.revision,
      onEvents: events => this.#take(events),
      onProgress: revision => this.#advance(revision),
      onCompacted: revision => this.#lose(revision),
      onCreated: revision => this.#checkAge(revision),
    })
    this.#hurry = following.hurry
    const { log, metrics } = ports
    this.#stops = [
      ...[following.stop, compactRegularly({ connection: this.#connection, ports, intervalMs })],
      ...(metrics ? [tellSize(this.#connection, { metrics, log })] : []),
    ]
    await this.#reach(present)
  }

  revision(): number {
    return this.#history.revision
  }

  compactedRevision(): number {
    return this.#history.floor
  }

  async get(key: string): Promise<Entry | undefined> {
    this.#checkOpen()
    const { kvs } = await this.#ask(this.#connection.range({ key: this.#keys.toWire(key) }))
    return kvs[0] && this.#toEntry(kvs[0])
  }

  async range(prefix: string, { revision, limit, after }: RangeOptions = {}): Promise<RangeResult> {
    this.#checkOpen()
    if (revision !== undefined) this.#checkRevision(revision)
    const asked = {
      ...this.#keys.rangeOf(prefix, after),
      ...(limit !== undefined && { limit }),
      ...(revision !== undefined && { revision }),
    }
    const answer = await this.#ask(this.#connection.range(asked), revision)
    const entries = answer.kvs.map(each => this.#toEntry(each))
    return { entries, revision: revision ?? answer.header.revision, more: answer.more }
  }

  async write(write: Write): Promise<{ readonly revision: number }> {
    this.#checkOpen()
    return this.#ask(this.#writes.write(write))
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
    if (revision > this.revision()) throw new FutureRevisionError(this.revision())
    await this.#connection.compact(revision).catch(error => {
      // Somebody has compacted as far already.
      if (!(error instanceof EtcdError && error.code === outOfRange)) throw asUnavailable(error)
    })
    this.#history.forget(revision)
  }

  readonly freshRevision = coalesced(async () => {
    this.#checkOpen()
    const revision = await this.#ask(this.#askRevision())
    await this.#reach(revision)
    return this.revision()
  })

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new StoreUnavailableError('the store is closed'))
    const cancel = this.#options.ports.clock.setTimer(closeTimeoutMs, () => this.#writes.lose())
    await this.#writes.settled()
    cancel()
    for (const stop of this.#stops) stop()
    this.#feed.close()
    this.#connection.close()
  }

  #checkOpen(): void {
    this.#closing.signal.throwIfAborted()
  }

  #checkRevision(revision: number): void {
    if (revision > this.revision()) throw new FutureRevisionError(this.revision())
    if (revision < this.compactedRevision()) throw new CompactedError(this.compactedRevision())
  }

  /** Of etcd as a whole, agreed on by its members after this was called. */
  async #askRevision(): Promise<number> {
    const { header } = await this.#connection.range({ key: nowhere, keysOnly: true })
    return header.revision
  }

  /** Resolves when everything up to `revision` was told to the watchers. */
  #reach(revision: number): Promise<void> {
    const isThere = () => this.revision() >= revision || this.#closing.signal.aborted
    if (!isThere()) this.#hurry(isThere)
    return this.#waiters.wait(revision, this.revision(), this.#closing.signal)
  }

  async #ask<T>(answer: Promise<T>, revision?: number): Promise<T> {
    try {
      return await answer
    } catch (error) {
      if (revision !== undefined && error instanceof EtcdError && error.code === outOfRange)
        throw new CompactedError(Math.max(revision + 1, this.compactedRevision()))
      throw asUnavailable(error)
    }
  }

  #take(events: readonly WireEvent[]): void {
    const found = events.map(event =>
      toChange(event, this.#keys, (key, value, revision) => this.#writes.ours(key, value, revision)),
    )
    const changes = found.filter(change => change !== undefined)
    const last = events.at(-1)!.kv.modRevision
    // Old members have told of progress before they told of all that belonged to it.
    const isLate = events[0]!.kv.modRevision <= this.revision()
    if (changes.length < found.length || isLate) return this.#lose(Math.max(last, this.revision()))
    this.#feed.publish(() => {
      for (const change of changes) this.#history.apply(change)
      return changes.map(({ event }) => event)
    })
    this.#arrived()
  }

  #advance(revision: number): void {
    this.#history.skipTo(revision)
    this.#arrived()
  }

  #arrived(): void {
    this.#writes.arrived()
    this.#waiters.release(this.revision())
  }

  /** What happened up to `revision` is not to be had any more: watchers have to look at what there is at it. */
  #lose(revision: number): void {
    this.#history.load(emptyTree(), revision)
    this.#writes.lose()
    this.#feed.end(new CompactedError(revision))
    this.#arrived()
  }

  /** A member may lag; when all of etcd is older than what was told, it is another one, or one of a backup. */
  #checkAge(revision: number): void {
    if (revision >= this.revision()) return
    this.#askRevision().then(
      present => present < this.revision() && this.#feed.end(new FutureRevisionError(present)),
      error => this.#options.ports.log.warn('the age of etcd is not known', { error: String(error) }),
    )
  }

  #toEntry({ key, value, createRevision, modRevision }: KeyValue): Entry {
    return { key: this.#keys.fromWire(key), value: plain(value), createRevision, modRevision }
  }
}

function asUnavailable(error: unknown): unknown {
  if (!(error instanceof EtcdError)) return error
  if (refusals.has(error.code)) return new StoreRefusedError(error.message, { cause: error })
  const doubt = error.isUnsent ? '' : '; whether a write was done is not known'
  return new StoreUnavailableError(`etcd: ${error.message}${doubt}`, { cause: error })
}
