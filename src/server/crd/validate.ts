/** OpenAPI v3 validation of custom objects, with the texts of kube-openapi's pkg/validation. */
import type { JSONSchemaProps } from '../../api/types/apiextensions-v1.gen.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { sameJson } from '../rest/clone.ts'
import { hasFormat } from './formats.ts'

/** Complains about everything in `value` that breaks `schema`. */
export function validateValue(
  schema: JSONSchemaProps,
  value: unknown,
  path: string,
  errors: FieldErrors,
): void {
  if (value === null && schema.nullable) return
  if (!checkType(schema, value, path, errors)) return
  if (schema.enum && !schema.enum.some(allowed => sameJson(allowed, value))) {
    errors.notSupported(
      path,
      value,
      schema.enum.map(allowed => (typeof allowed === 'string' ? allowed : JSON.stringify(allowed))),
    )
  }
  if (typeof value === 'string') checkText(schema, value, path, errors)
  else if (typeof value === 'number') checkNumber(schema, value, path, errors)
  else if (Array.isArray(value)) checkArray(schema, value, path, errors)
  else if (isMap(value)) checkObject(schema, value, path, errors)
  checkJunctors(schema, value, path, errors)
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function checkType(schema: JSONSchemaProps, value: unknown, path: string, errors: FieldErrors): boolean {
  const found = typeOf(value)
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
  if (!wanted) return true
  if (wanted.split(',').includes(found) || (wanted === 'number' && found === 'integer')) return true
  errors.typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`)
  return false
}

function checkText(schema: JSONSchemaProps, value: string, path: string, errors: FieldErrors): void {
  const { minLength, maxLength, pattern, format } = schema
  const length = [...value].length
  if (maxLength !== undefined && length > maxLength) errors.tooLong(path, maxLength)
  if (minLength !== undefined && length < minLength) {
    errors.invalid(path, value, `${path} in body should be at least ${minLength} chars long`)
  }
  if (pattern && !new RegExp(pattern, 'u').test(value)) {
    errors.invalid(path, value, `${path} in body should match '${pattern}'`)
  }
  if (format && !hasFormat(format, value)) {
    errors.invalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`)
  }
}

function checkNumber(schema: JSONSchemaProps, value: number, path: string, errors: FieldErrors): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  const say = (detail: string) => errors.invalid(path, value, `${path} in body should be ${detail}`)
  if (maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)) {
    say(`less than ${exclusiveMaximum ? '' : 'or equal to '}${maximum}`)
  }
  if (minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)) {
    say(`greater than ${exclusiveMinimum ? '' : 'or equal to '}${minimum}`)
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) say(`a multiple of ${multipleOf}`)
}

function checkArray(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  path: string,
  errors: FieldErrors,
): void {
  const { minItems, maxItems } = schema
  if (maxItems !== undefined && value.length > maxItems) errors.tooMany(path, value.length, maxItems)
  if (minItems !== undefined && value.length < minItems) {
    errors.invalid(path, value.length, `${path} in body should have at least ${minItems} items`)
  }
  checkUnique(schema, value, path, errors)
  const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
  if (items)
    for (const [index, item] of value.entries()) validateValue(items, item, `${path}[${index}]`, errors)
}

/** Sets have no equal items, maps no two with the same keys. */
function checkUnique(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  path: string,
  errors: FieldErrors,
): void {
  const listType = schema['x-kubernetes-list-type']
  if (listType !== 'set' && listType !== 'map') return
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    const key =
      listType === 'set' ? item : Object.fromEntries(keys.map(name => [name, (item as JsonMap)?.[name]]))
    const text = JSON.stringify(key)
    if (seen.has(text)) errors.duplicate(`${path}[${index}]`, key)
    seen.add(text)
  }
}

function checkObject(schema: JSONSchemaProps, value: JsonMap, path: string, errors: FieldErrors): void {
  const { properties = {}, required = [], additionalProperties, minProperties, maxProperties } = schema
  const child = (key: string) => (path === '' ? key : `${path}.${key}`)
  const names = Object.keys(value)
  if (maxProperties !== undefined && names.length > maxProperties)
    errors.tooMany(path, names.length, maxProperties)
  if (minProperties !== undefined && names.length < minProperties) {
    errors.invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`)
  }
  for (const name of required) if (value[name] === undefined) errors.required(child(name))
  for (const name of names) {
    const declared = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof declared === 'object') validateValue(declared, value[name], child(name), errors)
  }
}

function checkJunctors(schema: JSONSchemaProps, value: unknown, path: string, errors: FieldErrors): void {
  const { allOf, anyOf, oneOf, not } = schema
  const fits = (each: JSONSchemaProps) => {
    const found = createFieldErrors()
    validateValue(each, value, path, found)
    return found.list.length === 0
  }
  const say = (detail: string) => errors.invalid(path, '', `${JSON.stringify(path)} ${detail}`)
  for (const each of allOf ?? []) validateValue(each, value, path, errors)
  if (anyOf && !anyOf.some(fits)) say('must validate at least one schema (anyOf)')
  if (oneOf) {
    const count = oneOf.filter(fits).length
    if (count !== 1)
      say(`must validate one and only one schema (oneOf). Found ${count === 0 ? 'none' : count} valid`)
  }
  if (not && fits(not)) say('must not validate the schema (not)')
}
