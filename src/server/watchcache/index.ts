export type { CachedObject, CacheEvent } from './cached-object.ts'
export { type Claims, createClaims } from './claims.ts'
export { createFirstObjects, type FirstObjects } from './first-objects.ts'
export { keepForm, storedForm } from './kept-forms.ts'
export { collectionPrefix, kindFolder, objectKey } from './key.ts'
export { removeUnchanged } from './remove-unchanged.ts'
export {
  type CacheList,
  type CacheListOptions,
  type CachePut,
  type CacheRuns,
  createWatchCache,
  type WatchCache,
  type WatchCacheOptions,
} from './watch-cache.ts'
