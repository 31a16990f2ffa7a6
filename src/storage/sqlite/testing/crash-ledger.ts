import { expect } from 'bun:test'
import { silentLogger } from '../../../std/log.ts'
import { SimClock } from '../../../std/sim-ports.ts'
import { CompactedError, type Store, type StoreEvent } from '../../store.ts'
import { openSqliteStore } from '../sqlite-store.ts'

export interface CrashWriterOptions {
  readonly path: string
  readonly volatile: boolean
  readonly writesMax: number
  readonly historyCountMax: number
}

interface Told {
  readonly kind: string
  readonly revision: number
  readonly key: string
  /** `-` for a delete. */
  readonly value: string
}

/** What clients were told by all processes that wrote to one file, and the check of the file against it. */
export class CrashLedger {
  readonly #path: string
  #highest = 0
  /** What was there after the last check, as `key value`. */
  #live = new Map<string, string>()
  acknowledged = 0
  compacted = 0
  resumed = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Takes the output of one process that has ended and compares it with what the file says now. */
  async check(output: string, writer: CrashWriterOptions): Promise<void> {
    const told = parse(output)
    const news = told.filter(line => line.kind !== 'r' && line.kind !== 'c' && line.kind !== 'u')
    // A revision number that anybody saw before is never given out again.
    for (const { revision } of news) expect(revision).toBeGreaterThan(this.#highest)
    this.#highest = news.reduce((highest, { revision }) => Math.max(highest, revision), this.#highest)
    const store = openSqliteStore({
      path: this.#path,
      clock: new SimClock(0),
      log: silentLogger,
      history: { countMax: writer.historyCountMax },
    })
    try {
      expect(store.revision()).toBeGreaterThanOrEqual(this.#highest)
      await this.#checkDurable(store, news)
      await this.#checkResume(store, news, writer)
      await this.#checkView(store, news)
    } finally {
      this.#highest = Math.max(this.#highest, store.revision())
      await store.close()
    }
  }

  /** The last durable write of each key that anybody heard of is there, or one that came after it. */
  async #checkDurable(store: Store, news: readonly Told[]): Promise<void> {
    const durable = news.filter(({ key }) => key.startsWith('key/'))
    this.acknowledged += news.filter(({ kind }) => kind === 'a').length
    const last = new Map<string, Told>()
    for (const line of durable)
      if (line.revision >= (last.get(line.key)?.revision ?? 0)) last.set(line.key, line)
    for (const { key, revision, value } of last.values()) {
      const found = await store.get(key)
      if ((found?.modRevision ?? Number.POSITIVE_INFINITY) > revision) {
        // Overtaken by a commit that nobody was told of any more; a missing key may only come from such a delete.
        if (!found && value !== '-') expect(deletedAfter(await since(store, revision), key)).toBe(true)
        continue
      }
      expect([key, found!.modRevision, new TextDecoder().decode(found!.value)]).toEqual([
        key,
        revision,
        value,
      ])
    }
  }

  /** A watcher that goes on from any event that it saw gets the rest of what it would have seen, or is told that it cannot. */
  async #checkResume(store: Store, news: readonly Told[], writer: CrashWriterOptions): Promise<void> {
    const seen = news.filter(({ kind }) => kind === 'e')
    expect(seen.map(line => line.revision)).toEqual(seen.map(line => line.revision).toSorted((a, b) => a - b))
    const known = new Map(news.map(line => [line.revision, line]))
    for (const from of [seen.at(-1), seen[seen.length >> 1], seen[0]]) {
      if (!from) continue
      const events = await since(store, from.revision)
      if (!events) {
        this.compacted++
        // Nothing was lost when nothing was volatile, and the history was long enough: no excuse then.
        expect(writer.volatile || seen.length > writer.historyCountMax / 2).toBe(true)
        continue
      }
      this.resumed++
      const revisions = events.map(event => event.revision)
      expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => a - b))
      const got = new Map(events.map(event => [event.revision, event]))
      for (const line of known.values())
        if (line.revision > from.revision) expectSame(got.get(line.revision), line)
    }
  }

  /** A client that kept a view by events alone, and may go on, has the view that a list gives. */
  async #checkView(store: Store, news: readonly Told[]): Promise<void> {
    const seen = news.filter(({ kind }) => kind === 'e')
    const { entries } = await store.range('')
    const live = new Map(entries.map(({ key, value }) => [key, new TextDecoder().decode(value)]))
    const rest = seen.length > 0 ? await since(store, seen.at(-1)!.revision) : undefined
    if (rest) {
      for (const { key, value } of seen) apply(this.#live, key, value)
      for (const event of rest) apply(this.#live, event.key, valueIn(event))
      expect([...this.#live].sort()).toEqual([...live].sort())
    }
    this.#live = live
  }
}

function apply(view: Map<string, string>, key: string, value: string): void {
  if (value === '-') view.delete(key)
  else view.set(key, value)
}

function valueIn(event: StoreEvent): string {
  return event.type === 'put' ? new TextDecoder().decode(event.value) : '-'
}

function expectSame(event: StoreEvent | undefined, line: Told): void {
  expect([event?.revision, event?.key, event && valueIn(event)]).toEqual([
    line.revision,
    line.key,
    line.value,
  ])
}

function deletedAfter(events: readonly StoreEvent[] | undefined, key: string): boolean {
  return events === undefined || events.some(event => event.key === key && event.type === 'delete')
}

/** Events above `revision`, or undefined when history is gone. */
async function since(store: Store, revision: number): Promise<StoreEvent[] | undefined> {
  const events: StoreEvent[] = []
  const stop = new AbortController()
  const done = store.watch('', revision, batch => void events.push(...batch), stop.signal)
  stop.abort()
  const error = await done.catch((error: unknown) => error)
  if (error instanceof CompactedError) return undefined
  expect(error).toBeUndefined()
  return events
}

/** The last line may have been cut by the kill. */
function parse(output: string): Told[] {
  return output
    .slice(0, output.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [kind = '', revision, key = '', ...value] = line.split(' ')
      return { kind, revision: Number(revision), key, value: value.join(' ') }
    })
}
