import type { KubeObject } from '../../machinery/meta/object.ts'
import { deepFreeze } from '../../machinery/meta/value.ts'
import type { Encodings } from '../context.ts'
import { shareValues } from './shared-values.ts'

/** One version of one object, in memory once for all readers: deeply frozen, its encodings made on demand and kept. */
export interface CachedObject {
  readonly key: string
  /** Frozen to the leaves (see `deepFreeze` for arrays); `metadata.resourceVersion` is `revision` in decimal. */
  readonly object: KubeObject
  /** What the object's resourceVersion says. */
  readonly revision: number
  readonly createRevision: number
  /** Size of the stored value. */
  readonly storedBytes: number
  /** Filled by `keepForm`, by what the server calls a form: `stored`, `json`, `protobuf`, … */
  readonly encodings: Encodings
}

export interface CacheEvent {
  readonly type: 'added' | 'modified' | 'deleted'
  readonly key: string
  readonly revision: number
  /** Undefined when deleted. */
  readonly current: CachedObject | undefined
  /** What it was before; undefined when added. */
  readonly previous: CachedObject | undefined
  /**
   * What a watcher that loses sight of the object is sent with DELETED: `previous` with the resourceVersion of
   * this event, the same value for all of them. Only there when `previous` is.
   */
  readonly departed: CachedObject | undefined
}

interface Form {
  readonly name: string
  readonly bytes: Uint8Array
  readonly next: Form | undefined
}

/** Holds its encodings itself: most objects have none or one, and a Map costs more than all of an object's own fields. */
export class Cached implements CachedObject, Encodings {
  readonly key: string
  readonly object: KubeObject
  readonly revision: number
  readonly createRevision: number
  readonly storedBytes: number
  #forms: Form | undefined

  constructor(fields: Omit<CachedObject, 'encodings'>) {
    this.key = fields.key
    this.object = fields.object
    this.revision = fields.revision
    this.createRevision = fields.createRevision
    this.storedBytes = fields.storedBytes
  }

  get encodings(): Encodings {
    return this
  }

  get(name: string): Uint8Array | undefined {
    let form = this.#forms
    while (form && form.name !== name) form = form.next
    return form?.bytes
  }

  set(name: string, bytes: Uint8Array): void {
    this.#forms = { name, bytes, next: without(this.#forms, name) }
  }

  delete(name: string): void {
    this.#forms = without(this.#forms, name)
  }
}

function without(form: Form | undefined, name: string): Form | undefined {
  if (!form || form.name === name) return form?.next
  return { ...form, next: without(form.next, name) }
}

/**
 * Freezes `object`, with its resourceVersion set, into a cached version. The caller's top level stays untouched. The
 * resourceVersion stands first, where it is easily put into stored bytes (`server/http/encode.ts`).
 */
export function toCachedObject(fields: Omit<CachedObject, 'encodings'>, arraysToo = false): CachedObject {
  const { object, revision } = fields
  const metadata = { resourceVersion: '', ...object.metadata }
  metadata.resourceVersion = String(revision)
  const shown = { ...object, metadata }
  shareValues(shown)
  return new Cached({ ...fields, object: deepFreeze(shown, arraysToo) })
}

/** What an event costs in memory besides the values that it keeps alive. */
const eventBytes = 300

/** A step of history as watchers see it; see `CacheEvent`. */
export class CacheChange implements CacheEvent {
  readonly key: string
  readonly revision: number
  readonly current: CachedObject | undefined
  readonly previous: CachedObject | undefined
  #departed: CachedObject | undefined

  constructor(fields: Pick<CacheEvent, 'key' | 'revision' | 'current' | 'previous'>) {
    this.key = fields.key
    this.revision = fields.revision
    this.current = fields.current
    this.previous = fields.previous
  }

  get type(): CacheEvent['type'] {
    if (!this.current) return 'deleted'
    return this.previous ? 'modified' : 'added'
  }

  get bytes(): number {
    return (this.previous?.storedBytes ?? 0) + eventBytes
  }

  get departed(): CachedObject | undefined {
    if (this.previous) this.#departed ??= departedAt(this.previous, this.revision)
    return this.#departed
  }
}

/** An object as its watchers last see it: its last value with the resourceVersion of its removal. */
export function departedAt(last: CachedObject, revision: number): CachedObject {
  const { key, object, createRevision, storedBytes } = last
  return toCachedObject({ key, object, revision, createRevision, storedBytes })
}
