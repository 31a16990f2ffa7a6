import type { Informers } from '../client/informers.ts'
import { compareRevisions, objectKey, type ResourceName, resourceId } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'

/** One write of ours that a view must show before we look at it again. */
export type Expectation =
  | { readonly expect: 'seen'; readonly resource: ResourceName; readonly revision: string }
  | { readonly expect: 'gone'; readonly resource: ResourceName; readonly key: string; readonly uid: string }
  /** Nothing will show it: the write is not to be tried again before expectations expire. */
  | { readonly expect: 'nothing'; readonly resource: ResourceName }

/** The view must have reached the revision that this write made. */
export function expectSeen(resource: ResourceName, written: KubeObject): Expectation | undefined {
  const revision = written.metadata.resourceVersion
  return revision ? { expect: 'seen', resource, revision } : undefined
}

/** The view must show this object as being deleted, or not at all. */
export function expectGone(resource: ResourceName, object: KubeObject): Expectation {
  return { expect: 'gone', resource, key: objectKey(object), uid: object.metadata.uid ?? '' }
}

/**
 * Nothing can be made in a namespace that is being deleted, and each of its objects that goes would have us try
 * again. Upstream's count of such a create stays unmet just so.
 */
export function expectNothing(resource: ResourceName): Expectation {
  return { expect: 'nothing', resource }
}

/**
 * Remembers per key what we wrote. Replaces upstream's counting expectations (controller_utils.go) by
 * revisions: no count can go wrong, and every kind of write is covered.
 */
export class Expectations {
  readonly #informers: Informers
  readonly #watched: ReadonlySet<string>
  readonly #pending = new Map<string, readonly Expectation[]>()

  /** Writes of resources that are not in `watched` show in no view and are not waited for. */
  constructor(informers: Informers, watched: readonly ResourceName[]) {
    this.#informers = informers
    this.#watched = new Set(watched.map(resourceId))
  }

  add(key: string, written: readonly Expectation[]): void {
    const relevant = written.filter(({ resource }) => this.#watched.has(resourceId(resource)))
    if (relevant.length > 0) this.#pending.set(key, [...(this.#pending.get(key) ?? []), ...relevant])
  }

  /** The first write that the view does not show yet. */
  unmet(key: string): Expectation | undefined {
    const left = (this.#pending.get(key) ?? []).filter(expectation => !this.#met(expectation))
    if (left.length === 0) this.#pending.delete(key)
    else this.#pending.set(key, left)
    return left[0]
  }

  forget(key: string): void {
    this.#pending.delete(key)
  }

  #met(expectation: Expectation): boolean {
    if (expectation.expect === 'nothing') return false
    const informer = this.#informers.of(expectation.resource)
    if (expectation.expect === 'seen')
      return compareRevisions(informer.lastRevision(), expectation.revision) >= 0
    const metadata = informer.store.byKey(expectation.key)?.metadata
    return metadata?.uid !== expectation.uid || metadata.deletionTimestamp !== undefined
  }
}
