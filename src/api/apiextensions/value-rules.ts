/** CEL rules of custom resources, `x-kubernetes-validations` (KEP-2876). */
import { Optional } from '@marcbachmann/cel-js'
import { compile } from '../../machinery/cel/compile.ts'
import { toCel } from '../../machinery/cel/values.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'

/** Upstream counts what an evaluation costs; here each rule of each value counts as one. */
const evaluationsMax = 100_000
const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run'

interface Place {
  readonly path: string
  readonly value: unknown
  /** Undefined on create, and where nothing was. */
  readonly old: unknown
  /** `state`: rules about the object alone; `transition`: those that name `oldSelf`. */
  readonly phase: 'state' | 'transition'
  /** Counted down by every rule that runs. */
  readonly budget: { left: number }
}

/** Runs the rules of one phase below `schema`; a rule that cannot be evaluated is a complaint of its own. */
export function validateRules(
  schema: JSONSchemaProps,
  value: unknown,
  at: Pick<Place, 'old' | 'phase'>,
  errors: FieldErrors,
): void {
  if (!hasRules(schema)) return
  runRules(schema, { ...at, path: '', value, budget: { left: evaluationsMax } }, errors)
}

const withRules = new WeakMap<JSONSchemaProps, boolean>()

/** Whether a rule lies anywhere in this schema. */
export function hasRules(schema: JSONSchemaProps): boolean {
  let has = withRules.get(schema)
  if (has === undefined) {
    has = (schema['x-kubernetes-validations']?.length ?? 0) > 0 || childrenOf(schema).some(hasRules)
    withRules.set(schema, has)
  }
  return has
}

function childrenOf({ properties = {}, additionalProperties, items }: JSONSchemaProps): JSONSchemaProps[] {
  const item = Array.isArray(items) ? items[0] : items
  const free = typeof additionalProperties === 'object' ? [additionalProperties] : []
  return [...Object.values(properties), ...free, ...(item ? [item as JSONSchemaProps] : [])]
}

function runRules(schema: JSONSchemaProps, place: Place, errors: FieldErrors): void {
  const { value } = place
  if (value === undefined || value === null || !hasRules(schema)) return
  for (const rule of schema['x-kubernetes-validations'] ?? []) runRule(schema, rule, place, errors)
  if (Array.isArray(value)) runInList(schema, value, place, errors)
  else if (isMap(value)) runInMap(schema, value, place, errors)
}

function runInMap(
  schema: JSONSchemaProps,
  value: JsonMap,
  { path, old, ...rest }: Place,
  errors: FieldErrors,
): void {
  const { properties = {}, additionalProperties } = schema
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    if (typeof inner !== 'object') continue
    const before = isMap(old) ? old[key] : undefined
    runRules(inner, { ...rest, path: path === '' ? key : `${path}.${key}`, value: item, old: before }, errors)
  }
}

function runInList(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  { path, old, ...rest }: Place,
  errors: FieldErrors,
): void {
  const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
  if (!items) return
  const keys = schema['x-kubernetes-list-type'] === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []
  const same = (a: unknown, b: unknown) =>
    keys.length > 0 && keys.every(key => (a as JsonMap)?.[key] === (b as JsonMap)?.[key])
  for (const [index, item] of value.entries()) {
    const before = Array.isArray(old) ? old.find(each => same(each, item)) : undefined
    runRules(items, { ...rest, path: `${path}[${index}]`, value: item, old: before }, errors)
  }
}

function runRule(schema: JSONSchemaProps, rule: ValidationRule, place: Place, errors: FieldErrors): void {
  const compiled = compile(rule.rule, 'bool')
  const { phase, old, budget } = place
  const path = joinFieldPath(place.path, rule.fieldPath)
  const kind = schema.type ?? ''
  if ('fault' in compiled) {
    errors.invalid(path, kind, `rule compile error: ${compiled.fault}`)
    return
  }
  const { usesOldSelf, program } = compiled
  if ((phase === 'transition') !== usesOldSelf) return
  if (usesOldSelf && old === undefined && !rule.optionalOldSelf) return
  if (budget.left-- <= 0) {
    if (budget.left === -1) errors.invalid(path, kind, outOfBudget)
    return
  }
  const variables = {
    self: toCel(schema, place.value),
    ...(usesOldSelf && { oldSelf: oldSelf(schema, rule, old) }),
  }
  try {
    if (program(variables) === true) return
  } catch (error) {
    errors.invalid(path, kind, `${firstLine(error)} evaluating rule: ${(rule.message || rule.rule).trim()}`)
    return
  }
  complain(rule, { path, value: place.value, message: messageOf(rule, variables) }, errors)
}

function oldSelf(schema: JSONSchemaProps, { optionalOldSelf }: ValidationRule, old: unknown): unknown {
  if (!optionalOldSelf) return toCel(schema, old)
  return old === undefined ? Optional.none() : Optional.of(toCel(schema, old))
}

function joinFieldPath(path: string, fieldPath = ''): string {
  return path === '' ? fieldPath.replace(/^\./, '') : path + fieldPath
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
}

function messageOf(
  { rule, message, messageExpression }: ValidationRule,
  variables: { self: unknown; oldSelf?: unknown },
): string {
  const fallback = message?.trim() || `failed rule: ${rule.trim()}`
  const compiled = messageExpression ? compile(messageExpression, 'string') : undefined
  if (!compiled || 'fault' in compiled) return fallback
  try {
    const made = compiled.program(variables)
    return typeof made === 'string' && made.trim() !== '' && !made.includes('\n') ? made.trim() : fallback
  } catch {
    // Upstream logs a failed messageExpression and tells the plain message.
    return fallback
  }
}

interface Complaint {
  readonly path: string
  readonly value: unknown
  readonly message: string
}

/** Values are shown unless they are objects or lists. */
function complain(
  { reason }: ValidationRule,
  { path, value, message }: Complaint,
  errors: FieldErrors,
): void {
  if (reason === 'FieldValueForbidden') errors.forbidden(path, message)
  else if (reason === 'FieldValueRequired') errors.required(path, message)
  else if (reason === 'FieldValueDuplicate') errors.duplicate(path, value)
  else if (typeof value === 'object') errors.invalidHidden(path, message)
  else errors.invalid(path, value, message)
}
