/** CEL rules of custom resources, `x-kubernetes-validations` (KEP-2876). */
import { type CelProgram, callCostMax } from '../../machinery/cel/compile.ts'
import { CelBudgetError, CelError } from '../../machinery/cel/language/errors.ts'
import { Optional, type Value } from '../../machinery/cel/language/value.ts'
import { toCel } from '../../machinery/cel/values.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import { quote } from '../../machinery/meta/quote.ts'
import type { FieldError, FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { runSteps, type Steps } from '../../std/turns.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'
import { type RuleProgram, rulesOf } from './rule-programs.ts'
import { itemsOf } from './schema-walk.ts'
import { isUnchanged, itemFinder } from './value-validation.ts'

/** Upstream's RuntimeCELCostBudget: what all rules of one object may cost. */
const budgetMax = 10_000_000
const messageBytesMax = 5 * 1024
const noFurther = 'no further validation rules will be run'

interface Place {
  readonly path: string
  readonly value: unknown
  /** What rules are told was here before; undefined on create, and where nothing was. */
  readonly before: unknown
  /** Whether nothing changed here, as far as that can be told: then a broken rule is only a warning (KEP-4008). */
  readonly isUnchanged: () => boolean
  readonly budget: Budget
}

/** What the rules of an object may still cost; none runs any more below zero. */
interface Budget {
  left: number
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
  test: RuleTest,
  errors: FieldErrors,
): void {
  runSteps(ruleSteps(schema, value, test, errors))
}

/** The same in steps, between which others may have their turn. */
export function* ruleSteps(
  schema: JSONSchemaProps,
  value: unknown,
  { old, warn = () => {} }: RuleTest,
  errors: FieldErrors,
): Steps<void> {
  if (!hasRules(schema)) return
  const budget = { left: budgetMax }
  yield* runRules(
    schema,
    { path: '', value, before: old, isUnchanged: () => false, budget },
    { errors, warn },
  )
}

/** Compiles the rules below `schema` that nobody has needed yet. */
export function compileRulesBelow(schema: JSONSchemaProps, isRoot = true): void {
  if (!hasRules(schema)) return
  if (schema['x-kubernetes-validations']?.length) rulesOf(schema, isRoot)
  for (const child of childrenOf(schema)) compileRulesBelow(child, false)
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

function* runRules(schema: JSONSchemaProps, place: Place, outcome: Outcome): Steps<void> {
  const { value } = place
  if (value === undefined || value === null || place.budget.left < 0 || !hasRules(schema)) return
  if (schema['x-kubernetes-validations']?.length) yield* runOwn(schema, place, outcome)
  if (Array.isArray(value)) yield* runInList(schema, value, place, outcome)
  else if (isMap(value)) yield* runInMap(schema, value, place, outcome)
}

/** So many members and items are looked at between two pauses. */
const stepPlaces = 64

function* runInMap(schema: JSONSchemaProps, value: JsonMap, place: Place, outcome: Outcome): Steps<void> {
  const { properties = {}, additionalProperties } = schema
  const { path, before, budget } = place
  let count = 0
  for (const [key, item] of Object.entries(value)) {
    if (++count % stepPlaces === 0) yield
    const isNamed = Object.hasOwn(properties, key)
    const inner = isNamed ? properties[key] : additionalProperties
    if (typeof inner !== 'object') continue
    const had = isMap(before) && Object.hasOwn(before, key)
    const old = had ? before[key] : undefined
    const isSame = had ? unchanged(inner, item, old) : place.isUnchanged
    const child = path === '' ? key : `${path}.${key}`
    yield* runRules(
      inner,
      { path: isNamed ? child : `${path}[${key}]`, value: item, before: old, isUnchanged: isSame, budget },
      outcome,
    )
  }
}

function* runInList(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  place: Place,
  outcome: Outcome,
): Steps<void> {
  const items = itemsOf(schema)
  if (!items) return
  const { path, before, budget } = place
  const oldItem = itemFinder(schema, { value: before })
  for (const [index, item] of value.entries()) {
    if (index % stepPlaces === stepPlaces - 1) yield
    const old = oldItem(item)
    const isSame = old ? unchanged(items, item, old.value) : place.isUnchanged
    yield* runRules(
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

function* runOwn(schema: JSONSchemaProps, place: Place, outcome: Outcome): Steps<void> {
  const { budget, path } = place
  const kind = schema.type ?? ''
  const compiled = rulesOf(schema, path === '')
  if (!compiled) {
    const detail =
      'rule compiler initialization error: failed to convert to declType for CEL validation rules'
    return outcome.errors.invalid(shownPath(path), kind, detail)
  }
  if (budget.left === 0) return exhausted(place, kind, outcome)
  for (const program of compiled.rules) if (budget.left >= 0) yield* runRule(schema, program, place, outcome)
}

function exhausted({ budget, path }: Place, kind: string, { errors }: Outcome): void {
  errors.invalid(shownPath(path), kind, `validation failed due to running out of cost budget, ${noFurther}`)
  budget.left = -1
}

function* runRule(
  schema: JSONSchemaProps,
  program: RuleProgram,
  place: Place,
  outcome: Outcome,
): Steps<void> {
  const { rule, condition, usesOldSelf } = program
  const { before, budget } = place
  const kind = schema.type ?? ''
  if ('fault' in condition)
    return outcome.errors.invalid(shownPath(place.path), kind, `rule compile error: ${condition.fault}`)
  const hasOld = before !== undefined && before !== null
  if (usesOldSelf && !hasOld && !rule.optionalOldSelf) return
  const variables = {
    self: toCel(schema, place.value),
    ...(usesOldSelf && { oldSelf: oldSelf(schema, rule, hasOld ? before : undefined) }),
  }
  const evaluated = yield* evaluate(condition.program, variables)
  if (evaluated.cost > budget.left) return exhausted(place, kind, outcome)
  budget.left -= evaluated.cost
  if (evaluated.error) return failed(evaluated.error, rule, place, { kind, outcome })
  if (evaluated.value === true) return
  const message = yield* messageOf(program, variables, budget)
  tellBroken(program, place, { kind, message, outcome })
}

interface Evaluated {
  readonly cost: number
  readonly value?: Value
  readonly error?: CelError | CelBudgetError
}

type RuleVariables = Readonly<Record<string, unknown>>

function* evaluate(program: CelProgram, variables: RuleVariables): Steps<Evaluated> {
  let cost = 0
  const spent = (given: number) => {
    cost = given
  }
  const lookUp = (name: string) => variables[name] as Value | undefined
  try {
    const { value } = yield* program.evaluateSteps(lookUp, callCostMax, spent)
    return { value, cost }
  } catch (error) {
    if (error instanceof CelError || error instanceof CelBudgetError) return { error, cost }
    throw error
  }
}

interface Reported {
  readonly kind: string
  readonly outcome: Outcome
}

function failed(
  error: CelError | CelBudgetError,
  { rule, message }: ValidationRule,
  place: Place,
  { kind, outcome: { errors } }: Reported,
): void {
  const { budget } = place
  const path = shownPath(place.path)
  const shown = message?.trim() || rule.trim()
  if (error instanceof CelBudgetError) {
    const text = `'${error.message}': ${noFurther} due to call cost exceeds limit for rule: ${shown}`
    errors.invalid(path, kind, text)
    budget.left = -1
  } else if (error.message.startsWith('no such overload')) {
    const what = 'call arguments did not match a supported operator, function or macro signature for rule'
    errors.invalid(path, kind, `'${error.message}': ${what}: ${shown}`)
  } else errors.invalid(path, kind, `${error.message} evaluating rule: ${shown}`)
}

/** What is not new is only a warning. */
function tellBroken(
  { rule, usesOldSelf }: RuleProgram,
  place: Place,
  { kind, message, outcome: { errors, warn } }: Reported & { readonly message: Message },
): void {
  const path = joinFieldPath(place.path, rule.fieldPath)
  const found = createFieldErrors()
  if ('fatal' in message) found.invalid(path, kind, message.fatal)
  else complain(rule, { path, value: place.value, message: message.text }, found)
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

/** Upstream's path of the object itself is no path, and printed so. */
const shownPath = (path: string) => path || '<nil>'

function joinFieldPath(path: string, fieldPath = ''): string {
  return shownPath(path === '' ? fieldPath.replace(/^\./, '') : path + fieldPath)
}

/** What a broken rule says; `fatal` when making it cost too much, after which no rule is run. */
type Message = { readonly text: string } | { readonly fatal: string }

function* messageOf(
  { rule, message }: RuleProgram,
  variables: RuleVariables,
  budget: Budget,
): Steps<Message> {
  const fallback = { text: rule.message?.trim() || `failed rule: ${rule.rule.trim()}` }
  if (!message || 'fault' in message) return fallback
  const { cost, value, error } = yield* evaluate(message.program, variables)
  const fatal = (text: string) => {
    budget.left = -1
    return { fatal: text }
  }
  if (cost > budget.left)
    return fatal(`messageExpression evaluation failed due to running out of cost budget, ${noFurther}`)
  budget.left -= cost
  if (error instanceof CelBudgetError) {
    const text = quote(rule.messageExpression ?? '')
    return fatal(`${noFurther} due to call cost exceeds limit for messageExpression: ${text}`)
  }
  // Upstream logs a failed messageExpression and tells the plain message.
  if (error || typeof value !== 'string') return fallback
  const text = value.trim()
  const isUsable = text !== '' && !text.includes('\n') && Buffer.byteLength(text) <= messageBytesMax
  return isUsable ? { text } : fallback
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
