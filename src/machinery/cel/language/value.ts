/** Values of the language (cel-go common/types). Ints are bigints, doubles numbers, literal lists arrays. */
import type { Steps } from '../../../std/turns.ts'
import { CelError, noSuchOverload } from './errors.ts'

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeValue
  | Optional
  | ListValue
  | MapValue
  | StructValue

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

/** Nanoseconds since the Unix epoch. */
export class Timestamp {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

export class Duration {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** `int`, `type(x)`. */
export class TypeValue {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

export class Optional {
  static readonly none = new Optional(undefined)
  readonly value: Value | undefined
  private constructor(value: Value | undefined) {
    this.value = value
  }
  static of(value: Value): Optional {
    return new Optional(value)
  }
}

/** An array, or a list that makes its items when they are looked at. */
export type ListValue = readonly Value[] | LazyList

export class LazyList {
  readonly #raw: readonly unknown[]
  readonly #read: (raw: unknown) => Value
  constructor(raw: readonly unknown[], read: (raw: unknown) => Value) {
    this.#raw = raw
    this.#read = read
  }
  get length(): number {
    return this.#raw.length
  }
  at(index: number): Value {
    return this.#read(this.#raw[index])
  }
  *[Symbol.iterator](): Generator<Value> {
    for (const raw of this.#raw) yield this.#read(raw)
  }
}

/**
 * A list that grows at its end: one that was made of it by adding shares its items, so that a loop that makes a list item by
 * item does not copy what it has each time.
 */
export class GrownList extends LazyList {
  readonly #items: Value[]
  readonly #length: number
  private constructor(items: Value[], length: number) {
    super(items, item => item as Value)
    this.#items = items
    this.#length = length
  }

  /** Both one behind the other. */
  static of(first: ListValue, rest: ListValue): GrownList {
    // Whoever added to it before owns what is beyond its end.
    const isOpen = first instanceof GrownList && first.#length === first.#items.length
    const items = isOpen ? first.#items : [...first]
    for (const item of [...rest]) items.push(item)
    return new GrownList(items, items.length)
  }

  override get length(): number {
    return this.#length
  }

