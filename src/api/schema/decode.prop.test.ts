import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { DecodeError, decodeJson, decodeMessage, encodeMessage } from '../../machinery/codec/index.ts'
import type { ObjectSchema, Schema } from '../../machinery/schema/schema.ts'
import { builtinKind } from './index.ts'

const kinds = [
  builtinKind('', 'v1', 'Pod'),
  builtinKind('apps', 'v1', 'Deployment'),
  builtinKind('', 'v1', 'Node'),
]
const anyKind = fc.constantFrom(...kinds)

/** True when it succeeds or fails as bad input should; any other failure is thrown on. */
function refusedAtMost(read: () => unknown): boolean {
  try {
    read()
    return true
  } catch (error) {
    if (error instanceof DecodeError) return true
    throw error
  }
}

test('any JSON text is read or refused, never a crash', () => {
  fc.assert(
    fc.property(anyKind, fc.json(), (schema, text) =>
      refusedAtMost(() => decodeJson(schema, text, { strict: true })),
    ),
  )
  fc.assert(
    fc.property(anyKind, fc.string(), (schema, text) => refusedAtMost(() => decodeJson(schema, text))),
  )
})

test('any bytes are read as protobuf or refused, never a crash', () => {
  fc.assert(
    fc.property(anyKind, fc.uint8Array(), (schema, bytes) =>
      refusedAtMost(() => decodeMessage(schema, bytes)),
    ),
  )
})

test('a valid message with one byte changed is read or refused, never a crash', () => {
  const bytes = encodeMessage(kinds[0]!, {
    metadata: { name: 'web', labels: { a: 'b' } },
    spec: { containers: [{ name: 'a', ports: [{ containerPort: 80 }] }] },
  })
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const changed = bytes.slice()
      changed[at] = value
      return refusedAtMost(() => decodeMessage(kinds[0]!, changed))
    }),
  )
})

/** Objects of a type with canonical values, a few levels deep. */
function arbitraryOf(schema: Schema, depth: number): fc.Arbitrary<unknown> {
  if (schema.kind === 'object') return depth > 5 ? fc.constant({}) : arbitraryObject(schema, depth)
  if (schema.kind === 'list')
    return fc.array(arbitraryOf(schema.items, depth + 1), { minLength: 1, maxLength: 2 })
  if (schema.kind === 'map') {
    return fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), arbitraryOf(schema.values, depth + 1), {
      minKeys: 1,
      maxKeys: 3,
    })
  }
  const scalars: { [kind: string]: fc.Arbitrary<unknown> } = {
    string: fc.string({ minLength: 1, unit: 'grapheme' }),
    bool: fc.boolean(),
    int32: fc.integer(),
    int64: fc.maxSafeInteger(),
    double: fc.double({ noNaN: true, noDefaultInfinity: true }),
    quantity: fc.nat(999).map(count => `${count}`),
    intOrString: fc.oneof(fc.integer(), fc.string()),
    time: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map(date => `${date.toISOString().slice(0, 19)}Z`),
    bytes: fc.uint8Array({ minLength: 1 }).map(bytes => Buffer.from(bytes).toString('base64')),
    fieldsV1: fc.constant({ 'f:a': {} }),
  }
  return scalars[schema.kind] ?? fc.constant(undefined)
}

function arbitraryObject(schema: ObjectSchema, depth: number): fc.Arbitrary<object> {
  const fields = [...schema.fields.values()].filter(
    field => field.name !== 'kind' && field.name !== 'apiVersion',
  )
  return fc.subarray(fields, { maxLength: Math.min(4, fields.length) }).chain(chosen => {
    const values = chosen.map(field => [field.name, arbitraryOf(field.schema, depth + 1)] as const)
    return fc.record(Object.fromEntries(values))
  })
}

test('an object read from JSON is the same after a way through protobuf', () => {
  const sample = anyKind.chain(schema => arbitraryObject(schema, 0).map(object => ({ schema, object })))
  fc.assert(
    fc.property(sample, ({ schema, object }) => {
      const fromJson = decodeJson(schema, JSON.stringify(object)).object
      expect(decodeMessage(schema, encodeMessage(schema, fromJson))).toEqual(fromJson)
    }),
    { numRuns: 300 },
  )
})
