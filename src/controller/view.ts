import type { Informers } from '../client/informers.ts'
import type { ObjectStore } from '../client/object-store.ts'
import type { ResourceRef } from '../client/resource.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import { controllerOf } from '../machinery/meta/owners.ts'

/** The cached world as a plan for one object sees it. Everything in it is frozen and shared. */
export interface View {
  store<R extends KubeObject>(resource: ResourceRef<R>): ObjectStore<R>
  /** The objects whose controller is the object that is planned for. */
  owned<R extends KubeObject>(resource: ResourceRef<R>): readonly R[]
  /** The objects of the same namespace that have no controller. */
  orphans<R extends KubeObject>(resource: ResourceRef<R>): readonly R[]
}

/** Index projection: the uid of an object's controller. */
export function controllerUid(object: KubeObject): string | undefined {
  return controllerOf(object)?.uid
}

/** Index projection: the namespace of an object that has no controller. */
export function orphanNamespace(object: KubeObject): string | undefined {
  return controllerOf(object) ? undefined : object.metadata.namespace
}

/** The view for one object over live informers (or, in tests, over anything that has stores). */
export function viewFor(object: KubeObject, store: View['store']): View {
  const { uid, namespace } = object.metadata
  return {
    store,
    owned: resource =>
      store(resource)
        .index(controllerUid)
        .get(uid ?? ''),
    orphans: resource =>
      store(resource)
        .index(orphanNamespace)
        .get(namespace ?? ''),
  }
}

export function informerStores(informers: Informers): View['store'] {
  return resource => informers.of(resource).store
}
