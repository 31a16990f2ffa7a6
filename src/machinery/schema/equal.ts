import { compareQuantity, parseQuantity } from '../quantity/index.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { zeroValue } from './zero.ts'

/**
 * Equality as Go's types see it (apimachinery api/equality.Semantic): an empty list or map equals an absent one, amounts
 * are compared as numbers, a zero value equals an absent one; but behind a pointer absent and empty differ.
 */
export function typedEqual(schema: Schema, a: unknown, b: unknown): boolean {
  if (a === b) return true
  switch (schema.kind) {
    case 'object':
      return objectEqual(schema, (a ?? {}) as Members, (b ?? {}) as Members)
    case 'list':
      return listEqual(schema.items, (a ?? []) as readonly unknown[], (b ?? []) as readonly unknown[])
    case 'map':
      return mapEqual(schema.values, (a ?? {}) as Members, (b ?? {}) as Members)
    case 'quantity':
      return compareQuantity(parseQuantity(String(a ?? 0)), parseQuantity(String(b ?? 0))) === 0
    default:
      return Bun.deepEquals(a ?? zeroValue(schema), b ?? zeroValue(schema))
  }
}

type Members = Readonly<Record<string, unknown>>

function objectEqual({ fields, preserveUnknown }: ObjectSchema, a: Members, b: Members): boolean {
  if (preserveUnknown) return Bun.deepEquals(a, b)
  return fields
    .values()
    .every(field => fieldEqual(field, a[field.name] ?? undefined, b[field.name] ?? undefined))
}

function fieldEqual({ pointer, schema }: Field, a: unknown, b: unknown): boolean {
  if (pointer && (a === undefined) !== (b === undefined)) return false
  return typedEqual(schema, a, b)
}

function listEqual(items: Schema, a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => typedEqual(items, item, b[index]))
}

function mapEqual(values: Schema, a: Members, b: Members): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length && keys.every(key => key in b && typedEqual(values, a[key], b[key]))
  )
}
