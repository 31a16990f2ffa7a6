import type { ScalarKind } from '../../machinery/schema/schema.ts'

/**
 * How facts.json is laid out; `scripts/schema/main.go` writes it. Strings, types and shapes are interned and
 * referred to by index, rows are flat arrays of numbers: small to commit, quick to parse, cheap to keep.
 */
export interface FactsDocument {
  /** The release that the facts are of. */
  readonly version: string
  /** Go package paths. */
  readonly packages: readonly string[]
  /** JSON field names; for an inlined struct its Go name. */
  readonly names: readonly string[]
  readonly shapes: readonly ShapeRow[]
  readonly types: readonly TypeRow[]
  /** By `<type index>.<name index>`: default, enum, patch strategy, patch merge key. */
  readonly extras: Readonly<Record<string, readonly [unknown, readonly string[] | null, string, string]>>
  /** Group, version, kind, type index. */
  readonly kinds: readonly (readonly [string, string, string, number])[]
}

/**
 * What a value looks like; the last text is the Go type as Go prints it.
 * `[scalar kind, Go]`, `['object', type]`, `['map', shape, Go]`, `['list', shape, listType, keys, wrapped, Go]`.
 */
export type ShapeRow =
  | readonly ['list', number, string, readonly string[] | null, boolean, string]
  | readonly ['map', number, string]
  | readonly ['object', number]
  | readonly [ScalarKind, string]

/** Package, name, type flags, then four numbers for each field: name, shape, protobuf number (0: none), field flags. */
export type TypeRow = readonly (number | string)[]

export const typeFlags = { atomic: 1, proto: 2 } as const
export const fieldFlags = {
  required: 1,
  omitEmpty: 2,
  pointer: 4,
  inline: 8,
  zeroDefault: 16,
  atomic: 32,
  granular: 64,
} as const

export interface FieldRow {
  readonly name: string
  readonly nameIndex: number
  readonly shape: number
  readonly protoNumber: number
  readonly flags: number
}

const firstField = 3
const fieldWidth = 4

/** The fields of one type, in the order of the Go struct. */
export function fieldRows(facts: FactsDocument, row: TypeRow): FieldRow[] {
  const rows: FieldRow[] = []
  for (let at = firstField; at < row.length; at += fieldWidth) {
    const [nameIndex, shape, protoNumber, flags] = row.slice(at, at + fieldWidth) as [
      number,
      number,
      number,
      number,
    ]
    rows.push({ name: facts.names[nameIndex]!, nameIndex, shape, protoNumber, flags })
  }
  return rows
}

/** `k8s.io/api/core/v1.PodSpec` */
export function goName(facts: FactsDocument, row: TypeRow): string {
  return `${facts.packages[row[0] as number]}.${row[1]}`
}
