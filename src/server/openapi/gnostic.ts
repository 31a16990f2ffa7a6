/** OpenAPI v2 in the protobuf form that older clients read (gnostic's OpenAPIv2.proto). */
import { BackwardWriter } from '../../machinery/codec/protobuf/writer.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'

/** Writes a value in front of what is written already. */
type Encode = (out: BackwardWriter, value: unknown) => void

/** How one member is written: as a field of its own number, once for each item where it is a list. */
interface FieldRule {
  readonly number: number
  readonly encode: Encode
  readonly wireType: 0 | 1 | 2
}

type Message = Readonly<Record<string, FieldRule>>

function field(out: BackwardWriter, { number, encode, wireType }: FieldRule, value: unknown): void {
  const before = out.length
  encode(out, value)
  if (wireType === 2) out.varint(out.length - before)
  out.varint(number * 8 + wireType)
}

const text: Encode = (out, value) => out.text(String(value))
const string = (number: number): FieldRule => ({ number, encode: text, wireType: 2 })
const flag = (number: number): FieldRule => ({
  number,
  encode: (out, value) => out.varint(value ? 1 : 0),
  wireType: 0,
})
const whole = (number: number): FieldRule => ({
  number,
  encode: (out, value) => out.signed(Number(value)),
  wireType: 0,
})
const real = (number: number): FieldRule => ({
  number,
  encode: (out, value) => out.double(Number(value)),
  wireType: 1,
})
const nested = (number: number, encode: Encode): FieldRule => ({ number, encode, wireType: 2 })

const yaml = string(2)
/** Anything, as the YAML that its JSON is. */
const any: Encode = (out, value) => field(out, yaml, JSON.stringify(value))

function repeated(out: BackwardWriter, rule: FieldRule, value: unknown): void {
  if (!Array.isArray(value)) return field(out, rule, value)
  for (let index = value.length - 1; index >= 0; index--) field(out, rule, value[index])
}

/** A message of an object's members; those that begin with `x-` are its extensions. */
function message(rules: Message, extensions?: number): Encode {
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
function named(encode: Encode): Encode {
  const rule = nested(2, encode)
  return (out, pair) => {
    const [name, value] = pair as [string, unknown]
    field(out, rule, value)
    field(out, nameField, name)
  }
}

/** A message of named members, whatever their names. */
function table(number: number, encode: Encode): Encode {
  const rule = nested(number, named(encode))
  return (out, value) => repeated(out, rule, Object.entries(value as JsonMap))
}

/** A message that holds one of several. */
function one(number: number, encode: Encode): Encode {
  const rule = nested(number, encode)
  return (out, value) => field(out, rule, value)
}

const strings: Encode = (out, value) => repeated(out, nameField, value)
const limits = (from: number): Message => ({
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

const schema: Encode = (out, value) => schemaMessage(out, value)
const allowed = flag(2)
const additional = one(1, schema)
const schemaMessage = message(
  {
    $ref: string(1),
    format: string(2),
    title: string(3),
    description: string(4),
    default: nested(5, any),
    multipleOf: real(6),
    ...limits(7),
    maxProperties: whole(17),
    minProperties: whole(18),
    required: string(19),
    enum: nested(20, any),
    additionalProperties: nested(21, (out, value) =>
      typeof value === 'boolean' ? field(out, allowed, value) : additional(out, value),
    ),
    type: nested(22, strings),
    items: nested(23, one(1, schema)),
    allOf: nested(24, schema),
    properties: nested(25, table(1, schema)),
    example: nested(30, any),
  },
  31,
)

const body = message({
  description: string(1),
  name: string(2),
  in: string(3),
  required: flag(4),
  schema: nested(5, schema),
})
const placed = (type: number): Message => ({
  required: flag(1),
  in: string(2),
  description: string(3),
  name: string(4),
  type: string(type),
  format: string(type + 1),
})
const query = message({ ...placed(6), uniqueItems: flag(20) })
const path = message({ ...placed(5), uniqueItems: flag(19) })

const inBody = one(1, body)
const inPath = one(2, one(4, path))
const inQuery = one(2, one(3, query))
const parameter: Encode = (out, value) => {
  const { in: place } = value as JsonMap
  if (place === 'body') inBody(out, value)
  else if (place === 'path') inPath(out, value)
  else inQuery(out, value)
}
const byValue = one(1, parameter)
const byReference = one(2, message({ $ref: string(1) }))
const parameterItem: Encode = (out, value) =>
  (value as JsonMap).$ref === undefined ? byValue(out, value) : byReference(out, value)

const response = message({ description: string(1), schema: nested(2, one(1, schema)) }, 5)
const operation = message(
  {
    tags: string(1),
    summary: string(2),
    description: string(3),
    operationId: string(5),
    produces: string(6),
    consumes: string(7),
    parameters: nested(8, parameterItem),
    responses: nested(9, table(1, one(1, response))),
    schemes: string(10),
    deprecated: flag(11),
  },
  13,
)
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']
const pathItem = message(
  {
    ...Object.fromEntries(methods.map((method, index) => [method, nested(index + 2, operation)])),
    parameters: nested(9, parameterItem),
  },
  10,
)
const apiKey = message({ type: string(1), name: string(2), in: string(3), description: string(4) })

const document = message(
  {
    swagger: string(1),
    info: nested(2, message({ title: string(1), version: string(2), description: string(3) })),
    paths: nested(8, table(2, pathItem)),
    definitions: nested(9, table(1, schema)),
    parameters: nested(10, table(1, parameter)),
    security: nested(12, table(1, strings)),
    securityDefinitions: nested(13, table(1, one(2, apiKey))),
  },
  16,
)

/** A swagger document as gnostic's `openapi.v2.Document`. */
export function toGnostic(swagger: JsonMap): Uint8Array {
  const out = new BackwardWriter()
  document(out, swagger)
  return out.take()
}
