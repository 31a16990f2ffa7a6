import type { JsonObject, KubeObject, ListMeta, ObjectMeta } from '../meta/object.ts'
import type { Column } from './column.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

export interface TableOptions<T> {
  /** Wall clock, for ages. */
  readonly nowMs: number
  /** What each row carries besides its cells; upstream's default is Metadata. */
  readonly includeObject?: IncludeObject
  readonly noHeaders?: boolean
  /** Of the list, or of the single object. */
  readonly metadata?: ListMeta
  /** Of meta.k8s.io; default v1. */
  readonly version?: string
  readonly rowConditions?: (object: T) => readonly JsonObject[]
  /** What a row shows of an object's metadata; default: all of it. */
  readonly bareMetadata?: (object: T) => ObjectMeta
}

/** meta.k8s.io Table. */
export interface Table {
  readonly kind: 'Table'
  readonly apiVersion: string
  readonly metadata: ListMeta
  readonly columnDefinitions: readonly ColumnDefinition[] | null
  readonly rows: readonly TableRow[]
}

export type ColumnDefinition = Omit<Column<never>, 'cell' | 'isUntold'>

export interface TableRow {
  readonly cells: readonly unknown[]
  readonly conditions?: readonly JsonObject[]
  /** `null` where the client wanted none. */
  readonly object: KubeObject | null
}

/** Prints objects as the server does for `Accept: …;as=Table` (apimachinery meta/v1 Table). */
export function toTable<T extends KubeObject>(
  columns: readonly Column<T>[],
  objects: readonly T[],
  options: TableOptions<T>,
): Table {
  const headers = columns
    .filter(({ isUntold }) => !isUntold)
    .map(({ name, type, format, description, priority }) => ({ name, type, format, description, priority }))
  return {
    kind: 'Table',
    apiVersion: `meta.k8s.io/${options.version ?? 'v1'}`,
    metadata: options.metadata ?? {},
    columnDefinitions: options.noHeaders ? null : headers,
    rows: objects.map(object => toRow(columns, object, options)),
  }
}

/** One row; watches send tables with a single one. */
export function toRow<T extends KubeObject>(
  columns: readonly Column<T>[],
  object: T,
  options: TableOptions<T>,
): TableRow {
  const cells = columns.map(column => column.cell(object, options.nowMs))
  const conditions = options.rowConditions?.(object) ?? []
  return { cells, ...(conditions.length > 0 && { conditions }), object: rowObject(object, options) }
}

function rowObject<T extends KubeObject>(object: T, options: TableOptions<T>): KubeObject | null {
  const { includeObject = 'Metadata', version = 'v1', bareMetadata } = options
  if (includeObject === 'Object') return object
  if (includeObject === 'None') return null
  const metadata = bareMetadata ? bareMetadata(object) : object.metadata
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata }
}
