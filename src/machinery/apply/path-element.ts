/** Path elements as FieldsV1 spells them: `f:name`, `k:{"name":"a"}`, `v:"x"`, `i:0`. */
import { compareText } from '../../std/compare-text.ts'
import { isNumber, parseExact } from '../../std/exact-json.ts'
import type { JsonMap } from '../meta/json.ts'
import { isMap } from '../meta/json.ts'
import { quote } from '../meta/quote.ts'
import type { ListSchema } from '../schema/schema.ts'
import { zeroOf } from './typed.ts'

/** Why a list's element cannot be told from its siblings. */
export class ElementError extends Error {
  override name = 'ElementError'
}

/** The element that names a list's item. Throws ElementError with upstream's text for an item without identity. */
export function itemElement(schema: ListSchema, item: unknown): string {
  return schema.listMapKeys && schema.listMapKeys.length > 0 ? keyElement(schema, item) : valueElement(item)
}

function keyElement(schema: ListSchema, item: unknown): string {
  if (item === null) throw new ElementError('associative list with keys may not have a null element')
  if (!isMap(item)) throw new ElementError('associative list with keys may not have non-map elements')
  const keys = schema.listMapKeys!
  if (keys.length === 1 && typeof item[keys[0]!] === 'string') {
    return `k:{${encode(keys[0])}:${encode(item[keys[0]!])}}`
  }
  const parts = sortedKeys(schema).flatMap(key => {
    const value = keyValue(schema, item, key)
    return value === undefined ? [] : [`${encode(key)}:${encode(value)}`]
  })
  if (parts.length === 0) {
    throw new ElementError(
      `associative list with keys has an element that omits all key fields [${keys.map(quote).join(' ')}] (and doesn't have default values for any key fields)`,
    )
  }
  return `k:{${parts.join(',')}}`
}

function keyValue(schema: ListSchema, item: JsonMap, key: string): unknown {
  if (Object.hasOwn(item, key)) return item[key]
  const field = schema.items.kind === 'object' ? schema.items.fields.get(key) : undefined
  return field?.defaultValue ?? (field?.zeroDefault ? zeroOf(field) : undefined)
}

const keyOrders = new WeakMap<ListSchema, readonly string[]>()

function sortedKeys(schema: ListSchema): readonly string[] {
  const known = keyOrders.get(schema)
  if (known) return known
  const keys = schema.listMapKeys!.toSorted()
  keyOrders.set(schema, keys)
  return keys
}

function valueElement(item: unknown): string {
  if (item === null)
    throw new ElementError("associative list without keys has an element that's an explicit null")
  if (isMap(item)) throw new ElementError("associative list without keys has an element that's a map type")
  if (Array.isArray(item)) throw new ElementError('not supported: associative list with lists as elements')
  return `v:${encode(item)}`
}

/** The one spelling of an element: keys in order, values as Go writes them. Throws SyntaxError for what is no JSON. */
export function canonicalElement(element: string): string {
  if (!/^[kv]:/.test(element)) return element
  const value = decode(element)
  if (!isMap(value)) return `v:${encode(value)}`
  const parts = Object.keys(value)
    .sort()
    .map(key => `${encode(key)}:${encode(value[key])}`)
  return `k:{${parts.join(',')}}`
}

/** JSON as Go writes it, with HTML's characters escaped. */
function encode(value: unknown): string {
  const text = JSON.stringify(value)
  return /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeCode) : text
}

function escapeCode(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** Fields first, then keys, values and positions; each kind by its content, numbers as numbers. */
export function compareElements(a: string, b: string): number {
  const kind = rank(a) - rank(b)
  if (kind !== 0 || a === b) return kind
  if (a.startsWith('f:')) return a < b ? -1 : 1
  const left = decode(a)
  const right = decode(b)
  return isMap(left) && isMap(right) ? compareKeys(left, right) : compareValues(left, right)
}

function rank(element: string): number {
  return element === '.' ? -1 : 'fkvi'.indexOf(element[0]!)
}

function decode(element: string): unknown {
  return parseExact(element.slice(2))
}

function compareKeys(a: JsonMap, b: JsonMap): number {
  const names = Object.keys(a)
  const others = Object.keys(b)
  for (let index = 0; index < Math.min(names.length, others.length); index++) {
    const order =
      compareValues(names[index], others[index]) || compareValues(a[names[index]!], b[others[index]!])
    if (order !== 0) return order
  }
  return names.length - others.length
}

function compareValues(a: unknown, b: unknown): number {
  if (isNumber(a) && isNumber(b)) return a < b ? -1 : a > b ? 1 : 0
  const kind = valueRank(a) - valueRank(b)
  if (kind !== 0) return kind
  return compareText(String(a), String(b))
}

/** smd's order of kinds: numbers, texts, truth values, null. */
function valueRank(value: unknown): number {
  return isNumber(value) ? 0 : ['', 'string', 'boolean'].indexOf(typeof value) >>> 0
}

/** `.spec.containers[name="a"].image`: how conflicts name a path. */
export function formatPath(path: readonly string[]): string {
  return path.map(formatElement).join('')
}

export function formatElement(element: string): string {
  const content = element.slice(2)
  if (element.startsWith('f:')) return `.${content}`
  if (element.startsWith('i:')) return `[${content}]`
  const value = decode(element)
  if (!isMap(value)) return `[=${formatValue(value)}]`
  return `[${Object.keys(value)
    .map(key => `${key}=${formatValue(value[key])}`)
    .join(',')}]`
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? quote(value) : JSON.stringify(value)
}
