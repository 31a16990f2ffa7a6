import { toApiVersion } from './group.ts'
import type { KubeObject, OwnerReference } from './object.ts'

/** What names a kind when an owner reference to one of its objects is made; a Resource is one. */
export interface KindName {
  readonly group: string
  readonly version: string
  readonly kind: string
}

/** The reference to the controller that manages this object, if one does. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(reference => reference.controller === true)
}

/** Whether `owner` is this object's managing controller, the same incarnation and not merely the same name. */
export function isControlledBy(object: KubeObject, owner: KubeObject): boolean {
  const controller = controllerOf(object)
  return controller !== undefined && controller.uid === owner.metadata.uid
}

/** A controlling reference that holds back the owner's foreground deletion (upstream's NewControllerRef). */
export function ownerReferenceTo(owner: KubeObject, { group, version, kind }: KindName): OwnerReference {
  return {
    apiVersion: toApiVersion(group, version),
    kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  }
}

/** `namespace/name`, or `name` alone for what has no namespace: a queue's and a cache's key. */
export function objectKey(object: KubeObject): string {
  return formatObjectKey(object.metadata.namespace, object.metadata.name ?? '')
}

export function formatObjectKey(namespace: string | undefined, name: string): string {
  return namespace ? `${namespace}/${name}` : name
}

/** The reverse of `objectKey`. */
export function parseObjectKey(key: string): { namespace: string | undefined; name: string } {
  const slash = key.indexOf('/')
  if (slash < 0) return { namespace: undefined, name: key }
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
