import { treeScan } from '../../std/persistent-tree.ts'
import type { Clock, Logger } from '../../std/ports.ts'
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
import { type Change, type HistoryLimits, VersionedMap } from '../versioned-map.ts'

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly log: Logger
  readonly history?: Partial<HistoryLimits>
}

/** A store that lives as long as its process: for tests, simulations and throw-away clusters. Writes are visible at once. */
export function openMemoryStore({ clock, log, history }: MemoryStoreOptions): Store {
  const entries = new VersionedMap<Entry>({ clock, ...(history && { limits: history }) })
  const feed = new Feed<StoreEvent>({
    log,
    revision: () => entries.revision,
    since: (prefix, revision) =>
      entries
        .since(revision)
        .filter(change => change.key.startsWith(prefix))
        .map(toEvent),
  })
  let closed = false
  const checkOpen = () => {
    if (closed) throw new StoreUnavailableError('the store is closed')
  }

  const write = async (request: Write): Promise<{ revision: number }> => {
    checkOpen()
    const { key, value } = request
    const previous = entries.get(key)
    const actual = previous?.modRevision ?? 0
    if (actual !== request.expected || (value === undefined && !previous)) throw new CasError(key, actual)
    const revision = entries.revision + 1
    const createRevision = previous?.createRevision ?? revision
    const current = value && { key, value, createRevision, modRevision: revision }
    const change = { key, revision, current, previous, bytes: (current ?? previous)!.value.length + 200 }
    entries.apply(change)
    feed.publish(() => [toEvent(change)])
    return { revision }
  }
  return {
    revision: () => entries.revision,
    compactedRevision: () => entries.floor,
    async get(key) {
      checkOpen()
      return entries.get(key)
    },
    async range(prefix, options = {}) {
      checkOpen()
      return range(entries, prefix, options)
    },
    write,
    watch: (prefix, fromRevision, sink, signal) => feed.watch(prefix, fromRevision, sink, signal),
    compact: async revision => entries.forget(revision),
    async close() {
      closed = true
      feed.close()
    },
  }
}

function range(entries: VersionedMap<Entry>, prefix: string, options: RangeOptions): RangeResult {
  const revision = options.revision ?? entries.revision
  const { limit, after } = options
  const found = treeScan(entries.at(revision), prefix, {
    ...(after !== undefined && { after }),
    ...(limit !== undefined && { limit: limit + 1 }),
  })
  const more = limit !== undefined && found.length > limit
  return { entries: more ? found.slice(0, limit) : found, revision, more }
}

function toEvent({ key, revision, current, previous }: Change<Entry>): StoreEvent {
  const { value, createRevision } = (current ?? previous)!
  return { type: current ? 'put' : 'delete', key, value, createRevision, revision }
}
