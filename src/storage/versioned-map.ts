import { assert } from '../std/assert.ts'
import { emptyTree, type Keyed, type Tree, treeGet, treePut, treeRemove } from '../std/persistent-tree.ts'
import type { Clock } from '../std/ports.ts'
import { CompactedError, FutureRevisionError } from './store.ts'

/** One step of history: `current` is undefined for a delete, `previous` for a create. */
export interface Change<T> {
  readonly key: string
  readonly revision: number
  readonly current: T | undefined
  readonly previous: T | undefined
  /** What keeping this step in memory costs, roughly. */
  readonly bytes: number
}

/** How much history stays: steps older than `ageMs` go, and the oldest beyond the count and the bytes. */
export interface HistoryLimits {
  readonly ageMs: number
  readonly countMax: number
  readonly bytesMax: number
}

export const defaultHistory: HistoryLimits = { ageMs: 300_000, countMax: 20_000, bytesMax: 16 << 20 }

export interface VersionedMapOptions<C> {
  readonly clock: Clock
  readonly limits?: Partial<HistoryLimits>
  /** Told each step that falls out of history, oldest first. */
  readonly onForget?: (change: C) => void
}

/** Versions that readers have asked for lately, so that the pages of one list do not undo history each time. */
const rememberedMax = 64

/**
 * A sorted map with a past. The present is a persistent tree; the past is the list of steps that led to it.
 * A version is a tree: found among the remembered ones, or made by undoing steps from a newer one.
 */
export class VersionedMap<T extends Keyed, C extends Change<T> = Change<T>> {
  readonly #clock: Clock
  readonly #limits: HistoryLimits
  readonly #onForget: (change: C) => void
  readonly #remembered = new Map<number, Tree<T>>()
  #tree: Tree<T> = emptyTree()
  #revision = 0
  #floor = 0
  #steps: C[] = []
  /** When each step was made: beside it, so that remembering one costs no object. */
  #timesMs: number[] = []
  /** Steps before this index are forgotten; the arrays are trimmed when they are many. */
  #start = 0
  #bytes = 0

  constructor(options: VersionedMapOptions<C>) {
    this.#clock = options.clock
    this.#limits = { ...defaultHistory, ...options.limits }
    this.#onForget = options.onForget ?? (() => {})
  }

  /** Starts over from `tree` at `revision`, without a past; what is dropped of it was not forgotten as `onForget` means it. */
  load(tree: Tree<T>, revision: number): void {
    assert(revision >= this.#revision, 'revisions rise')
    this.#tree = tree
    this.#revision = revision
    this.#floor = revision
    this.#steps = []
    this.#timesMs = []
    this.#start = 0
    this.#bytes = 0
    this.#remembered.clear()
  }

  get tree(): Tree<T> {
    return this.#tree
  }

  get revision(): number {
    return this.#revision
  }

  /** Versions below this one are gone. */
  get floor(): number {
    return this.#floor
  }

  get(key: string): T | undefined {
    return treeGet(this.#tree, key)
  }

  /** Makes `change` the present. Revisions rise; changes of one revision come together. */
  apply(change: C): void {
    assert(change.revision >= this.#revision, 'revisions rise')
    this.#tree = change.current ? treePut(this.#tree, change.current) : treeRemove(this.#tree, change.key)
    this.#revision = change.revision
    this.#bytes += change.bytes
    this.#steps.push(change)
    this.#timesMs.push(this.#clock.monotonicMs())
    this.#trim()
  }

  /** Raises the revision without a change: numbers that nobody will see. */
  skipTo(revision: number): void {
    this.#revision = Math.max(this.#revision, revision)
  }

  /** The map as it was at `revision`; `CompactedError` or `FutureRevisionError` when it cannot be told. */
  at(revision: number): Tree<T> {
    this.#check(revision)
    if (revision === this.#revision) return this.#tree
    let tree = this.#remembered.get(revision)
    if (tree) return tree
    const end = this.#indexAbove(revision)
    tree = this.#tree
    for (let index = this.#steps.length - 1; index >= end; index--) tree = undo(tree, this.#steps[index]!)
    this.#remember(revision, tree)
    return tree
  }

  /** Keeps the present within reach of a cheap `at`, as the first page of a list asks. */
  rememberPresent(): void {
    this.#remember(this.#revision, this.#tree)
  }

  /** Steps above `revision`, oldest first. */
  since(revision: number): C[] {
    this.#check(revision)
    return this.#steps.slice(this.#indexAbove(revision))
  }

  /** Forgets steps at or below `revision`, which may not be in the future. */
  forget(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(this.#revision)
    while (this.#start < this.#steps.length && this.#steps[this.#start]!.revision <= revision) this.#drop()
    this.#raiseFloor(revision)
  }

  #check(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(this.#revision)
    if (revision < this.#floor) throw new CompactedError(this.#floor)
  }

  #indexAbove(revision: number): number {
    let low = this.#start
    let high = this.#steps.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#steps[middle]!.revision <= revision) low = middle + 1
      else high = middle
    }
    return low
  }

  #trim(): void {
    const { ageMs, countMax, bytesMax } = this.#limits
    const oldestMs = this.#clock.monotonicMs() - ageMs
    while (this.#start < this.#steps.length) {
      const count = this.#steps.length - this.#start
      if (count <= countMax && this.#bytes <= bytesMax && this.#timesMs[this.#start]! >= oldestMs) return
      this.#drop()
    }
  }

  #drop(): void {
    const change = this.#steps[this.#start]!
    this.#start++
    this.#bytes -= change.bytes
    this.#raiseFloor(change.revision)
    this.#onForget(change)
    if (this.#start < 1024 && this.#start < this.#steps.length) return
    this.#steps = this.#steps.slice(this.#start)
    this.#timesMs = this.#timesMs.slice(this.#start)
    this.#start = 0
  }

  #raiseFloor(revision: number): void {
    if (revision <= this.#floor) return
    this.#floor = revision
    for (const known of this.#remembered.keys()) if (known < revision) this.#remembered.delete(known)
  }

  #remember(revision: number, tree: Tree<T>): void {
    this.#remembered.delete(revision)
    this.#remembered.set(revision, tree)
    if (this.#remembered.size <= rememberedMax) return
    const oldest = this.#remembered.keys().next()
    if (!oldest.done) this.#remembered.delete(oldest.value)
  }
}

function undo<T extends Keyed>(tree: Tree<T>, { key, previous }: Change<T>): Tree<T> {
  return previous ? treePut(tree, previous) : treeRemove(tree, key)
}
