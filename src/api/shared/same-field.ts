import { exactFieldEqual, fieldEqual, typedEqual } from '../../machinery/schema/equal.ts'
import { inGoOrder } from '../../machinery/schema/go-order.ts'
import type { Field, ObjectSchema } from '../../machinery/schema/schema.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { immutableText } from '../../machinery/validation/values.ts'
import { assert } from '../../std/assert.ts'
import { facts } from '../schema/index.ts'

type Members = Readonly<Record<string, unknown>>
const none: Members = {}

/** What every object has. */
export const metaType = 'k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta'

/**
 * Whether `field` says the same in two objects of a Go type (`k8s.io/api/batch/v1.JobSpec`), as apiequality.Semantic
 * sees it: an empty list and none are alike, but behind a pointer nothing and empty differ.
 */
export function sameField(
  type: string,
  field: string,
  now: object | undefined,
  old: object | undefined,
): boolean {
  return fieldEqual(fieldOf(type, field), (now ?? none) as Members, (old ?? none) as Members)
}

/** `sameField` as reflect.DeepEqual sees it: an empty list is another thing than none. */
export function sameExactly(
  type: string,
  field: string,
  now: object | undefined,
  old: object | undefined,
): boolean {
  return exactFieldEqual(fieldOf(type, field), (now ?? none) as Members, (old ?? none) as Members)
}

/** `sameField` of two whole values of a Go type. */
export function sameValue(type: string, now: unknown, old: unknown): boolean {
  return now === old || typedEqual(typeOf(type), now, old)
}

/** Complains when `field` differs between two objects of a Go type (apimachinery ValidateImmutableField). */
export function immutableField(
  type: string,
  field: string,
  [now, old]: readonly [now: object | undefined, old: object | undefined],
  path: string,
  errors: FieldErrors,
): void {
  if (sameField(type, field, now, old)) return
  const { pointer, schema } = fieldOf(type, field)
  const absent = !pointer && schema.kind === 'string' ? '' : null
  const value = (now as Members | undefined)?.[field] ?? absent
  errors.invalid(path, inGoOrder(schema, value), immutableText)
}

function typeOf(name: string): ObjectSchema {
  const schema = facts.typeNamed(name)
  assert(schema, `there is no type ${name}`)
  return schema
}

function fieldOf(type: string, name: string): Field {
  const field = typeOf(type).fields.get(name)
  assert(field, `${type} has no field ${name}`)
  return field
}
