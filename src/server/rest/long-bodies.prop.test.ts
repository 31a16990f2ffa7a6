import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { configMaps } from '../../api/core/config-map.ts'
import { pods } from '../../api/core/pod.ts'
import {
  decodeJson,
  decodeProtobuf,
  encodeProtobuf,
  prepareJson,
  prepareProtobuf,
} from '../../machinery/codec/index.ts'

const others = () => Promise.resolve()
const data = fc.dictionary(fc.string({ maxLength: 6 }), fc.string({ maxLength: 6 }), { maxKeys: 8 })
const body = data.map(data => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', labels: data },
  data,
}))
const long = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`key-${at}`, 'x']))

/** The bytes with one of them changed, or as they are. */
const damage = fc.option(fc.record({ at: fc.nat(), byte: fc.nat({ max: 255 }) }), { nil: undefined })

function damaged(bytes: Uint8Array, how: { at: number; byte: number } | undefined): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (how) copy[how.at % copy.length] = how.byte
  return copy
}

function told(read: () => unknown): unknown {
  try {
    return read()
  } catch (error) {
    return String(error)
  }
}

const schemas = fc.constantFrom(configMaps.schema, pods.schema)

test('JSON that was read with pauses reads the same, faults too', async () => {
  const property = fc.asyncProperty(
    body,
    damage,
    schemas,
    fc.boolean(),
    async (object, how, schema, strict) => {
      const bytes = damaged(Buffer.from(JSON.stringify(object)), how)
      const plain = told(() => decodeJson(schema, Uint8Array.from(bytes), { strict }))
      await prepareJson(bytes, others)
      expect(told(() => decodeJson(schema, bytes, { strict }))).toEqual(plain)
      // What it gave away once belongs to somebody.
      expect(told(() => decodeJson(schema, bytes, { strict }))).toEqual(plain)
    },
  )
  await fc.assert(property, { numRuns: 300 })
})

test('protobuf that was read with pauses reads the same, faults too', async () => {
  const property = fc.asyncProperty(
    body,
    damage,
    schemas,
    fc.boolean(),
    async (object, how, schema, isLong) => {
      const whole = isLong ? { ...object, data: { ...long, ...object.data } } : object
      const bytes = damaged(encodeProtobuf(configMaps.schema, whole), how)
      const plain = told(() => decodeProtobuf(schema, Uint8Array.from(bytes)))
      await prepareProtobuf(configMaps.schema, bytes, others)
      expect(told(() => decodeProtobuf(schema, bytes))).toEqual(plain)
      expect(told(() => decodeProtobuf(schema, bytes))).toEqual(plain)
    },
  )
  await fc.assert(property, { numRuns: 150 })
}, 60_000)
