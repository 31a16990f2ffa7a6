import type { Logger } from '../std/ports.ts'

interface FeedEvent {
  readonly key: string
  readonly revision: number
}

export interface FeedOptions<E> {
  /** Revision of the last event that `publish` was given. */
  readonly revision: () => number
  /** Events above `revision` that `prefix` covers, oldest first; throws when they are gone. */
  readonly since: (prefix: string, revision: number) => readonly E[]
  /** Which of the watched prefixes cover `key`. Default: those that it starts with. */
  readonly covering?: (watched: ReadonlyMap<string, unknown>, key: string) => Iterable<string>
  readonly log: Logger
}

interface Watcher<E> {
  readonly sink: (events: readonly E[]) => void
  /** Events up to here were delivered. */
  position: number
  readonly end: (error?: unknown) => void
}

/**
 * Delivers events to watchers: each once, in order, in the batches in which they were published. A sink may
 * call back into anything here; what that publishes waits until the batch under way is with everybody.
 * A sink that throws ends its own watch and no other.
 */
export class Feed<E extends FeedEvent> {
  readonly #options: FeedOptions<E>
  readonly #watchers = new Map<string, Set<Watcher<E>>>()
  readonly #queue: (() => readonly E[])[] = []
  #publishing = false
  #closed = false

  constructor(options: FeedOptions<E>) {
    this.#options = options
  }

  /** See `Store.watch`; `prefix` means what `covering` and `since` make of it. */
  watch(
    prefix: string,
    fromRevision: number,
    sink: (events: readonly E[]) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted || this.#closed) return Promise.resolve()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const end = (error?: unknown) => {
      signal.removeEventListener('abort', stop)
      this.#remove(prefix, watcher)
      if (error === undefined) resolve()
      else reject(error)
    }
    const stop = () => end()
    const watcher: Watcher<E> = { sink, position: fromRevision, end }
    this.#add(prefix, watcher)
    signal.addEventListener('abort', stop, { once: true })
    try {
      this.#catchUp(prefix, watcher)
    } catch (error) {
      end(error)
    }
    return promise
  }

  /**
   * Hands one batch to the watchers of its keys. `make` runs when the batch's turn has come: it applies the
   * batch, so that what a sink reads is never ahead of what it was told.
   */
  publish(make: () => readonly E[]): void {
    this.#queue.push(make)
    if (!this.#publishing) this.#drain()
  }

  /** Ends every watch as if its signal had aborted. */
  close(): void {
    this.#closed = true
    this.end()
  }

  /** Ends the watches of today: with `error`, or as if their signals had aborted. */
  end(error?: unknown): void {
    for (const watchers of [...this.#watchers.values()])
      for (const watcher of [...watchers]) watcher.end(error)
  }

  #catchUp(prefix: string, watcher: Watcher<E>): void {
    const missed = this.#options.since(prefix, watcher.position)
    watcher.position = this.#options.revision()
    if (missed.length === 0) return
    if (this.#publishing) watcher.sink(missed)
    else this.#alone(() => watcher.sink(missed))
  }

  /** Runs `first`, then what it and the sinks published, one batch after the other. */
  #alone(first: () => void): void {
    this.#publishing = true
    try {
      first()
    } finally {
      this.#publishing = false
      this.#drain()
    }
  }

  #drain(): void {
    this.#publishing = true
    try {
      for (let next = this.#queue.shift(); next; next = this.#queue.shift()) this.#deliver(next())
    } finally {
      this.#publishing = false
    }
  }

  #deliver(events: readonly E[]): void {
    const batches = new Map<string, E[]>()
    for (const event of events) {
      for (const prefix of this.#covering(event.key)) {
        const batch = batches.get(prefix)
        if (batch) batch.push(event)
        else batches.set(prefix, [event])
      }
    }
    for (const [prefix, batch] of batches) {
      const last = batch.at(-1)!.revision
      for (const watcher of [...(this.#watchers.get(prefix) ?? [])]) this.#hand(prefix, watcher, batch, last)
    }
  }

  #hand(prefix: string, watcher: Watcher<E>, batch: readonly E[], last: number): void {
    // Joined while this batch was on its way, and got it from history; or left meanwhile.
    if (watcher.position >= last || !this.#watchers.get(prefix)?.has(watcher)) return
    watcher.position = last
    try {
      watcher.sink(batch)
    } catch (error) {
      this.#options.log.warn('a watcher failed and was dropped', { prefix, error: String(error) })
      watcher.end(error ?? new Error('the watcher failed'))
    }
  }

  #covering(key: string): Iterable<string> {
    if (this.#options.covering) return this.#options.covering(this.#watchers, key)
    return [...this.#watchers.keys()].filter(prefix => key.startsWith(prefix))
  }

  #add(prefix: string, watcher: Watcher<E>): void {
    const watchers = this.#watchers.get(prefix)
    if (watchers) watchers.add(watcher)
    else this.#watchers.set(prefix, new Set([watcher]))
  }

  #remove(prefix: string, watcher: Watcher<E>): void {
    const watchers = this.#watchers.get(prefix)
    if (watchers?.delete(watcher) && watchers.size === 0) this.#watchers.delete(prefix)
  }
}
