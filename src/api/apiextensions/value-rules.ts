/** CEL rules of custom resources, `x-kubernetes-validations` (KEP-2876). */
import { compile } from '../../machinery/cel/compile.ts'
import { Optional } from '../../machinery/cel/language/value.ts'
import { toCel } from '../../machinery/cel/values.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { FieldError, FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'
import { itemsOf } from './schema-walk.ts'
import { isUnchanged, itemFinder } from './value-validation.ts'

/** Upstream counts what an evaluation costs; here each rule of each value counts as one. */
const evaluationsMax = 100_000
const outOfBudget =
  'validation failed due to running out of cost budget, no further validation rules will be run'

interface Place {
  readonly path: string
  readonly value: unknown
  /** What rules are told was here before; undefined on create, and where nothing was. */
  readonly before: unknown
  /** Whether nothing changed here, as far as that can be told: then a broken rule is only a warning (KEP-4008). */
  readonly isUnchanged: () => boolean
  /** Counted down by every rule that runs. */
  readonly budget: { left: number }
}

export interface RuleTest {
  /** The object as it was; undefined on create. */
  readonly old: unknown
  /** Told what would be a complaint if it were new. */
  readonly warn?: (text: string) => void
}

/** Runs the rules below `schema`; a rule that cannot be evaluated is a complaint of its own. */
export function validateRules(
  schema: JSONSchemaProps,
  value: unknown,
  { old, warn = () => {} }: RuleTest,
  errors: FieldErrors,
): void {
  if (!hasRules(schema)) return
  const budget = { left: evaluationsMax }
  runRules(schema, { path: '', value, before: old, isUnchanged: () => false, budget }, { errors, warn })
}

interface Outcome {
  readonly errors: FieldErrors
  readonly warn: (text: string) => void
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

function runRules(schema: JSONSchemaProps, place: Place, outcome: Outcome): void {
  const { value } = place
  if (value === undefined || value === null || !hasRules(schema)) return
  for (const rule of schema['x-kubernetes-validations'] ?? []) runRule(schema, rule, place, outcome)
  if (Array.isArray(value)) runInList(schema, value, place, outcome)
  else if (isMap(value)) runInMap(schema, value, place, outcome)
}

function runInMap(schema: JSONSchemaProps, value: JsonMap, place: Place, outcome: Outcome): void {
  const { properties = {}, additionalProperties } = schema
  const { path, before, budget } = place
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    if (typeof inner !== 'object') continue
    const had = isMap(before) && Object.hasOwn(before, key)
    const old = had ? before[key] : undefined
    const isSame = had ? unchanged(inner, item, old) : place.isUnchanged
    runRules(
      inner,
      { path: path === '' ? key : `${path}.${key}`, value: item, before: old, isUnchanged: isSame, budget },
      outcome,
    )
  }
}

function runInList(schema: JSONSchemaProps, value: readonly unknown[], place: Place, outcome: Outcome): void {
  const items = itemsOf(schema)
  if (!items) return
  const { path, before, budget } = place
  const oldItem = itemFinder(schema, { value: before })
  for (const [index, item] of value.entries()) {
    const old = oldItem(item)
    const isSame = old ? unchanged(items, item, old.value) : place.isUnchanged
    runRules(
      items,
      { path: `${path}[${index}]`, value: item, before: old?.value, isUnchanged: isSame, budget },
      outcome,
    )
  }
}

function unchanged(schema: JSONSchemaProps, value: unknown, old: unknown): () => boolean {
  let known: boolean | undefined
  return () => (known ??= isUnchanged(schema, value, old))
}

function runRule(
  schema: JSONSchemaProps,
  rule: ValidationRule,
  place: Place,
  { errors, warn }: Outcome,
): void {
  const compiled = compile(rule.rule, 'bool')
  const { before, budget } = place
  const path = joinFieldPath(place.path, rule.fieldPath)
  const kind = schema.type ?? ''
  if ('fault' in compiled) return errors.invalid(path, kind, `rule compile error: ${compiled.fault}`)
  const { usesOldSelf, program } = compiled
  const hasOld = before !== undefined && before !== null
  if (usesOldSelf && !hasOld && !rule.optionalOldSelf) return
  if (budget.left-- <= 0) {
    if (budget.left === -1) errors.invalid(path, kind, outOfBudget)
    return
  }
  const variables = {
    self: toCel(schema, place.value),
    ...(usesOldSelf && { oldSelf: oldSelf(schema, rule, hasOld ? before : undefined) }),
  }
  try {
    if (program(variables) === true) return
  } catch (error) {
    const text = `${firstLine(error)} evaluating rule: ${(rule.message || rule.rule).trim()}`
    return errors.invalid(path, kind, text)
  }
  const found = createFieldErrors()
  complain(rule, { path, value: place.value, message: messageOf(rule, variables) }, found)
  const isOld = !usesOldSelf && place.isUnchanged()
  for (const error of found.list) {
    if (isOld) warn(`${error.field}: ${error.message}`)
    else (errors.list as FieldError[]).push(error)
  }
}

function oldSelf(schema: JSONSchemaProps, { optionalOldSelf }: ValidationRule, old: unknown): unknown {
  if (!optionalOldSelf) return toCel(schema, old)
  return old === undefined ? Optional.none : Optional.of(toCel(schema, old))
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
  else if (reason === 'FieldValueDuplicate' && typeof value === 'object')
    (errors.list as FieldError[]).push({ type: reason, field: path, message: 'Duplicate value' })
  else if (reason === 'FieldValueDuplicate') errors.duplicate(path, value)
  else if (typeof value === 'object') errors.invalidHidden(path, message)
  else errors.invalid(path, value, message)
}
