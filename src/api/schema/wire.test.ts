import { describe, expect, test } from 'bun:test'
import {
  decodeJson,
  decodeProtobuf,
  decodeYaml,
  encodeProtobuf,
  openEnvelope,
} from '../../machinery/codec/index.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import type { JsonObject } from '../../machinery/meta/object.ts'
import { facts } from './index.ts'
import { type UpstreamSample, upstreamSamples } from './testdata.ts'

const samples = upstreamSamples().flatMap(sample => {
  const { apiVersion, kind } = openEnvelope(sample.protobuf)
  const { group, version } = fromApiVersion(apiVersion)!
  const schema = facts.kindSchema(group, version, kind)
  return schema ? [{ ...sample, schema }] : []
})
if (samples.length === 0) {
  console.warn(
    'SKIPPED: upstream samples, because k8s.io/api is not in the Go module cache (run scripts/schema/generate once)',
  )
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const failing = (check: (sample: (typeof samples)[number]) => boolean) =>
  samples.filter(sample => !check(sample)).map((sample: UpstreamSample) => sample.name)

describe.skipIf(samples.length === 0)("upstream's round-trip samples", () => {
  test('are known for every kind of the registered groups', () => {
    expect(samples.length).toBeGreaterThan(130)
  })

  test('come back from protobuf byte for byte', () => {
    const same = failing(({ schema, protobuf }) => {
      return hex(encodeProtobuf(schema, decodeProtobuf(schema, protobuf))) === hex(protobuf)
    })
    expect(same).toEqual([])
  })

  test('read from protobuf are the objects that upstream writes as JSON', () => {
    for (const { schema, protobuf, json } of samples) {
      expect(decodeProtobuf(schema, protobuf)).toEqual(JSON.parse(json))
    }
  })

  test("written from JSON are upstream's protobuf bytes", () => {
    expect(
      failing(
        ({ schema, json, protobuf }) => hex(encodeProtobuf(schema, JSON.parse(json))) === hex(protobuf),
      ),
    ).toEqual([])
  })

  test('read from JSON or YAML are themselves, with nothing to complain about', () => {
    for (const { schema, json, yaml } of samples) {
      const fromYaml = decodeYaml(yaml, { strict: true })
      expect(decodeJson(schema, json, { strict: true })).toEqual({
        object: withoutNulls(JSON.parse(json)),
        strictErrors: [],
      })
      expect(decodeJson(schema, fromYaml.json, { strict: true }).object).toEqual(
        withoutNulls(JSON.parse(json)),
      )
      expect(fromYaml.strictErrors).toEqual([])
    }
  })
})

/** Null members are absent in memory; null in a map or a list stays. */
function withoutNulls(object: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null))
}
