/** CEL rules of custom resources, `x-kubernetes-validations` (KEP-2876). */
import { Environment } from '@marcbachmann/cel-js'
import type { JSONSchemaProps, ValidationRule } from '../../api/types/apiextensions-v1.gen.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'

type Program = (variables: { self: unknown; oldSelf?: unknown }) => unknown

const programs = new Map<string, Program>()
const programsMax = 1000
const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false })

function compile(rule: string): Program {
  const known = programs.get(rule)
  if (known) return known
  if (programs.size >= programsMax) programs.clear()
  const program = environment.parse(rule) as Program
  programs.set(rule, program)
  return program
}

interface Place {
  readonly path: string
  readonly value: unknown
  /** Undefined on create, and where nothing was. */
  readonly old: unknown
  readonly isUpdate: boolean
}

/** Runs every rule below `schema`; a rule that cannot be evaluated is a complaint of its own. */
export function runRules(schema: JSONSchemaProps, place: Place, errors: FieldErrors): void {
  const { value } = place
  if (value === undefined || value === null) return
  for (const rule of schema['x-kubernetes-validations'] ?? []) runRule(schema, rule, place, errors)
  if (Array.isArray(value)) runInList(schema, value, place, errors)
  else if (isMap(value)) runInMap(schema, value, place, errors)
}

function runInMap(
  schema: JSONSchemaProps,
  value: JsonMap,
  { path, old, isUpdate }: Place,
  errors: FieldErrors,
): void {
  const { properties = {}, additionalProperties } = schema
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    if (typeof inner !== 'object') continue
    const before = isMap(old) ? old[key] : undefined
    runRules(
      inner,
      { path: path === '' ? key : `${path}.${key}`, value: item, old: before, isUpdate },
      errors,
    )
  }
}

function runInList(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  { path, old, isUpdate }: Place,
  errors: FieldErrors,
): void {
  const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
  if (!items) return
  const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []
  const same = (a: unknown, b: unknown) =>
    keys.length > 0 && keys.every(key => (a as JsonMap)?.[key] === (b as JsonMap)?.[key])
  for (const [index, item] of value.entries()) {
    const before = Array.isArray(old) ? old.find(each => same(each, item)) : undefined
    runRules(items, { path: `${path}[${index}]`, value: item, old: before, isUpdate }, errors)
  }
}

function runRule(schema: JSONSchemaProps, rule: ValidationRule, place: Place, errors: FieldErrors): void {
  const isTransition = /\boldSelf\b/.test(rule.rule)
  if (isTransition && place.old === undefined && !rule.optionalOldSelf) return
  const variables = {
    self: toCel(schema, place.value),
    ...(isTransition && { oldSelf: toCel(schema, place.old ?? null) }),
  }
  const path = rule.fieldPath ? place.path + rule.fieldPath : place.path
  const kind = schema.type ?? ''
  try {
    if (compile(rule.rule)(variables) === true) return
  } catch (error) {
    const detail = error instanceof Error ? error.message.split('\n')[0] : String(error)
    errors.invalid(path, kind, `rule evaluation error: ${rule.rule}: ${detail}`)
    return
  }
  complain(rule, { path, kind, message: messageOf(rule, variables) }, errors)
}

function messageOf(
  { rule, message, messageExpression }: ValidationRule,
  variables: Parameters<Program>[0],
): string {
  const fallback = message || `failed rule: ${rule.trim()}`
  if (!messageExpression) return fallback
  try {
    const made = compile(messageExpression)(variables)
    return typeof made === 'string' && made.trim() !== '' ? made : fallback
  } catch {
    // Upstream logs a failed messageExpression and tells the plain message.
    return fallback
  }
}

interface Complaint {
  readonly path: string
  readonly kind: string
  readonly message: string
}

function complain({ reason }: ValidationRule, { path, kind, message }: Complaint, errors: FieldErrors): void {
  if (reason === 'FieldValueForbidden') errors.forbidden(path, message)
  else if (reason === 'FieldValueRequired') errors.required(path, message)
  else if (reason === 'FieldValueDuplicate') errors.duplicate(path, kind)
  else errors.invalid(path, kind, message)
}

/** Integers are CEL ints, everything else is itself. */
function toCel(schema: JSONSchemaProps | undefined, value: unknown): unknown {
  if (typeof value === 'number')
    return schema?.type === 'number' || !Number.isInteger(value) ? value : BigInt(value)
  if (Array.isArray(value)) {
    const items = Array.isArray(schema?.items) ? schema.items[0] : schema?.items
    return value.map(item => toCel(items, item))
  }
  if (!isMap(value)) return value
  const { properties = {}, additionalProperties } = schema ?? {}
  const made: JsonMap = {}
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    made[key] = toCel(typeof inner === 'object' ? inner : undefined, item)
  }
  return made
}
