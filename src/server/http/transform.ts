import type { Resource } from '../../api/define.ts'
import type { KubeObject, ListMeta } from '../../machinery/meta/object.ts'
import { badRequest, unlikeShape } from '../../machinery/status/errors.ts'
import type { StatusError } from '../../machinery/status/status.ts'
import { type IncludeObject, toTable } from '../../machinery/table/table.ts'
import type { RequestOptions } from '../context.ts'
import { internalPackage } from '../rest/foreign-body.ts'
import { shown } from './encode.ts'

/** meta.k8s.io PartialObjectMetadata: an object's metadata alone (KEP-2265). */
export function toPartial(object: KubeObject, version = 'v1'): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata }
}

export function toPartialList(objects: readonly KubeObject[], metadata: ListMeta, version = 'v1') {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: `meta.k8s.io/${version}`,
    metadata,
    items: objects.map(object => toPartial(object, version)),
  }
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
  const { columns, rowConditions } = resource
  const rows = includeObject === 'Object' ? objects.map(object => shown(resource, object)) : objects
  return toTable(columns, rows, {
    nowMs,
    includeObject,
    noHeaders,
    metadata,
    version,
    ...(rowConditions && { rowConditions }),
  })
}
