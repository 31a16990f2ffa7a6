import type { KubeObject, OwnerReference } from './object.ts'

/** The owner reference that says who manages this object, if anybody does (meta/v1 GetControllerOf). */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(reference => reference.controller)
}
