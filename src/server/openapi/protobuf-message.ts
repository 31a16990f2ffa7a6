/** How documents are written in protobuf: messages as rules of their members. */
import { BackwardWriter } from '../../machinery/codec/protobuf/writer.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'

/** Writes a value in front of what is written already. */
export type Encode = (out: BackwardWriter, value: unknown) => void

/** How one member is written: as a field of its own number, once for each item where it is a list. */
export interface FieldRule {
  readonly number: number
  readonly encode: Encode
  readonly wireType: 0 | 1 | 2
}

export type Message = Readonly<Record<string, FieldRule>>

export function field(out: BackwardWriter, { number, encode, wireType }: FieldRule, value: unknown): void {
  const before = out.length
  encode(out, value)
  if (wireType === 2) out.varint(out.length - before)
  out.varint(number * 8 + wireType)
}

const text: Encode = (out, value) => out.text(String(value))
export const string = (number: number): FieldRule => ({ number, encode: text, wireType: 2 })
export const flag = (number: number): FieldRule => ({
  number,
  encode: (out, value) => out.varint(value ? 1 : 0),
  wireType: 0,
})
export const whole = (number: number): FieldRule => ({
  number,
  encode: (out, value) => out.signed(Number(value)),
  wireType: 0,
})
export const real = (number: number): FieldRule => ({
  number,
  encode: (out, value) => out.double(Number(value)),
  wireType: 1,
})
export const nested = (number: number, encode: Encode): FieldRule => ({ number, encode, wireType: 2 })

const yaml = string(2)
/** Anything, as the YAML that its JSON is. */
export const any: Encode = (out, value) => field(out, yaml, JSON.stringify(value))

function repeated(out: BackwardWriter, rule: FieldRule, value: unknown): void {
  if (!Array.isArray(value)) return field(out, rule, value)
  for (let index = value.length - 1; index >= 0; index--) field(out, rule, value[index])
}

/** A message of an object's members; those that begin with `x-` are its extensions. */
export function message(rules: Message, extensions?: number): Encode {
  const extension = extensions === undefined ? undefined : nested(extensions, named(any))
  return (out, value) => {
    for (const [name, member] of Object.entries(value as JsonMap).toReversed()) {
      const rule = rules[name]
      if (rule) repeated(out, rule, member)
      else if (extension && name.startsWith('x-')) field(out, extension, [name, member])
    }
  }
}

const nameField = string(1)

/** A name and what it names. */
export function named(encode: Encode): Encode {
  const rule = nested(2, encode)
  return (out, pair) => {
    const [name, value] = pair as [string, unknown]
    field(out, rule, value)
    field(out, nameField, name)
  }
}

/** A message of named members, whatever their names. */
export function table(number: number, encode: Encode): Encode {
  const rule = nested(number, named(encode))
  return (out, value) => repeated(out, rule, Object.entries(value as JsonMap))
}

/** A message that holds one of several. */
export function one(number: number, encode: Encode): Encode {
  const rule = nested(number, encode)
  return (out, value) => field(out, rule, value)
}

export const strings: Encode = (out, value) => repeated(out, nameField, value)
export const limits = (from: number): Message => ({
  maximum: real(from),
  exclusiveMaximum: flag(from + 1),
  minimum: real(from + 2),
  exclusiveMinimum: flag(from + 3),
  maxLength: whole(from + 4),
  minLength: whole(from + 5),
  pattern: string(from + 6),
  maxItems: whole(from + 7),
  minItems: whole(from + 8),
  uniqueItems: flag(from + 9),
})

/** The bytes of a whole document. */
export function toBytes(document: Encode, value: JsonMap): Uint8Array<ArrayBuffer> {
  const out = new BackwardWriter()
  document(out, value)
  return out.take()
}
