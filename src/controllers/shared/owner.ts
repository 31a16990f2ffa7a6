import type { ResourceName } from '../../client/resource.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject, OwnerReference } from '../../machinery/meta/object.ts'

/** The reference that makes `owner` the controller of an object (meta/v1 NewControllerRef). */
export function controllerReference(resource: ResourceName, owner: KubeObject): OwnerReference {
  const { name, uid } = owner.metadata
  const apiVersion = toApiVersion(resource.group, resource.version)
  return {
    apiVersion,
    kind: resource.kind,
    name: name!,
    uid: uid!,
    controller: true,
    blockOwnerDeletion: true,
  }
}
