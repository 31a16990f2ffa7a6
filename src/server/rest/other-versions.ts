import type { CustomKind, Resource } from '../../api/define.ts'
import type { Registry } from '../../api/registry.ts'
import {
  configErrors,
  type FindVersion,
  formatConfigErrors,
  type OtherVersion,
} from '../../machinery/apply/index.ts'
import { conform, DecodeError, readConverted } from '../../machinery/codec/index.ts'
import { fromApiVersion, toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import { plainFailure } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import { awaited, type Steps } from '../../std/turns.ts'

/**
 * Finds the versions of a kind in which managers wrote; of a custom kind also those that are served no more. Upstream
 * types what it compares by the schemas of one group: who wrote an Event through the other one is forgotten.
 */
export function otherVersionsOf(resource: Resource, registry: Registry): FindVersion {
  return apiVersion => {
    const { group, version } = fromApiVersion(apiVersion) ?? { group: '', version: '' }
    if (resource.custom) return group === resource.group ? customVersion(resource, version) : 'gone'
    const other = registry.kind(group, version, resource.kind)
    if (!other || !isSameKind(resource, other)) return undefined
    return group === resource.group ? between(resource, other) : 'gone'
  }
}

function isSameKind({ storage }: Resource, other: Resource): boolean {
  return other.storage.group === storage.group && other.storage.plural === storage.plural
}

function between(own: Resource, other: Resource): OtherVersion {
  return { schema: other.schema, from: wayTo(own, other), back: wayTo(other, own) }
}

function wayTo(from: Resource, to: Resource): OtherVersion['from'] {
  return function* (object) {
    yield
    return throughStorage(from, to, object)
  }
}

function customVersion(own: Resource, version: string): OtherVersion | 'gone' {
  const schema = own.custom?.schemaOf?.(version)
  if (!schema) return 'gone'
  const from = customWayTo(own, version, schema)
  return { schema, from, back: customWayTo(own, own.version, own.schema), countsAll: true }
}

function customWayTo(own: Resource, version: string, schema: ObjectSchema): OtherVersion['from'] {
  const apiVersion = toApiVersion(own.group, version)
  return function* (object) {
    yield
    const { convert } = own.custom!
    const converted = convert ? yield* asked(convert, object, apiVersion) : { ...object, apiVersion }
    const errors = configErrors(schema, converted as unknown as JsonMap)
    if (errors.length > 0) throw plainFailure(formatConfigErrors(errors))
    return converted
  }
}

/** A webhook is not shown who owns what; a part that nobody owns may be all that is left of metadata. */
function* asked(
  convert: NonNullable<CustomKind['convert']>,
  object: KubeObject,
  apiVersion: string,
): Steps<KubeObject> {
  const { managedFields: _, ...metadata } = object.metadata ?? {}
  const [converted] = yield* awaited(convert([{ ...object, metadata }], apiVersion))
  return converted!
}

/** As the types read it: through the stored form. What an applier let go may have been all that metadata held. */
function throughStorage(from: Resource, to: Resource, object: KubeObject): KubeObject {
  const apiVersion = toApiVersion(to.group, to.version)
  const metadata = object.metadata ?? {}
  const read = typed(from, { ...object, metadata }, { name: metadata.name })
  const stored = from.conversion ? from.conversion.toStorage(read) : read
  const converted = to.conversion ? to.conversion.fromStorage(stored) : stored
  return { ...converted, apiVersion, kind: to.kind }
}

interface Named {
  readonly namespace?: string
  readonly name?: string | undefined
}

/** What Go's type makes of an object; where it cannot, upstream's plain 500 says so of what is `named`. */
export function typed(resource: Resource, object: KubeObject, named: Named): KubeObject {
  const { schema } = resource
  try {
    return readConverted(schema, object, value => conform(schema, value)) as unknown as KubeObject
  } catch (error) {
    throw error instanceof DecodeError ? unconvertible(resource, named, error) : error
  }
}

function unconvertible(
  { group, version, kind }: Resource,
  { namespace = '', name = '' }: Named,
  { message }: DecodeError,
): StatusError {
  const type = `${group}/${version}, Kind=${kind}`
  const what = `failed to convert new object (${namespace}/${name}; ${type}) to proper version`
  return plainFailure(`${what}: unable to convert unstructured object to ${type}: ${message}`)
}
