/** OpenAPI v2 in the protobuf form that older clients read (gnostic's OpenAPIv2.proto). */
import type { JsonMap } from '../../machinery/meta/json.ts'
import {
  any,
  type Encode,
  field,
  flag,
  limits,
  type Message,
  message,
  nested,
  one,
  real,
  string,
  strings,
  table,
  toBytes,
  whole,
} from './protobuf-message.ts'

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
export function toGnosticV2(swagger: JsonMap): Uint8Array<ArrayBuffer> {
  return toBytes(document, swagger)
}
