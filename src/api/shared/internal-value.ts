import { typedEqual } from '../../machinery/schema/equal.ts'
import type { ObjectSchema, Schema } from '../../machinery/schema/schema.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { immutableText, semanticEqual } from '../../machinery/validation/values.ts'
import { facts } from '../schema/index.ts'

/** Where upstream's Go name is not just the JSON name with a capital letter. */
const goNames: Readonly<Record<string, string>> = {
  seLinuxOptions: 'SELinuxOptions',
  seLinuxChangePolicy: 'SELinuxChangePolicy',
  apiGroup: 'APIGroup',
  apiVersion: 'APIVersion',
  cel: 'CEL',
  uid: 'UID',
  pkixPublicKey: 'PKIXPublicKey',
  ip: 'IP',
}

/**
 * A value as upstream shows it in `Invalid value: {…}` when it holds the type in its internal form, which has no JSON
 * names: Go names, every field, null for what is absent. `type` is the Go name, `k8s.io/api/core/v1.SecurityContext`.
 */
export function internalValue(type: string, value: unknown): unknown {
  const schema = facts.typeNamed(type)
  return schema && value !== undefined ? show(schema, value) : (value ?? null)
}

/** Complains about a change of a value that must stay, shown in its internal form. */
export function immutableInternal(
  type: string,
  values: readonly [now: unknown, old: unknown],
  path: string,
  errors: FieldErrors,
): void {
  const schema = facts.typeNamed(type)
  const isSame = schema ? typedEqual(schema, ...values) : semanticEqual(...values)
  if (!isSame) errors.invalid(path, internalValue(type, values[0]), immutableText)
}

function show(schema: Schema, value: unknown): unknown {
  if (schema.kind === 'object' && typeof value === 'object' && value !== null)
    return showObject(schema, value)
  if (schema.kind === 'list' && Array.isArray(value)) {
    const { items } = schema as Extract<Schema, { kind: 'list' }>
    return value.map(item => show(items, item))
  }
  return value
}

function showObject({ fields }: ObjectSchema, value: object): unknown {
  const given = value as Readonly<Record<string, unknown>>
  const shown = [...fields.values()].map(({ name, schema, pointer }) => {
    const absent = pointer ? null : zero(schema)
    return [
      goNames[name] ?? name[0]!.toUpperCase() + name.slice(1),
      given[name] === undefined ? absent : show(schema, given[name]),
    ]
  })
  return Object.fromEntries(shown)
}

function zero(schema: Schema): unknown {
  if (schema.kind === 'string') return ''
  if (schema.kind === 'bool') return false
  return /^u?int(32|64)$/.test(schema.kind)
    ? 0
    : schema.kind === 'object'
      ? showObject(schema as ObjectSchema, {})
      : null
}
