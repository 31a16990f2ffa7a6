import type { Resource } from '../../api/define.ts'
import { facts } from '../../api/schema/index.ts'
import { encodeCbor, encodeMessage, encodeProtobuf, openEnvelope } from '../../machinery/codec/index.ts'
import { fromApiVersion, toApiVersion } from '../../machinery/meta/group.ts'
import type { JsonObject, KubeObject, ListMeta } from '../../machinery/meta/object.ts'
import { printed } from '../../machinery/schema/printed.ts'
import type { ObjectSchema } from '../../machinery/schema/schema.ts'
import { notAcceptable } from '../../machinery/status/errors.ts'
import type { ListResult, Servable } from '../context.ts'
import { metaSchema } from '../rest/meta-type.ts'
import { keepForm, storedForm } from '../watchcache/index.ts'

const comma = 44
const openBrace = 123

/** One object as JSON with a newline at its end, type first: what `get` sends and lists are joined from. */
export function objectJson(resource: Resource, servable: Servable): Uint8Array {
  const known = servable.encodings.get('json')
  if (known) return known
  const object = shown(resource, servable.object)
  const made = object === servable.object ? fromStored(servable) : undefined
  const bytes = made ?? Buffer.from(`${JSON.stringify(object)}\n`)
  keepForm(servable, 'json', bytes)
  return bytes
}

const metadataStart = Buffer.from('"metadata":{')
const quote = 34
const newline = 10

/** What was written as JSON a moment ago: only its resourceVersion is missing in those bytes, which stands first in metadata. */
function fromStored({ object, encodings }: Servable): Uint8Array | undefined {
  const stored = encodings.get(storedForm)
  if (!stored) return undefined
  const start = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength).indexOf(metadataStart)
  const cut = start + metadataStart.length
  if (start < 0 || stored[cut] !== quote) return undefined
  const revision = `"resourceVersion":"${object.metadata.resourceVersion}",`
  const out = Buffer.allocUnsafe(stored.length + revision.length + 1)
  out.set(stored.subarray(0, cut))
  out.write(revision, cut, 'latin1')
  out.set(stored.subarray(cut), cut + revision.length)
  out[out.length - 1] = newline
  return out
}

/** An object as it is printed: custom kinds have no Go type that prints more than there is. */
export function shown<T extends object>(resource: Resource, object: T): T {
  return isBuiltin(resource) ? printed(resource.schema, object) : object
}

/** Items as they lie in a list, from their cached bytes; those of built-in kinds go without their type, as upstream's do. */
export function joinedJson(resource: Resource, items: readonly Servable[], isFirst: boolean): Uint8Array {
  const kindAndVersion = `"kind":"${resource.kind}","apiVersion":"${toApiVersion(resource.group, resource.version)}",`
  const skipped = isBuiltin(resource) ? kindAndVersion.length + 1 : 0
  const parts = items.map(item => objectJson(resource, item))
  let size = 1
  for (const part of parts) size += part.length - skipped + (skipped > 0 ? 1 : 0)
  const out = Buffer.allocUnsafe(size)
  let at = 0
  for (const part of parts) {
    if (at > 0 || !isFirst) out[at++] = comma
    if (skipped > 0) out[at++] = openBrace
    out.set(part.subarray(skipped, part.length - 1), at)
    at += part.length - 1 - skipped
  }
  return out.subarray(0, at)
}

/** Kinds with a Go type behind them; custom ones have none. */
export function isBuiltin({ custom }: Resource): boolean {
  return custom === undefined
}

export function listMeta({ resourceVersion, continue: token, remainingItemCount }: ListResult): ListMeta {
  return {
    // What is measured when asked for has none.
    ...(resourceVersion !== '' && { resourceVersion }),
    ...(token !== undefined && { continue: token }),
    ...(remainingItemCount !== undefined && { remainingItemCount }),
  }
}

/** One object in its protobuf envelope. */
export function objectProtobuf(schema: ObjectSchema, servable: Servable): Uint8Array {
  const known = servable.encodings.get('protobuf')
  if (known) return known
  const bytes = encodeProtobuf(schema, servable.object)
  keepForm(servable, 'protobuf', bytes)
  return bytes
}

/** One object's bare message: where its envelope is kept, a view of that. */
export function messageOf(schema: ObjectSchema, { object, encodings }: Servable): Uint8Array {
  const known = encodings.get('protobuf')
  return known ? openEnvelope(known).raw : encodeMessage(schema, object)
}

/** One object as CBOR. */
export function objectCbor(resource: Resource, servable: Servable): Uint8Array {
  const known = servable.encodings.get('cbor')
  if (known) return known
  const bytes = encodeCbor(shown(resource, servable.object))
  keepForm(servable, 'cbor', bytes)
  return bytes
}

/** Any object that is no resource of a registry (Status, Scale, PartialObjectMetadata) as protobuf; 406 where it has no form. */
export function looseProtobuf(object: KubeObject | JsonObject): Uint8Array {
  const schema = looseSchema(object as KubeObject)
  if (!schema?.proto) throw notAcceptable(['application/json', 'application/yaml'])
  return encodeProtobuf(schema, object)
}

function looseSchema({ kind = '', apiVersion = 'v1' }: KubeObject): ObjectSchema | undefined {
  if (apiVersion.startsWith('meta.k8s.io/') || kind === 'Status') return metaSchema(kind)
  if (apiVersion.startsWith('apidiscovery.k8s.io/'))
    return facts.typeNamed(`k8s.io/api/apidiscovery/v2.${kind}`)
  const version = fromApiVersion(apiVersion)
  return version && facts.kindSchema(version.group, version.version, kind)
}
