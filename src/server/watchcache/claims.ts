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
  /** Begins the life of an own claim anew; false when it is not ours any more. Rejects as the store does. */
  renew(name: string): Promise<boolean>
  /** Whether nobody else can have the name yet: by our own clock its life is not over. */
  holds(name: string): boolean
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

/** A claim of this server. */
interface Own {
  revision: number
  /** When its life began at the earliest. */
  sinceMs: number
  /** A claim that is being renewed cannot be given back just now. */
  renewing: Promise<boolean> | undefined
}

/** Opens the claims of one folder. */
export function createClaims({ cache, clock, plural, lifeMs }: ClaimOptions): Claims {
  const own = new Map<string, Own>()
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
  const write = (name: string, expected: number) => {
    const object: KubeObject = { kind: 'Claim', apiVersion: 'v1', metadata: { name } }
    const encoded = new TextEncoder().encode(JSON.stringify(object))
    return unlessLost(cache.put({ key: keyOf(name), object, encoded, expected }))
  }
  const renewOwn = async (name: string, held: Own) => {
    const sinceMs = clock.monotonicMs()
    const made = await write(name, held.revision)
    if (made) Object.assign(held, { revision: made.revision, sinceMs })
    else own.delete(name)
    return made !== undefined
  }
  return {
    keyOf,
    async take(name) {
      const key = keyOf(name)
      await dropStale(key)
      const sinceMs = clock.monotonicMs()
      const made = await write(name, 0)
      if (!made) return false
      foreign.delete(key)
      own.set(name, { revision: made.revision, sinceMs, renewing: undefined })
      return true
    },
    async renew(name) {
      const held = own.get(name)
      if (!held) return false
      held.renewing ??= renewOwn(name, held).finally(() => {
        held.renewing = undefined
      })
      return held.renewing
    },
    holds(name) {
      const held = own.get(name)
      return held !== undefined && clock.monotonicMs() - held.sinceMs < lifeMs
    },
    async give(name) {
      const held = own.get(name)
      // Who renews is told what became of it; here it only has to be over.
      await Promise.allSettled([held?.renewing])
      const isOurs = own.delete(name)
      if (held && isOurs) await unlessLost(cache.remove(keyOf(name), held.revision))
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
