import type { CustomResourceColumnDefinition } from '../../api/types/apiextensions-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { since } from '../../machinery/table/cells.ts'
import type { Column } from '../../machinery/table/column.ts'
import { isNumber } from '../../std/exact-json.ts'
import { jsonPath } from './json-path.ts'

const age: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  description: 'CreationTimestamp is a timestamp representing the server time when this object was created.',
  jsonPath: '.metadata.creationTimestamp',
}

/** Server-printed columns of a custom kind: its name, then what its definition lists, or its age. */
export function toColumns(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
): Column<KubeObject>[] {
  const listed = columns && columns.length > 0 ? columns : [age]
  return [nameColumn, ...listed.map(toColumn)]
}

const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: '',
  priority: 0,
  cell: object => object.metadata.name ?? '',
}

function toColumn({
  name,
  type,
  format = '',
  description,
  priority = 0,
  jsonPath: path,
}: CustomResourceColumnDefinition): Column<KubeObject> {
  const read = jsonPath(path)
  const kind = type as Column<KubeObject>['type']
  return {
    name,
    type: kind,
    format,
    description: description || `Custom resource definition column (in JSONPath format): ${path}`,
    priority,
    cell: (object, nowMs) => toCell(kind, read(object), nowMs),
  }
}

function toCell(type: Column<KubeObject>['type'], value: unknown, nowMs: number): unknown {
  if (value === undefined || value === null) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null
    case 'number':
      return isNumber(value) ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      if (typeof value !== 'string') return null
      return Number.isNaN(Date.parse(value)) ? '<invalid>' : since(value, nowMs)
    default:
      return typeof value === 'string' ? value : JSON.stringify(value)
  }
}
