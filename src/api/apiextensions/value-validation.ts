/** OpenAPI v3 validation of custom objects, with the texts of kube-openapi's pkg/validation. */

import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import { deepEqual } from '../../machinery/meta/value.ts'
import { goRegExp } from '../../machinery/regexp/go-regexp.ts'
import type { FieldError, FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { isInteger, isNumber } from '../../std/exact-json.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { hasFormat, isKnownFormat } from './formats.ts'
import { itemsOf } from './schema-walk.ts'

/** The old value at a place that can be found again; absent where there is none. */
export interface Old {
  readonly value: unknown
}

/**
 * Complains about everything in `value` that breaks `schema`. With `old`, what did not change may be as wrong as it
 * was (KEP-4008).
 */
export function validateValue(
  schema: JSONSchemaProps,
  value: unknown,
  path: string,
  errors: FieldErrors,
  old?: Old,
): void {
  if (old && isUnchanged(schema, value, old.value)) return
  // A null that is allowed has to be one of the choices all the same.
  if (value !== null || !schema.nullable) checkType(schema, value, path, errors)
  if (value !== null) checkJunctors(schema, value, { path, old }, errors)
  if (typeof value === 'string') checkText(schema, value, path, errors)
  else if (isNumber(value)) checkNumber(schema, value, path, errors)
  else if (Array.isArray(value)) checkArray(schema, value, { path, old }, errors)
  if (schema.enum && !schema.enum.some(allowed => deepEqual(allowed, value))) {
    const allowed = schema.enum.map(each => (typeof each === 'string' ? each : JSON.stringify(each)))
    errors.notSupported(path, value, allowed)
  }
  if (isMap(value)) checkObject(schema, value, { path, old }, errors)
}

interface Place {
  readonly path: string
  readonly old: Old | undefined
}

/** Equal, where items that are found by their keys may have changed places. */
export function isUnchanged(schema: JSONSchemaProps, value: unknown, old: unknown): boolean {
  if (value === old) return true
  if (Array.isArray(value)) return Array.isArray(old) && areItemsUnchanged(schema, value, old)
  if (!isMap(value) || !isMap(old)) return deepEqual(value, old)
  const names = Object.keys(value)
  if (names.length !== Object.keys(old).length) return false
  const { properties = {}, additionalProperties } = schema
  return names.every(name => {
    if (!Object.hasOwn(old, name)) return false
    const declared = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof declared !== 'object') return deepEqual(value[name], old[name])
    return isUnchanged(declared, value[name], old[name])
  })
}

function areItemsUnchanged(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  old: readonly unknown[],
): boolean {
  if (value.length !== old.length) return false
  const items = itemsOf(schema) ?? {}
  const oldItem = itemFinder(schema, { value: old })
  return value.every((item, index) => {
    const found = oldItem(item)
    return found ? isUnchanged(items, item, found.value) : deepEqual(item, old[index])
  })
}

/** The old member, where both have it. */
function oldMember(old: Old | undefined, key: string): Old | undefined {
  if (!old || !isMap(old.value) || !Object.hasOwn(old.value, key)) return undefined
  return { value: old.value[key] }
}

function typeOf(value: unknown): string {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'array'
  // What is beyond int64, or written with an exponent beyond 2^53, is a float to upstream (swag.IsFloat64AJSONInteger).
  if (isNumber(value)) return typeof value === 'bigint' || Number.isSafeInteger(value) ? 'integer' : 'number'
  return typeof value
}

function checkType(schema: JSONSchemaProps, value: unknown, path: string, errors: FieldErrors): void {
  const found = typeOf(value)
  const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
  if (!wanted || wanted.split(',').includes(found) || (wanted === 'number' && found === 'integer')) return
  const format = schema.format && isKnownFormat(schema.format) ? schema.format : undefined
  if (format && value !== null) return checkFormattedType({ ...schema, format }, value, path, errors)
  sayType(found, wanted, path, errors)
}

/** Upstream names the formats of both where a text has one, and takes a list for such a text. */
function checkFormattedType(
  { type, format }: JSONSchemaProps & { format: string },
  value: unknown,
  path: string,
  errors: FieldErrors,
): void {
  const isNumeric = type === 'number' || type === 'integer'
  const isTextual = typeof value === 'string' || Array.isArray(value)
  if (!isTextual) return sayType(goFormatOf(value), format, path, errors)
  if (isNumeric) sayType(typeOf(value), type, path, errors)
}

function goFormatOf(value: unknown): string {
  if (!isNumber(value)) return ''
  return typeOf(value) === 'integer' ? 'int64' : 'float64'
}

