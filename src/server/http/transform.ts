import type { Resource } from '../../api/define.ts'
import type { KubeObject, ListMeta, ObjectMeta } from '../../machinery/meta/object.ts'
import { badRequest, unlikeShape } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import { type IncludeObject, toTable } from '../../machinery/table/table.ts'
import type { RequestOptions } from '../context.ts'
import { internalPackage } from '../rest/foreign-body.ts'
import { shown } from './encode.ts'

/** meta.k8s.io PartialObjectMetadata: an object's metadata alone (KEP-2265). */
export function toPartial(resource: Resource, object: KubeObject, version = 'v1'): KubeObject {
  const metadata = bareMetadata(resource, object)
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
}

/** Upstream takes it from its internal form, where some annotations are fields. */
function bareMetadata({ formAnnotations }: Resource, { metadata }: KubeObject): ObjectMeta {
  const { annotations, ...others } = metadata
  if (!annotations || !formAnnotations?.some(name => name in annotations)) return metadata
  const kept = Object.entries(annotations).filter(([name]) => !formAnnotations.includes(name))
  return kept.length > 0 ? { ...others, annotations: Object.fromEntries(kept) } : others
}

/** What a kind says about its rows. */
export function rowOptions(resource: Resource) {
  const { rowConditions, formAnnotations } = resource
  return {
    ...(rowConditions && { rowConditions }),
    ...(formAnnotations && { bareMetadata: (object: KubeObject) => bareMetadata(resource, object) }),
  }
}

/** A list of bare metadata before its items. */
export function partialListHead(metadata: ListMeta, version = 'v1') {
  return { kind: 'PartialObjectMetadataList', apiVersion: `meta.k8s.io/${version}`, metadata }
}

/** 406 for metadata of one where the answer is a list, and the other way round (handlers/response.go). */
export function misshapen({ kind, storage, custom }: Resource, wanted: string): StatusError {
  const isList = wanted === 'PartialObjectMetadata'
  const type = `${custom ? 'unstructured.Unstructured' : `${internalPackage(storage.group)}.${kind}`}${isList ? 'List' : ''}`
  return unlikeShape(
    `you requested ${wanted}, but the requested object is ${isList ? 'a' : 'not a'} list (*${type})`,
  )
}

const includes: readonly string[] = ['None', 'Metadata', 'Object']

export interface TableRequest {
  readonly nowMs: number
  readonly options: RequestOptions
  readonly metadata: ListMeta
  readonly noHeaders?: boolean
  /** Of meta.k8s.io. */
  readonly version?: string | undefined
}

/** The server-printed Table of some objects. */
export function toServedTable(resource: Resource, objects: readonly KubeObject[], request: TableRequest) {
  const { nowMs, options, metadata, noHeaders = false, version = 'v1' } = request
  const includeObject = (options.includeObject ?? 'Metadata') as IncludeObject
  if (!includes.includes(includeObject)) {
    throw badRequest(
      `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`,
    )
  }
  const { columns } = resource
  const rows = includeObject === 'Object' ? objects.map(object => shown(resource, object)) : objects
  return toTable(columns, rows, {
    nowMs,
    includeObject,
    noHeaders,
    metadata,
    version,
    ...rowOptions(resource),
  })
}
