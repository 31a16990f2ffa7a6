import { exactFieldEqual, fieldEqual } from '../../machinery/schema/equal.ts'
import type { Field } from '../../machinery/schema/schema.ts'
import { assert } from '../../std/assert.ts'
import { facts } from '../schema/index.ts'

type Members = Readonly<Record<string, unknown>>
const none: Members = {}

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

function fieldOf(type: string, name: string): Field {
  const field = facts.typeNamed(type)?.fields.get(name)
  assert(field, `${type} has no field ${name}`)
  return field
}