  override *[Symbol.iterator](): Generator<Value> {
    for (let index = 0; index < this.#length; index++) yield this.#items[index]!
  }
}

/** A map; keys of different number types that are equal are one key. */
export interface MapValue {
  readonly isMap: true
  readonly size: number
  get(key: Value): Value | undefined
  keys(): Iterable<Value>
  /** Where `get` may take long: makes in steps what it gives afterwards. */
  readonly prepare?: (key: Value) => Steps<void>
}

/** A map that an expression made. */
export class LiteralMap implements MapValue {
  readonly isMap = true
  readonly #entries = new Map<string, readonly [Value, Value]>()
  constructor(entries: Iterable<readonly [Value, Value]> = []) {
    for (const [key, value] of entries) this.#entries.set(keyText(key), [key, value])
  }
  get size(): number {
    return this.#entries.size
  }
  get(key: Value): Value | undefined {
    return this.#entries.get(keyText(key))?.[1]
  }
  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key
  }
  /** Adds an entry to a map that nobody has seen yet; false when the key is there. */
  insert(key: Value, value: Value): boolean {
    const text = keyText(key)
    if (this.#entries.has(text)) return false
    this.#entries.set(text, [key, value])
    return true
  }
}

/** The members of a JSON object under the names and with the values that `read` gives them. */
export class JsonMap implements MapValue {
  readonly isMap = true
  readonly raw: Readonly<Record<string, unknown>>
  readonly #read: (name: string, raw: unknown) => Value
  constructor(raw: Readonly<Record<string, unknown>>, read: (name: string, raw: unknown) => Value) {
    this.raw = raw
    this.#read = read
  }
  get size(): number {
    return Object.keys(this.raw).length
  }
  get(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.raw, key)) return undefined
    return this.#read(key, this.raw[key])
  }
  keys(): readonly string[] {
    return Object.keys(this.raw)
  }
}

/** A structure; what it is and how it is compared is its own. */
export interface StructValue {
  readonly typeName: string
  /** The field's value; undefined where it is not set. */
  field?(name: string): Value | undefined
  equals(other: StructValue): boolean
  /** As `size` counts it for costs. */
  readonly size?: number
}

export function isList(value: unknown): value is ListValue {
  return Array.isArray(value) || value instanceof LazyList
}

export function isMapValue(value: unknown): value is MapValue {
  return typeof value === 'object' && value !== null && 'isMap' in value
}

export function isStruct(value: unknown): value is StructValue {
  return typeof value === 'object' && value !== null && 'typeName' in value
}

/** The name of a value's type, as `type()` gives it and messages show it. */
export function typeNameOf(value: Value): string {
  if (value === null) return 'null_type'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return 'string'
  }
  if (isList(value)) return 'list'
  if (isMapValue(value)) return 'map'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Uint) return 'uint'
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp'
  if (value instanceof Duration) return 'google.protobuf.Duration'
  if (value instanceof TypeValue) return 'type'
  return value instanceof Optional ? 'optional_type' : value.typeName
}

function keyText(key: Value): string {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'bigint') return `n${key}`
  if (key instanceof Uint) return `n${key.value}`
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`
  if (typeof key === 'boolean') return `b${key}`
  throw new CelError(`unsupported key type: ${typeNameOf(key)}`)
}

function toNumber(value: Value): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

/** Whether two values are the same; values of different types never are, numbers excepted. */
export function equalValues(a: Value, b: Value): boolean {
  if (a === b) return !(typeof a === 'number' && Number.isNaN(a))
  const left = toNumber(a)
  if (left !== undefined) {
    const right = toNumber(b)
    return right !== undefined && compareNumbers(left, right) === 0
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (isList(a)) return isList(b) && equalLists(a, b)
  if (isMapValue(a)) return isMapValue(b) && equalMaps(a, b)
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns
  if (a instanceof Duration) return b instanceof Duration && a.ns === b.ns
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name
  if (a instanceof Optional) return b instanceof Optional && equalOptionals(a, b)
  return isStruct(a) && isStruct(b) && a.typeName === b.typeName && a.equals(b)
}

function equalOptionals({ value: a }: Optional, { value: b }: Optional): boolean {
  if (a === undefined || b === undefined) return a === b
  return equalValues(a, b)
}

function equalLists(a: ListValue, b: ListValue): boolean {
  if (a.length !== b.length) return false
  for (let index = 0; index < a.length; index++) {
    if (!equalValues(a.at(index)!, b.at(index)!)) return false
  }
  return true
}

function equalMaps(a: MapValue, b: MapValue): boolean {
  if (a.size !== b.size) return false
  for (const key of a.keys()) {
    const other = b.get(key)
    if (other === undefined || !equalValues(a.get(key)!, other)) return false
  }
  return true
}

/** Orders two values of one type, or two numbers: below, at or above zero. Throws for others. */
export function compareValues(a: Value, b: Value): number {
  const left = toNumber(a)
  const right = toNumber(b)
  if (left !== undefined && right !== undefined) {
    if (Number.isNaN(left) || Number.isNaN(right)) throw new CelError('NaN values cannot be ordered')
    return compareNumbers(left, right)
  }
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  if (a instanceof Timestamp && b instanceof Timestamp) return sign(a.ns - b.ns)
  if (a instanceof Duration && b instanceof Duration) return sign(a.ns - b.ns)
  throw noSuchOverload()
}

/** Ints and doubles meet as doubles, as cel-go has it; NaN is below and above nothing and equal to nothing. */
function compareNumbers(a: bigint | number, b: bigint | number): number {
  const [left, right] = typeof a === typeof b ? [a, b] : [Number(a), Number(b)]
  if (left < right) return -1
  return left === right ? 0 : 1
}

function sign(value: bigint): number {
  return value < 0n ? -1 : value > 0n ? 1 : 0
}

/** By UTF-8 bytes, as Go compares strings; UTF-16 differs only where surrogates are. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/** Of strings, bytes, lists and maps: what `size` says; 1 for everything else. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return codePoints(value)
  if (isList(value) || value instanceof Uint8Array) return value.length
  if (isMapValue(value)) return value.size
  return isStruct(value) ? (value.size ?? 1) : 1
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the whole of ASCII.
const ascii = /^[\x00-\x7f]*$/

export function codePoints(text: string): number {
  return ascii.test(text) ? text.length : [...text].length
}
