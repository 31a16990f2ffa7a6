import { CasError } from '../../storage/store.ts'
import type { WatchCache } from './watch-cache.ts'

/** Removes a key as the cache knows it, if it is there; one that was written meanwhile stays. */
export async function removeUnchanged(cache: WatchCache, key: string): Promise<void> {
  const found = cache.get(key)
  if (!found) return
  try {
    await cache.remove(key, found.revision)
  } catch (error) {
    if (!(error instanceof CasError)) throw error
  }
}
