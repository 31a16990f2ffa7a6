import type { KubeObject } from '../../machinery/meta/object.ts'
import { type CachedObject, toCachedObject } from './cached-object.ts'
import { keepForm, storedForm } from './kept-forms.ts'

interface StoredVersion {
  readonly key: string
  readonly value: Uint8Array
  readonly createRevision: number
}

interface HandedObjectsOptions {
  readonly decode: (bytes: Uint8Array, key: string) => KubeObject
  readonly freezesArrays?: boolean
}

/**
 * Decoded objects of writes under way, found again by the very bytes that were written when they come back as an
 * event. What was not written here is decoded.
 */
export class HandedObjects {
  readonly #decode: (bytes: Uint8Array, key: string) => KubeObject
  readonly #freezesArrays: boolean
  readonly #given = new WeakMap<Uint8Array, { readonly object: KubeObject; cached?: CachedObject }>()

  constructor(options: HandedObjectsOptions) {
    this.#decode = options.decode
    this.#freezesArrays = options.freezesArrays ?? false
  }

  give(encoded: Uint8Array, object: KubeObject): void {
    this.#given.set(encoded, { object })
  }

  /** The cached version of what the store holds at `revision`. */
  take({ key, value, createRevision }: StoredVersion, revision: number): CachedObject {
    const given = this.#given.get(value)
    const object = given ? given.object : this.#decodeAt(value, key)
    const fields = { key, object, revision, createRevision, storedBytes: value.length }
    const cached = toCachedObject(fields, this.#freezesArrays)
    if (given) {
      given.cached = cached
      keepForm(cached, storedForm, value)
    }
    return cached
  }

  /** What `take` made of these bytes; told once. The bytes may be kept for long, and what was handed in with them not. */
  taken(encoded: Uint8Array): CachedObject | undefined {
    const given = this.#given.get(encoded)
    this.#given.delete(encoded)
    return given?.cached
  }

  #decodeAt(value: Uint8Array, key: string): KubeObject {
    try {
      return this.#decode(value, key)
    } catch (error) {
      throw new Error(
        `the stored value of ${key} cannot be decoded: ${error instanceof Error ? error.message : error}`,
        { cause: error },
      )
    }
  }
}
