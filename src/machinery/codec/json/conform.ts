import { draftOrigin, hasMembers, isLarge, settle } from '../../meta/derived.ts'
import { setMember } from '../../meta/json.ts'
import { type GivenEmpty, rememberEmpties } from '../../schema/empties.ts'
import type { ListSchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from '../../schema/schema.ts'
import { fillZeroValues, zeroValue } from '../../schema/zero.ts'
import { DecodeError } from '../errors.ts'
import { type GoNames, mismatch, TypeMismatch } from './mismatch.ts'
import { withNumbers } from './parse.ts'
import { plainCopy } from './plain-copy.ts'
import { scalarChecks } from './scalars.ts'
import { newTally, type Tally } from './tally.ts'

type JsonFields = { [key: string]: unknown }
/** Gives the canonical copy of a value that is not null; undefined when Go would print null for it. */
type Check = (value: unknown, tally: Tally) => unknown

interface PreparedField {
  readonly check: Check
  readonly inlinedFrom: string | undefined
  /** Go prints no zero value of it. */
  readonly drop: boolean
  /** Its zero value is nothing at all, which an empty one is not. */
  readonly isCollection: boolean
}

/** Deeper than any real object; a bomb of brackets is refused before it exhausts the stack. */
const depthMax = 1_000

/**
 * Reads `value` as upstream's Go type would and prints it again: unknown fields and nulls go, empty optional values
 * go, what Go always prints is there, quantities, times and durations are canonical. The answer shares nothing
 * that is typed with `value`. Throws DecodeError on a wrong type, with Go's text.
 */
export function conform(schema: ObjectSchema, value: unknown, tally: Tally = newTally()): JsonFields {
  const made = checkOf(schema)(value, tally) as JsonFields
  if (tally.empties) rememberEmpties(made, tally.empties)
  return made
}

const prepared = new WeakMap<Schema, Check>()

function checkOf(schema: Schema): Check {
  let check = prepared.get(schema)
  if (!check) {
    check = prepare(schema)
    prepared.set(schema, check)
  }
  return check
}

function prepare(schema: Schema): Check {
  if (schema.kind === 'object') return objectCheck(schema)
  if (schema.kind === 'list') return listCheck(schema)
  if (schema.kind === 'map') return mapCheck(schema)
  return scalarCheck(schema)
}

/** `k8s.io/api/core/v1.PodSpec` → `PodSpec`, and `v1.PodSpec` as Go prints the type. */
function goNames(schema: ObjectSchema): GoNames {
  const name = schema.name ?? 'map[string]interface {}'
  const goType = name.slice(name.lastIndexOf('/') + 1)
  return { struct: goType.slice(goType.indexOf('.') + 1), goType }
}

function objectCheck(schema: ObjectSchema): Check {
  const names = goNames(schema)
  const fields = new Map<string, PreparedField>()
  const fieldNamed = (name: string) => fields.get(name) ?? prepareField(fields, schema, name)
  return (value, tally) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw mismatch(value, names.goType)
    if (++tally.depth > depthMax) throw new DecodeError('exceeded max depth')
    const given = value as JsonFields
    const made: JsonFields = {}
    const members = Object.keys(given)
    tally.members += members.length
    for (const name of members) {
      const field = fieldNamed(name)
      if (!field) keepUnknown(schema, made, name, given, tally)
      else if (given[name] !== null && given[name] !== undefined)
        setField(field, made, name, given[name], names, tally)
    }
    fillZeroValues(schema, made)
    tally.depth--
    return made
  }
}

function prepareField(
  fields: Map<string, PreparedField>,
  schema: ObjectSchema,
  name: string,
): PreparedField | undefined {
  const field = schema.fields.get(name)
  if (!field) return undefined
  const drop = field.omitEmpty && !field.pointer
  const { kind } = field.schema
  const isCollection = kind === 'list' || kind === 'map'
  const ready = { check: checkOf(field.schema), inlinedFrom: field.inlinedFrom, drop, isCollection }
  fields.set(name, ready)
  return ready
}

function setField(
  field: PreparedField,
  made: JsonFields,
  name: string,
  value: unknown,
  names: GoNames,
  tally: Tally,
): void {
  try {
    const checked = field.check(value, tally)
    if (checked === undefined) return
    if (!(field.drop && isEmpty(checked))) made[name] = checked
    else if (field.isCollection) noteEmpty(tally, [made, name])
  } catch (error) {
    if (error instanceof TypeMismatch) error.within(names, name, field.inlinedFrom)
    throw error
  }
}

function noteEmpty(tally: Tally, empty: GivenEmpty): void {
  tally.empties ??= []
  tally.empties.push(empty)
}

function isEmpty(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === '' || value === 0 || value === false
  if (Array.isArray(value)) return value.length === 0
  return !hasMembers(value)
}

function keepUnknown(
  schema: ObjectSchema,
  made: JsonFields,
  name: string,
  given: JsonFields,
  tally: Tally,
): void {
  if (given[name] === undefined) return
  countMembers(given[name], tally)
  if (!schema.preserveUnknown) tally.hasUnknown = true
  else setMember(made, name, ownJson(given[name], tally))
}

function listCheck(schema: ListSchema): Check {
  return (value, tally) => {
    if (!Array.isArray(value)) throw mismatch(value, schema.goType ?? '[]interface {}')
    return takeChecked(schema, value, tally) ?? value.map(item => itemOf(schema, item, tally))
  }
}

