import type { Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import type { FindVersion, OtherVersion } from '../../machinery/apply/index.ts'
import { conform, DecodeError } from '../../machinery/codec/index.ts'
import { fromApiVersion, toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { plainFailure } from '../../machinery/status/errors.ts'

/**
 * Finds the versions of a kind in which managers wrote. Versions that a webhook converts between cannot be had at
 * once: managers of them are taken as of the request's.
 */
export function otherVersionsOf(resource: Resource, registry: Registry): FindVersion {
  return apiVersion => {
    if (resource.custom?.convert) return undefined
    const { group, version } = fromApiVersion(apiVersion) ?? { group: '', version: '' }
    const other = registry.kind(group, version, resource.kind)
    if (other && isSameKind(resource, other)) return between(resource, other)
    return resource.custom ? 'gone' : undefined
  }
}

function isSameKind({ storage }: Resource, other: Resource): boolean {
  return other.storage.group === storage.group && other.storage.plural === storage.plural
}

function between(own: Resource, other: Resource): OtherVersion {
  return {
    schema: other.schema,
    from: object => convert(own, other, object),
    back: object => convert(other, own, object),
  }
}

/** As the types read it: through the stored form. */
function convert(from: Resource, to: Resource, object: KubeObject): KubeObject {
  const apiVersion = toApiVersion(to.group, to.version)
  if (to.custom) return { ...object, apiVersion }
  const stored = from.conversion ? from.conversion.toStorage(typed(from, object)) : typed(from, object)
  const converted = to.conversion ? to.conversion.fromStorage(stored) : stored
  return { ...converted, apiVersion, kind: to.kind }
}

function typed({ schema }: Resource, object: KubeObject): KubeObject {
  try {
    return conform(schema, object) as unknown as KubeObject
  } catch (error) {
    throw error instanceof DecodeError ? plainFailure(error.message) : error
  }
}
