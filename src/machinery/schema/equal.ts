import { compareQuantity, parseQuantity } from '../quantity/index.ts'
import { isGivenEmpty } from './empties.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { zeroValue } from './zero.ts'

type Members = Readonly<Record<string, unknown>>
type Compare = (field: Field, a: Members, b: Members) => boolean

/**
 * Equality as Go's types see it (apimachinery api/equality.Semantic): an empty list or map equals an absent one, amounts
 * are compared as numbers, a zero value equals an absent one; but behind a pointer absent and empty differ.
 */
export function typedEqual(schema: Schema, a: unknown, b: unknown): boolean {
  return valueEqual(schema, a, b, fieldEqual)
}

/** `typedEqual` of one field of two objects. */
export function fieldEqual(field: Field, a: Members, b: Members): boolean {
  return memberEqual(field, a, b, fieldEqual)
}

/** `fieldEqual` for which an empty list or map is another thing than none (Go's reflect.DeepEqual). */
export function exactFieldEqual(field: Field, a: Members, b: Members): boolean {
  const { kind } = field.schema
  const isCollection = kind === 'list' || kind === 'map'
  if (isCollection && isNothing(field, a) !== isNothing(field, b)) return false
  return memberEqual(field, a, b, exactFieldEqual)
}

function isNothing({ name }: Field, holder: Members): boolean {
  return (holder[name] ?? undefined) === undefined && !isGivenEmpty(holder, name)
}

function memberEqual({ name, pointer, schema }: Field, a: Members, b: Members, compare: Compare): boolean {
  const [left, right] = [a[name] ?? undefined, b[name] ?? undefined]
  if (pointer && (left === undefined) !== (right === undefined)) return false
  return valueEqual(schema, left, right, compare)
}

function valueEqual(schema: Schema, a: unknown, b: unknown, compare: Compare): boolean {
  if (a === b) return true
  switch (schema.kind) {
    case 'object':
      return objectEqual(schema, (a ?? {}) as Members, (b ?? {}) as Members, compare)
    case 'list': {
      const [left, right] = [(a ?? []) as readonly unknown[], (b ?? []) as readonly unknown[]]
      return (
        left.length === right.length &&
        left.every((item, index) => valueEqual(schema.items, item, right[index], compare))
      )
    }
    case 'map':
      return mapEqual(schema.values, (a ?? {}) as Members, (b ?? {}) as Members, compare)
    case 'quantity':
      return compareQuantity(parseQuantity(String(a ?? 0)), parseQuantity(String(b ?? 0))) === 0
    case 'bytes':
      return (a ?? '') === (b ?? '')
    default:
      return Bun.deepEquals(a ?? zeroValue(schema), b ?? zeroValue(schema))
  }
}

function objectEqual(
  { fields, preserveUnknown }: ObjectSchema,
  a: Members,
  b: Members,
  compare: Compare,
): boolean {
  return preserveUnknown ? Bun.deepEquals(a, b) : fields.values().every(field => compare(field, a, b))
}

function mapEqual(values: Schema, a: Members, b: Members, compare: Compare): boolean {
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every(key => Object.hasOwn(b, key) && valueEqual(values, a[key], b[key], compare))
  )
}