function sayType(found: string, wanted: string, path: string, errors: FieldErrors): void {
  errors.typeInvalid(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`)
}

function checkText(schema: JSONSchemaProps, value: string, path: string, errors: FieldErrors): void {
  checkLengthAndPattern(schema, value, path, errors)
  const { format } = schema
  if (!format || hasFormat(format, value)) return
  errors.typeInvalid(path, value, `${path} in body must be of type ${format}: ${JSON.stringify(value)}`)
}

/** Only the first of these is told. */
function checkLengthAndPattern(
  { minLength, maxLength, pattern }: JSONSchemaProps,
  value: string,
  path: string,
  errors: FieldErrors,
): void {
  const length = maxLength === undefined && minLength === undefined ? 0 : [...value].length
  if (maxLength !== undefined && length > maxLength) errors.tooLong(path, maxLength)
  else if (minLength !== undefined && length < minLength)
    errors.invalid(path, value, `${path} in body should be at least ${minLength} chars long`)
  else if (pattern && !hasPattern(pattern, value))
    errors.invalid(path, value, `${path} in body should match '${pattern}'`)
}

/** A pattern that is none was refused with its definition. */
function hasPattern(pattern: string, value: string): boolean {
  const compiled = goRegExp(pattern)
  return 'fault' in compiled || compiled.regExp.test(value)
}

function checkNumber(
  schema: JSONSchemaProps,
  value: number | bigint,
  path: string,
  errors: FieldErrors,
): void {
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
  if (isInteger(value) && Math.trunc(multipleOf) === 0) {
    errors.invalid(path, 0, `factor MultipleOf declared for ${path} must be positive: 0`)
  } else if (!isMultiple(Number(value), multipleOf)) say(`a multiple of ${multipleOf}`)
}

const roundingMax = 1e-9

function isMultiple(value: number, factor: number): boolean {
  const ratio = factor < 1 ? (1 / factor) * value : value / factor
  return Math.abs(ratio - Math.round(ratio)) <= roundingMax * Math.max(1, Math.abs(ratio))
}

function checkArray(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  { path, old }: Place,
  errors: FieldErrors,
): void {
  const { minItems, maxItems } = schema
  const items = itemsOf(schema)
  if (items) {
    const oldItem = itemFinder(schema, old)
    for (const [index, item] of value.entries())
      validateValue(items, item, `${path}[${index}]`, errors, oldItem(item))
  }
  if (minItems !== undefined && value.length < minItems)
    errors.invalid(path, value.length, `${path} in body should have at least ${minItems} items`)
  if (maxItems !== undefined && value.length > maxItems) errors.tooMany(path, value.length, maxItems)
}

/** Items are found again by their keys; those of other lists have no old value. */
export function itemFinder(
  schema: JSONSchemaProps,
  old: Old | undefined,
): (item: unknown) => Old | undefined {
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const before = old?.value
  if (schema['x-kubernetes-list-type'] !== 'map' || keys.length === 0 || !Array.isArray(before))
    return () => undefined
  const keyOf = (item: unknown) => JSON.stringify(keys.map(key => (isMap(item) ? item[key] : undefined)))
  const byKey = new Map(before.toReversed().map(item => [keyOf(item), { value: item as unknown }]))
  return item => (isMap(item) ? byKey.get(keyOf(item)) : undefined)
}

function checkObject(
  schema: JSONSchemaProps,
  value: JsonMap,
  { path, old }: Place,
  errors: FieldErrors,
): void {
  const { properties = {}, required = [], additionalProperties, minProperties, maxProperties } = schema
  const child = (key: string) => (path === '' ? key : `${path}.${key}`)
  const names = Object.keys(value)
  if (minProperties !== undefined && names.length < minProperties)
    errors.invalid(path, names.length, `${path} in body should have at least ${minProperties} properties`)
  if (maxProperties !== undefined && names.length > maxProperties)
    errors.tooMany(path, names.length, maxProperties)
  for (const name of names) {
    const declared = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof declared === 'object')
      validateValue(declared, value[name], child(name), errors, oldMember(old, name))
  }
  for (const name of required) if (value[name] === undefined) errors.required(child(name))
}

function checkJunctors(
  schema: JSONSchemaProps,
  value: unknown,
  { path, old }: Place,
  errors: FieldErrors,
): void {
  const { allOf, anyOf, oneOf, not } = schema
  if (!allOf && !anyOf && !oneOf && !not) return
  const faultsOf = (each: JSONSchemaProps) => {
    const found = createFieldErrors()
    validateValue(each, value, path, found, old)
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
