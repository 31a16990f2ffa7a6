import type { JsonObject, KubeObject } from '../machinery/meta/object.ts'

/**
 * The one way from a component to an API server. In process the object is handed over frozen, without socket,
 * TLS or JSON; over HTTP it is encoded. Both pass the same chain. Failures are `StatusError`s.
 */
export interface Transport {
  /** get, list (answers a list object), create, update, patch, delete, deletecollection. */
  call(call: ApiCall): Promise<KubeObject>
  /**
   * Delivers events in batches, in order, as they happen. Resolves when the server ends the watch (timeout)
   * or `signal` aborts; rejects with a `StatusError` (410 when the revision is gone).
   */
  watch(call: ApiCall, sink: (events: readonly WatchEvent[]) => void, signal: AbortSignal): Promise<void>
}

export interface ApiCall {
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete' | 'deletecollection'
  readonly group: string
  readonly version: string
  /** Plural. */
  readonly resource: string
  readonly subresource?: string
  readonly namespace?: string
  readonly name?: string
  /** create, update: the object. patch: the patch document. delete: DeleteOptions. */
  readonly body?: KubeObject | JsonObject | readonly unknown[]
  readonly patchType?: PatchType
  readonly options?: CallOptions
}

/** The languages of patches, in upstream's order. */
export const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const

/** `apply-patch+cbor` is spoken where CBOR is (KEP-4222). */
export type PatchType = (typeof patchTypes)[number] | 'application/apply-patch+cbor'

/** The query parameters of meta/v1 ListOptions, CreateOptions, UpdateOptions, PatchOptions. */
export interface CallOptions {
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan'
  readonly limit?: number
  readonly continue?: string
  readonly timeoutSeconds?: number
  readonly allowWatchBookmarks?: boolean
  readonly sendInitialEvents?: boolean
  readonly dryRun?: readonly string[]
  readonly fieldManager?: string
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict'
  readonly force?: boolean
}

export interface WatchEvent<T extends KubeObject = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: T
}
