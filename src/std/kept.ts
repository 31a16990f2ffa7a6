/** What holds made things by name: a Map. */
interface Holder<T> {
  get(name: string): T | undefined
  set(name: string, made: T): unknown
  delete(name: string): unknown
}

interface Entry {
  readonly holder: Holder<unknown>
  readonly name: string
  readonly made: unknown
  readonly bytes: number
}

/** Entries that are gone are cut off when they are so many. */
const goneMax = 1_024

/** All of the process. */
const limits: KeptLimit[] = []

/** Lets go of all that is kept anywhere and could be made again. */
export function forgetKept(): void {
  for (const limit of limits) limit.clear()
}

/**
 * A limit over things that are kept beside what they were made of, and could be made again: when all of them together
 * are more than `bytesMax`, the oldest are taken out of their holders.
 */
export class KeptLimit {
  readonly #bytesMax: number
  #entries: Entry[] = []
  #start = 0
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
    limits.push(this)
  }

  /** Puts `made`, which weighs `bytes`, under `name` into its holder. */
  keep<T>(holder: Holder<T>, name: string, made: T, bytes: number): void {
    holder.set(name, made)
    this.#entries.push({ holder: holder as Holder<unknown>, name, made, bytes })
    this.#bytes += bytes
    while (this.#bytes > this.#bytesMax) this.#drop()
  }

  clear(): void {
    while (this.#start < this.#entries.length) this.#drop()
    this.#entries = []
    this.#start = 0
  }

  #drop(): void {
    const { holder, name, made, bytes } = this.#entries[this.#start]!
    this.#entries[this.#start] = gone
    this.#bytes -= bytes
    if (holder.get(name) === made) holder.delete(name)
    if (++this.#start < goneMax) return
    this.#entries = this.#entries.slice(this.#start)
    this.#start = 0
  }
}

const gone: Entry = { holder: new Map<string, unknown>(), name: '', made: undefined, bytes: 0 }
