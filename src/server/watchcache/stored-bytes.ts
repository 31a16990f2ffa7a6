import type { CachedObject } from './cached-object.ts'

/** The form of `CachedObject.encodings` that holds the bytes as they were written: JSON without a resourceVersion. */
export const storedForm = 'stored'

/** Below this writing an object as JSON anew is cheaper than changing bytes that are there (bench/micro/json-patch). */
const largeBytesMin = 16_384
const keptMax = 8

/** Keeps the bytes of the last few large objects that were written, for whoever is about to send them. */
export class StoredBytes {
  readonly #kept: CachedObject[] = []

  keep(object: CachedObject, bytes: Uint8Array): void {
    if (bytes.length < largeBytesMin) return
    object.encodings.set(storedForm, bytes)
    this.#kept.push(object)
    if (this.#kept.length > keptMax) this.#kept.shift()!.encodings.delete(storedForm)
  }
}
