import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Clock } from '../../std/ports.ts'
import { CasError } from '../../storage/store.ts'
import { objectKey } from './key.ts'
import type { WatchCache } from './watch-cache.ts'

/** Names of which each is one server's at a time: keys of the store that only one of several servers can make. */
export interface Claims {
  /**
   * False when another server has it. The cache is as new as a claim: it has what whoever had the name before wrote
   * under it. What nobody gave back in its life is nobody's.
   */
  take(name: string): Promise<boolean>
  give(name: string): Promise<void>
  keyOf(name: string): string
}

export interface ClaimOptions {
  readonly cache: WatchCache
  readonly clock: Clock
  /** The folder: no resource, so that nobody is served what lies there. */
  readonly plural: string
  readonly lifeMs: number
}

/** Opens the claims of one folder. */
export function createClaims({ cache, clock, plural, lifeMs }: ClaimOptions): Claims {
  const own = new Map<string, number>()
  /** From when on another's claim is known, on our own clock. */
  const foreign = new Map<string, { readonly revision: number; readonly atMs: number }>()
  const keyOf = (name: string) => objectKey({ group: '', plural }, '', name)
  const dropStale = async (key: string) => {
    const found = cache.get(key)
    if (!found) return
    const nowMs = clock.monotonicMs()
    const before = foreign.get(key)
    if (before?.revision !== found.revision) foreign.set(key, { revision: found.revision, atMs: nowMs })
    else if (nowMs - before.atMs >= lifeMs) await unlessLost(cache.remove(key, found.revision))
  }
  return {
    keyOf,
    async take(name) {
      const key = keyOf(name)
      await dropStale(key)
      const object: KubeObject = { kind: 'Claim', apiVersion: 'v1', metadata: { name } }
      const encoded = new TextEncoder().encode(JSON.stringify(object))
      const made = await unlessLost(cache.put({ key, object, encoded, expected: 0 }))
      if (!made) return false
      foreign.delete(key)
      own.set(name, made.revision)
      return true
    },
    async give(name) {
      const revision = own.get(name)
      own.delete(name)
      if (revision !== undefined) await unlessLost(cache.remove(keyOf(name), revision))
    },
  }
}

/** Undefined when somebody else was faster. */
async function unlessLost<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (error instanceof CasError) return undefined
    throw error
  }
}