/** What is known of a list as its type, which is then noted in the tally; undefined when it has to be read now. */
function takeChecked(schema: ListSchema, given: readonly unknown[], tally: Tally) {
  const known = tally.checked?.get(given)
  if (known?.schema !== schema) return undefined
  if (known.error) throw known.error
  tally.members += known.tally.members
  tally.hasUnknown ||= known.tally.hasUnknown
  if (known.tally.empties) tally.empties = [...(tally.empties ?? []), ...known.tally.empties]
  return known.made
}

/** An item of a list as its type. Throws DecodeError. */
export function itemOf({ items }: ListSchema, item: unknown, tally: Tally): unknown {
  const isNone = item === null || item === undefined
  return (isNone ? undefined : checkOf(items)(item, tally)) ?? zeroValue(items) ?? null
}

/** Types contain themselves: the inner check is looked up when it is first needed. */
function innerCheck(schema: Schema): Check {
  let check: Check | undefined
  return (value, tally) => {
    check ??= checkOf(schema)
    return check(value, tally)
  }
}

/** Large maps of texts that came out of the check of a schema: what of them is frozen now needs none again. */
const canonicalMaps = new WeakMap<JsonFields, MapSchema>()

function mapCheck(schema: MapSchema): Check {
  const check = innerCheck(schema.values)
  const isOfTexts = schema.values.kind === 'string' || schema.values.kind === 'bytes'
  // No bytes are the same to a message as none at all.
  const empty = zeroValue(schema.values) ?? (schema.values.kind === 'bytes' ? '' : null)
  const valueAt = (item: unknown, tally: Tally) =>
    (item === null || item === undefined ? undefined : check(item, tally)) ?? empty
  const checkedMap = (given: JsonFields, tally: Tally) => {
    const made: JsonFields = {}
    for (const key of Object.keys(given)) {
      tally.members++
      if (given[key] !== undefined) setMember(made, key, valueAt(given[key], tally))
    }
    return made
  }
  return (value, tally) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw mismatch(value, schema.goType ?? 'map[string]interface {}')
    }
    const given = value as JsonFields
    if (isOfTexts && tally.isForeign && isCanonical(schema, given, item => valueAt(item, tally))) return given
    const isCopy = schema.values.kind === 'string' && holdsTexts(given, tally)
    const made = !isCopy ? checkedMap(given, tally) : tally.isOwn ? given : { ...given }
    if (isOfTexts && isLarge(made)) canonicalMaps.set(made, schema)
    return made
  }
}

/** Whether all members are texts, which are then counted: such a map is canonical, or the engine copies it faster than others can. */
function holdsTexts(given: JsonFields, tally: Tally): boolean {
  // Of thousands to ask for each by its name would take thirty times as long.
  const values = Object.values(given)
  if (!values.every(value => typeof value === 'string')) return false
  tally.members += values.length
  return true
}

/** Whether a map is one that was checked before, or a copy of such a one, whose changed members are checked here. */
function isCanonical(schema: MapSchema, given: JsonFields, check: (item: unknown) => unknown): boolean {
  if (canonicalMaps.get(given) === schema) return Object.isFrozen(given)
  const origin = draftOrigin(given)
  if (!origin || canonicalMaps.get(origin.from) !== schema) return false
  for (const key of origin.touched) {
    if (Object.hasOwn(given, key)) setMember(given, key, check(given[key]))
  }
  settle(given)
  canonicalMaps.set(given, schema)
  return true
}

function scalarCheck(schema: ScalarSchema): Check {
  const check = scalarChecks[schema.kind]
  if (check) return value => check(value, schema)
  if (schema.nested) return schemaOrCheck(schema, schema.nested)
  // Nobody ever changes a set of fields that is there.
  const isShared = schema.kind === 'fieldsV1'
  return (value, tally) => {
    if (isShared && tally.isForeign && Object.isFrozen(value)) return value
    countMembers(value, tally)
    return ownJson(value, tally)
  }
}

function ownJson(value: unknown, { isForeign, isSpelled }: Tally): unknown {
  const kept = isForeign ? plainCopy(value) : value
  return isSpelled ? withNumbers(kept) : kept
}

const names = innerCheck({ kind: 'list', items: { kind: 'string' }, listType: 'atomic', goType: '[]string' })

/** JSONSchemaPropsOr…: an object is a schema; upstream reads what is inside without looking for unknown fields. */
function schemaOrCheck({ kind }: ScalarSchema, nested: ObjectSchema): Check {
  const check = innerCheck(nested)
  return (value, tally) => {
    if (kind === 'schemaOrBool' && typeof value === 'boolean') return value
    if (Array.isArray(value) && kind === 'schemaOrArray') return value.map(item => check(item ?? {}, tally))
    if (Array.isArray(value) && kind === 'schemaOrStringArray') return names(value, tally)
    if (typeof value === 'object' && !Array.isArray(value)) return check(value, tally)
    if (kind === 'schemaOrBool') throw new DecodeError('boolean or JSON schema expected')
    return undefined
  }
}

/** Counts the members of free JSON and refuses to go too deep. */
export function countMembers(value: unknown, tally: Tally): void {
  if (typeof value !== 'object' || value === null) return
  if (++tally.depth > depthMax) throw new DecodeError('exceeded max depth')
  const items = Array.isArray(value) ? value : Object.values(value)
  if (!Array.isArray(value)) tally.members += items.length
  for (const item of items) countMembers(item, tally)
  tally.depth--
}
