/** Types of the language (cel-go common/types) and how they are printed in messages. */

export type Kind =
  | 'any'
  | 'bool'
  | 'bytes'
  | 'double'
  | 'duration'
  | 'dyn'
  | 'error'
  | 'int'
  | 'list'
  | 'map'
  | 'null'
  | 'opaque'
  | 'param'
  | 'string'
  | 'struct'
  | 'timestamp'
  | 'type'
  | 'uint'

export interface Type {
  readonly kind: Kind
  /** Of structs, opaque types and type parameters; the kind's own word otherwise. */
  readonly name: string
  readonly params: readonly Type[]
}

const simple = (kind: Kind, name: string = kind): Type => ({ kind, name, params: [] })

export const boolType = simple('bool')
export const bytesType = simple('bytes')
export const doubleType = simple('double')
export const durationType = simple('duration', 'google.protobuf.Duration')
export const dynType = simple('dyn')
export const errorType = simple('error', '*error*')
export const intType = simple('int')
export const nullType = simple('null', 'null_type')
export const stringType = simple('string')
export const timestampType = simple('timestamp', 'google.protobuf.Timestamp')
export const uintType = simple('uint')

export const listOf = (item: Type): Type => ({ kind: 'list', name: 'list', params: [item] })
export const mapOf = (key: Type, value: Type): Type => ({ kind: 'map', name: 'map', params: [key, value] })
export const typeOf = (...params: Type[]): Type => ({ kind: 'type', name: 'type', params })
export const structType = (name: string): Type => simple('struct', name)
export const opaqueType = (name: string, ...params: Type[]): Type => ({ kind: 'opaque', name, params })
export const optionalOf = (inner: Type): Type => opaqueType('optional_type', inner)
export const paramType = (name: string): Type => simple('param', name)

export function isDyn({ kind }: Type): boolean {
  return kind === 'dyn' || kind === 'any'
}

export function isOptional({ kind, name }: Type): boolean {
  return kind === 'opaque' && name === 'optional_type'
}

/** What an optional holds; other types themselves. */
export function unwrapOptional(type: Type): Type {
  return isOptional(type) ? type.params[0]! : type
}

export function isSameType(a: Type, b: Type): boolean {
  if (a === b) return true
  return (
    a.kind === b.kind &&
    a.name === b.name &&
    a.params.length === b.params.length &&
    a.params.every((param, index) => isSameType(param, b.params[index]!))
  )
}

const shown: Partial<Record<Kind, string>> = {
  any: 'any',
  duration: 'duration',
  error: '!error!',
  null: 'null',
  timestamp: 'timestamp',
}

/** As the checker's messages print a type: `list(map(string, dyn))`. */
export function formatType(type: Type): string {
  const { kind, name, params } = type
  const word = shown[kind]
  if (word) return word
  return params.length === 0 ? name : `${name}(${params.map(formatType).join(', ')})`
}

/** `string.(int, dyn)`: how a call without a matching overload is told. */
export function formatSignature(args: readonly Type[], isMember: boolean): string {
  const [target, ...rest] = args
  const list = (types: readonly Type[]) => `(${types.map(formatType).join(', ')})`
  return isMember ? `${formatType(target!)}.${list(rest)}` : list(args)
}
