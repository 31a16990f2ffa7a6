/** OpenAPI v3 validation of custom objects, with the texts of kube-openapi's pkg/validation. */

import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { goRegExp } from '../../machinery/regexp/go-regexp.ts'
import type { FieldError, FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { hasFormat } from './formats.ts'

/** Complains about everything in `value` that breaks `schema`. */
export function validateValue(
  schema: JSONSchemaProps,
  value: unknown,
  path: string,
  errors: FieldErrors,
): void {
  if (value === null && schema.nullable) return
  checkType(schema, value, path, errors)
  if (schema.enum && !schema.enum.some(allowed => deepEqual(allowed, value))) {
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

function checkType(schema: JSONSchemaProps, value: unknown, path: string, errors: FieldErrors): void {
  const found = typeOf(value)
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
  if (!wanted || wanted.split(',').includes(found) || (wanted === 'number' && found === 'integer')) return
  errors.typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`)
}

function checkText(schema: JSONSchemaProps, value: string, path: string, errors: FieldErrors): void {
  const { minLength, maxLength, pattern, format } = schema
  const length = [...value].length
  if (maxLength !== undefined && length > maxLength) errors.tooLong(path, maxLength)
  if (minLength !== undefined && length < minLength) {
    errors.invalid(path, value, `${path} in body should be at least ${minLength} chars long`)
  }
  if (pattern && !hasPattern(pattern, value)) {
    errors.invalid(path, value, `${path} in body should match '${pattern}'`)
  }
  if (format && !hasFormat(format, value)) {
    errors.invalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`)
  }
}

/** A pattern that is none was refused with its definition. */
function hasPattern(pattern: string, value: string): boolean {
  const compiled = goRegExp(pattern)
  return 'fault' in compiled || compiled.regExp.test(value)
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
  if (multipleOf === undefined) return
  // Upstream divides integers by the factor's integer part.
  if (Number.isInteger(value) && Math.trunc(multipleOf) === 0) {
    errors.invalid(path, 0, `factor MultipleOf declared for ${path} must be positive: 0`)
  } else if (!isMultiple(value, multipleOf)) say(`a multiple of ${multipleOf}`)
}

const roundingMax = 1e-9

function isMultiple(value: number, factor: number): boolean {
  const ratio = factor < 1 ? (1 / factor) * value : value / factor
  return Math.abs(ratio - Math.round(ratio)) <= roundingMax * Math.max(1, Math.abs(ratio))
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
    if (listType === 'map' && !isMap(item)) {
      errors.invalid(`${path}[${index}]`, item, 'must be an object for an array of list-type map')
      continue
    }
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
  const faultsOf = (each: JSONSchemaProps) => {
    const found = createFieldErrors()
    validateValue(each, value, path, found)
    return found.list
  }
  // Upstream's composite errors have no path of their own.
  const say = (detail: string) => errors.invalid('<nil>', '', `${JSON.stringify(path)} ${detail}`)
  const tell = (faults: FieldErrors['list']) => (errors.list as FieldError[]).push(...faults)
  const any = (anyOf ?? []).map(faultsOf)
  if (any.length > 0 && any.every(faults => faults.length > 0)) {
    say('must validate at least one schema (anyOf)')
    tell(any[0]!)
  }
  const one = (oneOf ?? []).map(faultsOf)
  const count = one.filter(faults => faults.length === 0).length
  if (one.length > 0 && count !== 1) {
    const found = count === 0 ? 'Found none valid' : `Found ${count} valid alternatives`
    say(`must validate one and only one schema (oneOf). ${found}`)
    if (count === 0) tell(one[0]!)
  }
  const all = (allOf ?? []).map(faultsOf)
  for (const faults of all) tell(faults)
  if (all.some(faults => faults.length > 0)) {
    const none = all.every(faults => faults.length > 0) ? '. None validated' : ''
    say(`must validate all the schemas (allOf)${none}`)
  }
  if (not && faultsOf(not).length === 0) say('must not validate the schema (not)')
}
