import type { Resource } from '../../../api/define.ts'
import { toApiVersion } from '../../../machinery/meta/group.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import { cloneDeep } from '../../../machinery/meta/value.ts'
import { internalError } from '../../../machinery/status/errors.ts'
import type { AdmissionRequest } from '../../context.ts'

export type ResourceName = Pick<Resource, 'group' | 'version' | 'plural'>

/** As what a request matched: its own resource, or an equivalent one in another version. */
export interface Match {
  readonly resource: ResourceName
  readonly kind: AdmissionRequest['kind']
}

/** A request with its objects as they are at this point of the chain, in the version of `kind`. */
export interface Admitted {
  readonly request: AdmissionRequest
  readonly kind: AdmissionRequest['kind']
  readonly object: KubeObject | undefined
  readonly oldObject: KubeObject | undefined
}

/** A request as it came. */
export function asAdmitted(request: AdmissionRequest): Admitted {
  const { kind, object, oldObject } = request
  return { request, kind, object, oldObject }
}

/** Namespaces lie in themselves: what upstream's attributes call the namespace of a request. */
export function namespaceOf({ resource, info }: AdmissionRequest): string {
  if (resource.group === '' && resource.plural === 'namespaces') return info.name
  return resource.namespaced ? info.namespace : ''
}

/** The same stored objects, served as another group or version, and the kind of the same subresource there. */
export function equivalentsOf({ registry, resource, info }: AdmissionRequest): Match[] {
  const others = registry.storedAt(resource.storage.group, resource.storage.plural)
  if (others.length < 2) return []
  return others.flatMap(other => {
    if (other === resource) return []
    if (info.subresource === '') return [{ resource: other, kind: other }]
    const found = other.subresources.find(({ name }) => name === info.subresource)
    return found ? [{ resource: other, kind: found.kind ?? other }] : []
  })
}

/** The objects in another version; the same ones where nothing has to change. A custom kind's webhook may be asked. */
export async function convertAdmitted(admitted: Admitted, kind: Admitted['kind']): Promise<Admitted> {
  if (isSameKind(admitted.kind, kind)) return admitted
  const { registry } = admitted.request
  const from = resourceOf(registry, admitted.kind)
  const to = resourceOf(registry, kind)
  const convert = (object: KubeObject | undefined) => object && convertObject(object, from, to)
  const [object, oldObject] = await Promise.all([convert(admitted.object), convert(admitted.oldObject)])
  return {
    request: admitted.request,
    kind,
    object,
    oldObject,
  }
}

function isSameKind(a: Admitted['kind'], b: Admitted['kind']): boolean {
  return a.kind === b.kind && a.version === b.version && a.group === b.group
}

function resourceOf(
  registry: AdmissionRequest['registry'],
  { group, version, kind }: Admitted['kind'],
): Resource {
  const found = registry.kind(group, version, kind)
  if (found) return found
  throw internalError(`unable to convert to ${toApiVersion(group, version)}, Kind=${kind}: unknown kind`)
}

async function convertObject(object: KubeObject, from: Resource, to: Resource): Promise<KubeObject> {
  const { convert } = to.custom ?? {}
  if (convert) return cloneDeep((await convert([object], toApiVersion(to.group, to.version)))[0]!)
  const copy = cloneDeep(object)
  const stored = from.conversion ? from.conversion.toStorage(copy) : copy
  const made = to.conversion ? to.conversion.fromStorage(stored) : stored
  return { ...made, kind: to.kind, apiVersion: toApiVersion(to.group, to.version) }
}
