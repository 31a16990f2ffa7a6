import type { Cancel, Clock } from '../../std/ports.ts'
import { CasError, StoreUnavailableError, type Write } from '../store.ts'
import type { EtcdConnection } from './connection.ts'
import type { KeySpace } from './key-space.ts'
import { compareTarget, type TxnRequest } from './messages.ts'

interface WritesOptions {
  readonly connection: EtcdConnection
  readonly keys: KeySpace
  /** Resolves when everything up to this revision was told to the watchers. */
  readonly reached: (revision: number) => Promise<void>
  /** Asks how far the watch is, until it is far enough. */
  readonly hurry: (isEnough: () => boolean) => void
  readonly clock: Pick<Clock, 'setTimer'>
}

/** An event that has not come so long after the answer may be kept back by a member that stands still. */
const eventMaxMs = 1_000

interface UnderWay {
  readonly write: Write
  /** Revision that etcd gave it; 0: no answer yet. */
  answered: number
  /** Revision of the event that it was found in; 0: none yet. */
  told: number
  /** False: nobody will be told any more. */
  readonly settle: (isTold: boolean) => void
}

/**
 * Writes on their way to etcd and back: one of a key at a time, each resolved once its event is with the watchers, in the
 * order of their revisions.
 */
export class Writes {
  readonly #options: WritesOptions
  readonly #byKey = new Map<string, UnderWay>()
  readonly #turns = new Map<string, Promise<void>>()
  /** Those whose event was told, in its order. */
  #told: UnderWay[] = []

  constructor(options: WritesOptions) {
    this.#options = options
  }

  /** Waits for the one before it of this key, so that an event belongs to no other write of this process. */
  async write(write: Write): Promise<{ readonly revision: number }> {
    const { key } = write
    const turn = Promise.withResolvers<void>()
    const before = this.#turns.get(key)
    this.#turns.set(key, turn.promise)
    if (before) await before
    try {
      return await this.#send(write)
    } finally {
      if (this.#turns.get(key) === turn.promise) this.#turns.delete(key)
      turn.resolve()
    }
  }

  /** The array that was given to the write under way of this key, when this event tells of it. */
  ours(key: string, value: Uint8Array | undefined, revision: number): Uint8Array | undefined {
    const found = this.#byKey.get(key)
    if (!found || !isSame(found.write.value, value)) return undefined
    found.told = revision
    this.#told = [...this.#told.filter(other => other !== found), found]
    return found.write.value
  }

  /** The watchers have what `ours` was asked about. */
  arrived(): void {
    for (;;) {
      const first = this.#told[0]
      if (!first || first.answered === 0) return
      this.#told.shift()
      // Else somebody else had written the same before, and our own event is still to come.
      if (first.told >= first.answered) first.settle(true)
    }
  }

  /** Events that would have told of what is under way will not come. */
  lose(): void {
    for (const each of this.#byKey.values()) each.settle(false)
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#turns.values())
  }

  async #send(write: Write): Promise<{ readonly revision: number }> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const own: UnderWay = { write, answered: 0, told: 0, settle: resolve }
    const { clock, hurry } = this.#options
    let cancel: Cancel | undefined
    this.#byKey.set(write.key, own)
    const isOver = () => this.#byKey.get(write.key) !== own
    this.#commit(write).then(revision => {
      own.answered = revision
      this.arrived()
      if (own.told < revision) cancel = clock.setTimer(eventMaxMs, () => hurry(isOver))
    }, reject)
    try {
      if (!(await promise))
        throw new StoreUnavailableError('etcd told nothing of the write; whether it was done is not known')
      return { revision: own.answered }
    } finally {
      cancel?.()
      this.#byKey.delete(write.key)
      this.#told = this.#told.filter(other => other !== own)
      this.arrived()
    }
  }

  /** The revision of the write. A lost race waits until the watchers know of the other one: who reads again sees it. */
  async #commit(write: Write): Promise<number> {
    const { connection, keys, reached } = this.#options
    const { header, succeeded, responses } = await connection.txn(toRequest(write, keys.toWire(write.key)))
    if (succeeded && !isNothing(write)) return header.revision
    const actual = responses[0]?.responseRange?.kvs[0]?.modRevision ?? 0
    await reached(actual || header.revision)
    throw new CasError(write.key, actual)
  }
}

/** Removing what must not be there can only fail. */
function isNothing({ value, expected }: Write): boolean {
  return value === undefined && expected === 0
}

function toRequest(write: Write, key: Uint8Array): TxnRequest {
  const read = { requestRange: { key, keysOnly: true } }
  const { value } = write
  const change = value === undefined ? { requestDeleteRange: { key } } : { requestPut: { key, value } }
  return {
    compare: [{ target: compareTarget.modRevision, key, modRevision: write.expected }],
    success: [isNothing(write) ? read : change],
    failure: [read],
  }
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (!one || !other) return one === other
  return one.length === other.length && Buffer.compare(one, other) === 0
}
