/**
 * Strategic merge patch (apimachinery util/strategicpatch): lists merge by the keys that the Go types declare, and
 * `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/x`, `$setElementOrder/x` direct the merge.
 */

import { copyToTouch, deleteTouched, setTouched } from '../meta/derived.ts'
import type { JsonMap } from '../meta/json.ts'
import { formatGoValue, isMap, jsonKind } from '../meta/json.ts'
import { quote } from '../meta/quote.ts'
import type { Field, Schema } from '../schema/schema.ts'
import { badRequest, plainFailure } from '../status/errors.ts'
import { goType, withoutDirectives, withoutNullMembers } from './json-value.ts'
import type { ListRule } from './strategic-list.ts'
import { mergeLists, orderedMerge, removeFromList } from './strategic-list.ts'

const deleteListPrefix = '$deleteFromPrimitiveList'
const elementOrderPrefix = '$setElementOrder'

/**
 * The patched document; inputs stay as they are and unchanged parts are shared. Throws 400 for malformed directives,
 * 422 for lists of lists, and upstream's plain 500 for elements without their merge key.
 */
export function applyStrategicPatch<T extends object>(schema: Schema, original: T, patch: unknown): T {
  if (patch === null) return original
  if (!isMap(patch)) {
    throw badRequest(
      `json: cannot unmarshal ${jsonKind(patch)} into Go value of type map[string]interface {}`,
    )
  }
  return mergeMaps(original as JsonMap, patch, schema) as T
}

function mergeMaps(original: JsonMap, patch: JsonMap, schema: Schema): JsonMap {
  if (Object.hasOwn(patch, '$patch')) return applyDirective(patch)
  const merged = retainKeys(original, patch)
  const done = applyElementOrders(merged, patch, schema)
  for (const key of Object.keys(patch)) {
    if (key === '$retainKeys' || done.has(key)) continue
    if (key.startsWith(deleteListPrefix))
      deleteFromList(merged, directiveTarget(key, deleteListPrefix), patch[key])
    else mergeMember(merged, key, patch[key], schema)
  }
  return merged
}

function applyDirective(patch: JsonMap): JsonMap {
  const { $patch: directive, ...rest } = patch
  if (directive === 'replace') return rest
  if (directive === 'delete') return {}
  throw plainFailure(`unknown patch type: ${formatGoValue(directive)} in map: ${formatGoValue(patch)}`)
}

/** A copy of the original, cut to the keys that the patch lists, if it lists any. */
function retainKeys(original: JsonMap, patch: JsonMap): JsonMap {
  const listed = patch.$retainKeys
  if (listed === undefined) return copyToTouch(original)
  if (!Array.isArray(listed)) throw badRequest('invalid patch format of retainKeys')
  const keys = new Set(listed)
  for (const key of Object.keys(patch)) {
    const directive =
      key === '$retainKeys' || key.startsWith(deleteListPrefix) || key.startsWith(elementOrderPrefix)
    if (!directive && patch[key] !== null && !keys.has(key))
      throw badRequest('invalid patch format of retainKeys')
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.has(key)))
}

/** Handles every `$setElementOrder/x` with the list that it is about; returns the patch keys that this settled. */
function applyElementOrders(merged: JsonMap, patch: JsonMap, schema: Schema): ReadonlySet<string> {
  const done = new Set<string>()
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(elementOrderPrefix)) continue
    done.add(directive)
    const key = directiveTarget(directive, elementOrderPrefix)
    const lists = { original: optionalList(merged[key]), patch: optionalList(patch[key]) }
    const order = requireList(patch[directive])
    const rule = listRule(schema, key)
    if (!lists.original && !lists.patch) continue
    setTouched(merged, key, orderedMerge(lists, order, rule))
    done.add(key)
  }
  return done
}

function directiveTarget(directive: string, prefix: string): string {
  if (directive[prefix.length] === '/') return directive.slice(prefix.length + 1)
  const what = prefix === deleteListPrefix ? 'primitive list' : 'setElementOrder list'
  throw badRequest(`invalid patch format of ${what}`)
}

function optionalList(value: unknown): unknown[] | undefined {
  return value === undefined ? undefined : requireList(value)
}

function requireList(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw plainFailure(`expected a []interface {}, but received a ${goType(value)}`)
}

function deleteFromList(merged: JsonMap, key: string, values: unknown): void {
  if (values === null) deleteTouched(merged, key)
  else if (Array.isArray(merged[key]) && Array.isArray(values))
    setTouched(merged, key, removeFromList(merged[key], values))
}

function mergeMember(merged: JsonMap, key: string, value: unknown, schema: Schema): void {
  const current = Object.hasOwn(merged, key) ? merged[key] : undefined
  if (value === null) {
    deleteTouched(merged, key)
  } else if (isMap(current) && isMap(value)) {
    const field = memberOf(schema, key)
    setTouched(merged, key, strategyOf(field) === 'replace' ? value : mergeMaps(current, value, field.schema))
  } else if (Array.isArray(current) && Array.isArray(value)) {
    setTouched(merged, key, mergeLists(current, value, listRule(schema, key)))
  } else {
    const kept = withoutDirectives(withoutNullMembers(value))
    if (kept === undefined) deleteTouched(merged, key)
    else setTouched(merged, key, kept)
  }
}

type Member = Pick<Field, 'schema' | 'patchStrategies' | 'patchMergeKey'>

/** What the schema says of a member. In a free-form map every value has the map's value type and no directives. */
function memberOf(schema: Schema, key: string): Member {
  if (schema.kind === 'object') {
    const field = schema.fields.get(key)
    if (field) return field
    if (schema.preserveUnknown) return { schema: { kind: 'any' } }
    throw noField(schema.name?.split('.').at(-1) ?? '', key)
  }
  const struct = opaqueStructs.get(schema.kind)
  if (struct) throw noField(struct, key)
  const found = schema.kind === 'list' ? 'slice' : schema.kind === 'map' ? 'map' : 'interface'
  throw plainFailure(`merging an object in json but data type is not struct, instead is: ${found}`)
}

const noField = (struct: string, key: string) =>
  plainFailure(`unable to find api field in struct ${struct} for the json field ${quote(key)}`)

/** Structs in Go whose JSON is free: upstream finds no field of it in them, and answers its plain 500. */
const opaqueStructs: ReadonlyMap<Schema['kind'], string> = new Map([
  ['rawExtension', 'RawExtension'],
  ['fieldsV1', 'FieldsV1'],
  ['json', 'JSON'],
])

function listRule(schema: Schema, key: string): ListRule {
  const field = memberOf(schema, key)
  const items: Schema = field.schema.kind === 'list' ? field.schema.items : field.schema
  return {
    merge: strategyOf(field) === 'merge',
    mergeKey: field.patchMergeKey ?? '',
    mergeElement: (original, change) => mergeMaps(original, change, items),
  }
}

function strategyOf({ patchStrategies = [] }: Member): string {
  return patchStrategies.find(strategy => strategy !== 'retainKeys') ?? ''
}
