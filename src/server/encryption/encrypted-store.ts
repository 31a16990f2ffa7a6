import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import { layerOver } from '../../storage/layer.ts'
import { CasError, type Entry, type Store, StoreUnavailableError } from '../../storage/store.ts'
import { createEventOpening, type EventOpening } from './opened-watch.ts'
import type { Opened, Provider, Transformer } from './provider.ts'

/** How what lies in a folder is sealed; `providers` are those behind it. */
export interface Rule extends Transformer {
  readonly folders: readonly string[]
  readonly providers: readonly Provider[]
}

/**
 * A store whose covered values nobody can read on the disk. What cannot be opened now is `StoreUnavailableError`: plugins and
 * keys come back, and whoever follows the store asks again then.
 */
export interface EncryptedStore extends Store {
  /** Takes other rules from now on. */
  configure(rules: readonly Rule[]): void
  /** What is wrong with a key management plugin; undefined when all is well. */
  check(): string | undefined
  /** Writes everything anew that was read and is not as the rules want it; answers how many values it were. */
  rewriteStale(): Promise<number>
}

/** Puts sealing around `store`. What the rules do not cover passes as it is. */
export function encryptedStore(
  store: Store,
  rules: readonly Rule[],
  ports: Pick<Ports, 'clock' | 'log'>,
): EncryptedStore {
  const plainOf = new WeakMap<Uint8Array, Uint8Array>()
  const stale = new Set<string>()
  let current = rules
  let table = createTable(rules)
  const note = (key: string, { plain, isStale }: Opened) => {
    if (isStale) stale.add(key)
    return plain
  }
  const open = async (entry: Entry): Promise<Entry> => {
    try {
      const opened = openWith(table(entry.key), entry.key, entry.value)
      return { ...entry, value: note(entry.key, opened instanceof Promise ? await opened : opened) }
    } catch (error) {
      throw new StoreUnavailableError(messageOf(error), { cause: error })
    }
  }
  const opening = createEventOpening(event => {
    const known = plainOf.get(event.value)
    if (known) return { ...event, value: known }
    const opened = openWith(table(event.key), event.key, event.value)
    if (opened instanceof Promise) return opened.then(({ plain }) => ({ ...event, value: plain }))
    return { ...event, value: opened.plain }
  }, ports)
  const layer = layerOver(store, {
    async get(key) {
      const entry = await store.get(key)
      return entry && open(entry)
    },
    async range(prefix, options) {
      const result = await store.range(prefix, options)
      return { ...result, entries: await Promise.all(result.entries.map(open)) }
    },
    async write(write) {
      const rule = table(write.key)
      if (!rule || write.value === undefined) return store.write(write)
      const value = rule.seal(write.key, write.value)
      if (value !== write.value) plainOf.set(value, write.value)
      return store.write({ ...write, value })
    },
    ...openedFeed(store, opening),
  })
  return {
    ...layer,
    configure(next) {
      closeProviders(current)
      current = next
      table = createTable(next)
    },
    check: () =>
      providersOf(current)
        .map(provider => provider.check?.())
        .find(trouble => trouble !== undefined),
    async close() {
      closeProviders(current)
      await store.close()
    },
    async rewriteStale() {
      const keys = [...stale]
      const written = await Promise.all(keys.map(key => rewrite(layer, key)))
      stale.clear()
      const count = written.filter(Boolean).length
      if (count > 0) ports.log.info('stored values sealed with the key of today', { values: count })
      return count
    },
  }
}

/** What a store tells of others' writes, once it is opened. */
function openedFeed(store: Store, opening: EventOpening): Pick<Store, 'watch' | 'freshRevision'> {
  return {
    async watch(prefix, fromRevision, sink, signal) {
      const broken = new AbortController()
      const ends = AbortSignal.any([signal, broken.signal])
      const opened = opening.through(sink, error => broken.abort(error), ends)
      try {
        await store.watch(prefix, fromRevision, opened, ends)
      } catch (error) {
        // What waits for a plugin is not told any more: whoever watches looks at the whole store instead.
        broken.abort(error)
      }
      if (broken.signal.aborted) throw broken.signal.reason
    },
    ...(store.freshRevision && {
      async freshRevision() {
        const revision = await store.freshRevision!()
        await opening.settled()
        return revision
      },
    }),
  }
}

function providersOf(rules: readonly Rule[]): Provider[] {
  return rules.flatMap(({ providers }) => providers)
}

function closeProviders(rules: readonly Rule[]): void {
  for (const provider of providersOf(rules)) provider.close?.()
}

/** Somebody who writes it meanwhile does the same work. */
async function rewrite(store: Store, key: string): Promise<boolean> {
  const entry = await store.get(key)
  if (!entry) return false
  try {
    await store.write({ key, value: entry.value, expected: entry.modRevision })
    return true
  } catch (error) {
    if (error instanceof CasError) return false
    throw error
  }
}

/** The rule of a key, found by its folder once; undefined for what is kept as it is. */
function createTable(rules: readonly Rule[]): (key: string) => Rule | undefined {
  const byFolder = new Map<string, Rule | undefined>()
  return key => {
    const group = key.indexOf('/', 1) + 1
    const plural = key.indexOf('/', group) + 1
    const folder = key.slice(0, key.indexOf('/', plural) + 1)
    if (byFolder.has(folder)) return byFolder.get(folder)
    const rule = rules.find(({ folders }) => folders.some(each => folder.startsWith(each)))
    byFolder.set(folder, rule)
    return rule
  }
}

function openWith(rule: Rule | undefined, key: string, stored: Uint8Array): Opened | Promise<Opened> {
  return rule ? rule.open(key, stored) : { plain: stored, isStale: false }
}
