/** Defaults of a schema must be values of it (apiextensions-apiserver schema/defaulting/validation.go). */

import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import { cloneDeep, deepEqual } from '../../machinery/meta/value.ts'
import type { FieldError, FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { validateEmbedded } from './embedded-objects.ts'
import { prune } from './prune.ts'
import { itemsOf } from './schema-walk.ts'
import { validateRules } from './value-rules.ts'
import { validateValue } from './value-validation.ts'

/** Checks each default where it stands; those below `additionalProperties` are refused elsewhere. */
export function validateDefaults(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  if (schema.default !== undefined && schema.default !== null)
    validateDefault(schema, `${path}.default`, errors)
  const items = itemsOf(schema)
  if (items) validateDefaults(items, `${path}.items`, errors)
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    validateDefaults(property, `${path}.properties[${name}]`, errors)
}

function validateDefault(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  const value = schema.default
  const before = errors.list.length
  if (!deepEqual(pruned(schema, value), value)) errors.invalid(path, value, 'must not have unknown fields')
  const known = errors.list.length
  validateEmbedded(schema, value, path, errors)
  if (errors.list.length > known) return
  if (errors.list.length === before) below(path, errors, found => validateValue(schema, value, '', found))
  if (errors.list.length > before) return
  below(path, errors, found => validateRules(schema, value, { old: undefined }, found))
}

/** Complaints about a value on its own, told at its place. */
function below(path: string, errors: FieldErrors, check: (found: FieldErrors) => void): void {
  const found = createFieldErrors()
  check(found)
  for (const { field, ...rest } of found.list) {
    const at =
      field === '' || field === '<nil>' ? path : field.startsWith('[') ? path + field : `${path}.${field}`
    ;(errors.list as FieldError[]).push({ ...rest, field: at })
  }
}

function pruned(schema: JSONSchemaProps, value: unknown): unknown {
  const holder: JsonMap = { value: cloneDeep(value) }
  prune({ type: 'object', properties: { value: { ...schema, nullable: true } } }, holder)
  return isMap(holder) ? holder.value : value
}
