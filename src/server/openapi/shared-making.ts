type Bytes = Uint8Array<ArrayBuffer>

/** Gives the bytes of a document, made when they are not at hand. */
export type ShareMaking = (key: string, make: () => Promise<Bytes>) => Promise<Bytes>

/** Traces of documents that nobody holds any more are looked for when there are so many. */
const tracesMax = 256

/**
 * Documents of megabytes for many who ask at a time: one is made at a time, whoever asks for the same gets the same
 * bytes, and so do those who ask while an answer with them is still on its way. Nothing else keeps them.
 */
export function createSharedMaking(): ShareMaking {
  const making = new Map<string, Promise<Bytes>>()
  const made = new Map<string, WeakRef<Bytes>>()
  let last: Promise<unknown> = Promise.resolve()
  const keep = (key: string, bytes: Bytes) => {
    if (made.size >= tracesMax) for (const [old, trace] of made) if (!trace.deref()) made.delete(old)
    made.set(key, new WeakRef(bytes))
    return bytes
  }
  const begin = (key: string, make: () => Promise<Bytes>) => {
    const work = last
      .then(make)
      .then(bytes => keep(key, bytes))
      .finally(() => making.delete(key))
    making.set(key, work)
    // Who waits for this one is told why it failed; the next one is made all the same.
    last = Promise.allSettled([work])
    return work
  }
  return async (key, make) => made.get(key)?.deref() ?? making.get(key) ?? begin(key, make)
}
