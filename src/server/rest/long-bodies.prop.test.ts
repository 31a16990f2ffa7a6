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
  prepareTyped,
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

const text = fc.string({ maxLength: 6 })
const container = fc.record(
  {
    name: text,
    image: fc.oneof({ weight: 5, arbitrary: text }, { weight: 1, arbitrary: fc.integer() }),
    ports: fc.array(fc.record({ containerPort: fc.oneof(fc.nat(), fc.constant(1.5)), unheardOf: text })),
    args: fc.array(fc.option(text)),
    command: fc.constant([]),
  },
  { requiredKeys: ['name'] },
)
const pod = fc.record({
  apiVersion: fc.constant('v1'),
  kind: fc.constant('Pod'),
  spec: fc.record({ containers: fc.array(fc.option(container), { maxLength: 5 }), nodeName: text }),
})

test('lists that were read as their type with pauses are what they are without, faults too', async () => {
  const property = fc.asyncProperty(
    pod,
    fc.integer({ min: 1, max: 60 }),
    fc.boolean(),
    async (object, length, strict) => {
      const bytes = Buffer.from(JSON.stringify(object))
      const plain = told(() => decodeJson(pods.schema, Uint8Array.from(bytes), { strict }))
      await prepareJson(bytes, others, { length })
      await prepareTyped(pods.schema, bytes, others)
      expect(told(() => decodeJson(pods.schema, bytes, { strict }))).toEqual(plain)
    },
  )
  await fc.assert(property, { numRuns: 500 })
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

const number = fc.constantFrom('1', '1.0', '1e3', '-0', '9007199254740993', '1e999', '12345678901234567890')
const numbers = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 6 })

test('numbers of free JSON that was read with pauses are what they are without, faults too', async () => {
  const property = fc.asyncProperty(numbers, fc.integer({ min: 1, max: 60 }), async (pairs, length) => {
    const items = pairs.map(([a, b]) => `{"a":${a},"list":[${b},[${a}]]}`)
    const bytes = Buffer.from(`{"spec":{"items":[${items.join(',')}],"one":${pairs[0]![0]}}}`)
    const plain = told(() => decodeJson(undefined, Uint8Array.from(bytes), { strict: true }))
    await prepareJson(bytes, others, { length, isFree: true })
    expect(told(() => decodeJson(undefined, bytes, { strict: true }))).toEqual(plain)
  })
  await fc.assert(property, { numRuns: 300 })
})
