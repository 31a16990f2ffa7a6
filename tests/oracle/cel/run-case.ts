/** One public CEL conformance case (cel.dev/expr/tests/simple), carried out here. */
import { compileIn } from '../../../src/machinery/cel/compile.ts'
import { declare } from '../../../src/machinery/cel/environment.ts'
import { parseDuration, parseTimestamp } from '../../../src/machinery/cel/language/time.ts'
import {
  boolType,
  bytesType,
  doubleType,
  durationType,
  dynType,
  intType,
  listOf,
  mapOf,
  nullType,
  optionalOf,
  stringType,
  type Type,
  timestampType,
  uintType,
} from '../../../src/machinery/cel/language/type.ts'
import {
  equalValues,
  LiteralMap,
  TypeValue,
  typeNameOf,
  Uint,
  type Value,
} from '../../../src/machinery/cel/language/value.ts'

type Json = Record<string, never> & { readonly [name: string]: unknown }

export interface CelFile {
  readonly name: string
  readonly section: readonly { readonly name: string; readonly test?: readonly CelCase[] }[]
}

export interface CelCase {
  readonly name: string
  readonly expr: string
  readonly disableCheck?: boolean
  readonly checkOnly?: boolean
  readonly container?: string
  readonly typeEnv?: readonly { readonly name: string; readonly ident?: { readonly type: Json } }[]
  readonly bindings?: Readonly<Record<string, { readonly value?: Json }>>
  readonly value?: Json
  readonly evalError?: unknown
  readonly typedResult?: { readonly result?: Json }
}

/** Why the case fails; undefined when it does not. */
export function failureOf(one: CelCase): string | undefined {
  const variables: Record<string, Type> = {}
  for (const { name, ident } of one.typeEnv ?? []) if (ident) variables[name] = toType(ident.type)
  for (const name of Object.keys(one.bindings ?? {})) variables[name] ??= dynType
  const program = compileIn(declare({ variables }), one.expr)
  if ('fault' in program) return one.evalError ? undefined : program.fault
  const wanted = one.typedResult?.result ?? one.value ?? (one.evalError ? undefined : { boolValue: true })
  if (one.checkOnly) return undefined
  try {
    const bound = (name: string) => {
      const given = one.bindings?.[name]?.value
      return given === undefined ? undefined : toValue(given as Json)
    }
    const { value } = program.evaluate(bound)
    if (!wanted) return `gave ${show(value)} and no error`
    const expected = toValue(wanted as Json)
    return isSame(value, expected) ? undefined : `gave ${show(value)}, not ${show(expected)}`
  } catch (error) {
    if (one.evalError) return undefined
    return `failed: ${error instanceof Error ? error.message : error}`
  }
}

function isSame(value: Value, expected: Value): boolean {
  if (typeof value === 'number' && typeof expected === 'number')
    return Object.is(value, expected) || value === expected
  return typeNameOf(value) === typeNameOf(expected) && equalValues(value, expected)
}

function show(value: Value): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner === 'bigint') return `${inner}n`
    if (inner instanceof Uint) return `${inner.value}u`
    return inner instanceof LiteralMap ? Array.from(inner.keys(), key => [key, inner.get(key)]) : inner
  })
}

const primitives: Readonly<Record<string, Type>> = {
  BOOL: boolType,
  BYTES: bytesType,
  DOUBLE: doubleType,
  INT64: intType,
  STRING: stringType,
  UINT64: uintType,
}
const wellKnown: Readonly<Record<string, Type>> = {
  ANY: dynType,
  DURATION: durationType,
  TIMESTAMP: timestampType,
}

function toType(json: Json): Type {
  const { primitive, wellKnown: known, listType, mapType, abstractType } = json as Record<string, never>
  if (primitive) return primitives[primitive]!
  if (known) return wellKnown[known]!
  if ('null' in json) return nullType
  if (listType) return listOf(toType((listType as { elemType: Json }).elemType))
  if (mapType) {
    const { keyType, valueType } = mapType as { keyType: Json; valueType: Json }
    return mapOf(toType(keyType), toType(valueType))
  }
  if (abstractType) return optionalOf(toType((abstractType as { parameterTypes: Json[] }).parameterTypes[0]!))
  return dynType
}

function toValue(json: Json): Value {
  const [[kind, raw]] = Object.entries(json) as [[string, never]]
  switch (kind) {
    case 'int64Value':
      return BigInt(raw)
    case 'uint64Value':
      return new Uint(BigInt(raw))
    case 'doubleValue':
      return Number(raw === 'NaN' ? Number.NaN : String(raw).replace('Infinity', 'Infinity'))
    case 'nullValue':
      return null
    case 'bytesValue':
      return new Uint8Array(Buffer.from(raw, 'base64'))
    case 'typeValue':
      return new TypeValue(raw)
    case 'listValue':
      return ((raw as { values?: Json[] }).values ?? []).map(toValue)
    case 'mapValue':
      return new LiteralMap(
        ((raw as { entries?: { key: Json; value: Json }[] }).entries ?? []).map(
          ({ key, value }) => [toValue(key), toValue(value)] as const,
        ),
      )
    case 'objectValue':
      return toMessage(raw)
    default:
      return raw
  }
}

function toMessage(raw: { readonly '@type': string; readonly value: string }): Value {
  const type = raw['@type'].split('/').at(-1)
  if (type === 'google.protobuf.Duration') return parseDuration(raw.value)!
  if (type === 'google.protobuf.Timestamp') return parseTimestamp(raw.value)!
  throw new Error(`a ${type} is no value of Kubernetes' language`)
}
