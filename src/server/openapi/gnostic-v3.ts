/** OpenAPI v3 in the protobuf form that clients may ask for (gnostic's OpenAPIv3.proto). */
import type { JsonMap } from '../../machinery/meta/json.ts'
import {
  any,
  type Encode,
  field,
  flag,
  limits,
  message,
  named,
  nested,
  one,
  real,
  string,
  table,
  toBytes,
  whole,
} from './protobuf-message.ts'

const reference = one(2, message({ $ref: string(1), summary: string(2), description: string(3) }))
const written = one(1, (out, value) => schemaMessage(out, value))
const schema: Encode = (out, value) =>
  (value as JsonMap).$ref === undefined ? written(out, value) : reference(out, value)

const allowed = flag(2)
const additional = one(1, schema)
const number = real(1)
const yes = flag(2)
const text = string(3)
/** It can be plain alone: of a list or an object nothing is told. */
const plain: Encode = (out, value) => {
  if (typeof value === 'number') field(out, number, value)
  else if (typeof value === 'boolean') field(out, yes, value)
  else if (typeof value === 'string') field(out, text, value)
}

const schemaMessage = message(
  {
    nullable: flag(1),
    readOnly: flag(3),
    writeOnly: flag(4),
    example: nested(7, any),
    deprecated: flag(8),
    title: string(9),
    multipleOf: real(10),
    ...limits(11),
    maxProperties: whole(21),
    minProperties: whole(22),
    required: string(23),
    enum: nested(24, any),
    type: string(25),
    allOf: nested(26, schema),
    oneOf: nested(27, schema),
    anyOf: nested(28, schema),
    not: nested(29, (out, value) => schemaMessage(out, value)),
    items: nested(30, one(1, schema)),
    properties: nested(31, table(1, schema)),
    additionalProperties: nested(32, (out, value) =>
      typeof value === 'boolean' ? field(out, allowed, value) : additional(out, value),
    ),
    default: nested(33, plain),
    description: string(34),
    format: string(35),
  },
  36,
)

const content = table(1, message({ schema: nested(1, schema) }))
const body = message({ description: string(1), content: nested(2, content), required: flag(3) })
const parameter = message({
  name: string(1),
  in: string(2),
  description: string(3),
  required: flag(4),
  schema: nested(10, schema),
})
const response = one(1, message({ description: string(1), content: nested(3, content) }))
const byDefault = nested(1, response)
const byCode = nested(2, named(response))
const responses: Encode = (out, value) => {
  for (const [code, given] of Object.entries(value as JsonMap).toReversed())
    if (code === 'default') field(out, byDefault, given)
    else field(out, byCode, [code, given])
}

const parameters = (at: number) => nested(at, one(1, parameter))
const operation = message(
  {
    tags: string(1),
    summary: string(2),
    description: string(3),
    operationId: string(5),
    parameters: parameters(6),
    requestBody: nested(7, one(1, body)),
    responses: nested(8, responses),
    deprecated: flag(10),
  },
  13,
)
const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']
const pathItem = message(
  {
    ...Object.fromEntries(methods.map((method, index) => [method, nested(index + 4, operation)])),
    parameters: parameters(13),
  },
  14,
)
const scheme = message({ type: string(1), description: string(2), name: string(3), in: string(4) })
const components = message({
  schemas: nested(1, table(1, schema)),
  securitySchemes: nested(7, table(1, one(1, scheme))),
})

const document = message(
  {
    openapi: string(1),
    info: nested(2, message({ title: string(1), description: string(2), version: string(6) })),
    paths: nested(4, table(1, pathItem)),
    components: nested(5, components),
  },
  9,
)

/** A document of version 3 as gnostic's `openapi.v3.Document`. */
export function toGnosticV3(given: JsonMap): Uint8Array<ArrayBuffer> {
  return toBytes(document, given)
}
