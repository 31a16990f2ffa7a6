import type { CustomResourceColumnDefinition } from '../../api/types/apiextensions-v1.gen.ts'
import { formatDouble } from '../../machinery/cel/library/number-text.ts'
import { DecodeError } from '../../machinery/codec/errors.ts'
import { parseTime, zeroTimeSeconds } from '../../machinery/codec/time.ts'
import { isMap } from '../../machinery/meta/json.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { since } from '../../machinery/table/cells.ts'
import type { Column } from '../../machinery/table/column.ts'
import { isNumber } from '../../std/exact-json.ts'
import { jsonPathReader } from './json-path.ts'

/**
 * Server-printed columns of a custom kind: its name, then what its definition lists, or its age. From a column on whose
 * path is none there are no more (registry/customresource/tableconvertor).
 */
export function toColumns(
  columns: readonly CustomResourceColumnDefinition[] | undefined,
): readonly Column<KubeObject>[] {
  if (!columns || columns.length === 0) return usualColumns
  const made = [nameColumn]
  for (const listed of columns) {
    const read = jsonPathReader(listed.jsonPath)
    if (!read) break
    made.push(toColumn(listed, read))
  }
  return made
}

const nameColumn: Column<KubeObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: '',
  priority: 0,
  cell: object => object.metadata.name ?? '',
}

/** Of definitions that list none. */
const usualColumns: readonly Column<KubeObject>[] = [
  nameColumn,
  {
    name: 'Age',
    type: 'date',
    format: '',
    description: '',
    priority: 0,
    cell: ({ metadata }, nowMs) => toCell('date', metadata.creationTimestamp, nowMs),
  },
]

function toColumn(
  { name, type, format = '', description, priority = 0, jsonPath: path }: CustomResourceColumnDefinition,
  read: (object: unknown) => unknown,
): Column<KubeObject> {
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
  if (value === undefined) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : typeof value === 'bigint' ? value : null
    case 'number':
      return isNumber(value) ? Number(value) : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? toAge(value, nowMs) : null
    default:
      return toText(value)
  }
}

function toAge(time: string, nowMs: number): string {
  if (time === '' || time === 'null') return since(undefined, nowMs)
  try {
    return since(parseTime(time).seconds === zeroTimeSeconds ? undefined : time, nowMs)
  } catch (error) {
    if (error instanceof DecodeError) return '<invalid>'
    throw error
  }
}

/** As Go prints what is no text: objects and lists as JSON that is safe in HTML, members in order. */
function toText(value: unknown): string {
  if (typeof value === 'string') return value
  if (value === null) return '<no value>'
  if (typeof value === 'number') return formatDouble(value)
  if (typeof value !== 'object') return String(value)
  return goJson(value)
}

const unsafe = /[<>&\u2028\u2029]/g

function goJson(value: object): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    isMap(inner) ? Object.fromEntries(Object.entries(inner).toSorted(byName)) : inner,
  ).replaceAll(unsafe, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function byName([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : 1
}
