import type { Resource } from '../../api/define.ts'
import type { KubeObject, ListMeta } from '../../machinery/meta/object.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import { type IncludeObject, toTable } from '../../machinery/table/table.ts'
import type { RequestOptions } from '../context.ts'

/** meta.k8s.io/v1 PartialObjectMetadata: an object's metadata alone (KEP-2265). */
export function toPartial(object: KubeObject): KubeObject {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata }
}

export function toPartialList(objects: readonly KubeObject[], metadata: ListMeta) {
  return {
    kind: 'PartialObjectMetadataList',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    items: objects.map(toPartial),
  }
}

const includes: readonly string[] = ['None', 'Metadata', 'Object']

export interface TableRequest {
  readonly nowMs: number
  readonly options: RequestOptions
  readonly metadata: ListMeta
  readonly noHeaders?: boolean
}

/** The server-printed Table of some objects. */
export function toServedTable(resource: Resource, objects: readonly KubeObject[], request: TableRequest) {
  const { nowMs, options, metadata, noHeaders = false } = request
  const includeObject = (options.includeObject ?? 'Metadata') as IncludeObject
  if (!includes.includes(includeObject)) {
    throw badRequest(
      `Invalid value for includeObject: ${JSON.stringify(includeObject)}: must be 'Metadata', 'Object', 'None', or empty`,
    )
  }
  const { columns, rowConditions } = resource
  return toTable(columns, objects, {
    nowMs,
    includeObject,
    noHeaders,
    metadata,
    ...(rowConditions && { rowConditions }),
  })
}
