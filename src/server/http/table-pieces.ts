import type { Resource } from '../../api/define.ts'
import { toRow } from '../../machinery/table/table.ts'
import type { ListResult, Servable } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { type Deflated, deflate, gzipOf } from './gzip-pieces.ts'
import { type TableRequest, toServedTable } from './transform.ts'

/** Below this many rows a table is hardly ever large enough to be compressed. */
const rowsMin = 32

type Run = readonly Servable[]

interface KeptRows {
  /** The cells of all rows: ages change while objects do not. */
  cells: string
  rows: Deflated
}

const kept = new WeakMap<Run, Map<string, KeptRows>>()
const end = deflate(Buffer.from(']}\n'))

/**
 * A large Table as gzip, put together from rows that stay compressed while neither objects nor cells change.
 * Undefined where that does not pay or the rows carry something else than metadata; see `gzipList`.
 */
export function gzipTable(
  resource: Resource,
  list: ListResult,
  request: TableRequest,
  bytesMin: number,
): Uint8Array | undefined {
  const { runs } = list
  if (!runs || (request.options.includeObject ?? 'Metadata') !== 'Metadata') return undefined
  if (runs.reduce((sum, run) => sum + run.length, 0) < rowsMin) return undefined
  const pieces = runs.map((run, index) => rowsOf(resource, run, request.nowMs, index === 0))
  if (pieces.reduce((sum, { length }) => sum + length, 0) < bytesMin) return undefined
  const empty = JSON.stringify(toServedTable(resource, [], request))
  return gzipOf([deflate(Buffer.from(empty.slice(0, -']}'.length))), ...pieces, end])
}

function rowsOf(resource: Resource, run: Run, nowMs: number, isFirst: boolean): Deflated {
  const { columns } = resource
  const cells = JSON.stringify(run.map(({ object }) => columns.map(column => column.cell(object, nowMs))))
  const forms = memo(kept, run, () => new Map<string, KeptRows>())
  const form = `${resource.group}/${resource.version}${isFirst ? ' first' : ''}`
  const known = forms.get(form)
  if (known?.cells === cells) return known.rows
  const rows = deflate(Buffer.from((isFirst ? '' : ',') + rowsText(resource, run, nowMs)))
  forms.set(form, { cells, rows })
  return rows
}

function rowsText({ columns, rowConditions }: Resource, run: Run, nowMs: number): string {
  const options = { nowMs, ...(rowConditions && { rowConditions }) }
  return JSON.stringify(run.map(({ object }) => toRow(columns, object, options))).slice(1, -1)
}
