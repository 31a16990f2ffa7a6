import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { facts } from '../../src/api/schema/index.ts'
import {
  decodeJson,
  decodeProtobuf,
  decodeYaml,
  encodeProtobuf,
  openEnvelope,
} from '../../src/machinery/codec/index.ts'
import type { ObjectSchema } from '../../src/machinery/schema/schema.ts'
import { yamlText } from '../../src/server/http/yaml-text.ts'

/** Upstream's own samples, every field of every kind filled, as they lie in the Go module k8s.io/api. */
const cache = process.env.GOMODCACHE ?? join(process.env.GOPATH ?? join(homedir(), 'go'), 'pkg/mod')
const samples = join(cache, 'k8s.io/api@v0.35.4/testdata/HEAD')
const isThere = existsSync(samples)
if (!isThere) console.warn(`SKIP round trip of upstream's samples: no ${samples}`)

interface Sample {
  readonly name: string
  readonly schema: ObjectSchema
  readonly read: (form: 'json' | 'yaml' | 'pb') => Buffer
}

/** An event is no object: its frames have a codec of their own. */
const notObjects = new Set(['core.v1.WatchEvent'])

function servedSamples(): Sample[] {
  const names = readdirSync(samples).flatMap(file => (file.endsWith('.json') ? [file.slice(0, -5)] : []))
  return names.flatMap(name => {
    const [, group, version, kind] = /^(.*)\.(v\d\w*)\.(\w+)$/.exec(name)!
    const schema = facts.kindSchema(group === 'core' ? '' : group!, version!, kind!)
    if (!schema || notObjects.has(name)) return []
    return [{ name, schema, read: form => readFileSync(join(samples, `${name}.${form}`)) }]
  })
}

describe.skipIf(!isThere)("upstream's samples", () => {
  const found = isThere ? servedSamples() : []

  test('are there for every group that is served', () => {
    expect(found.length).toBeGreaterThan(120)
  })

  test.each(found.map(sample => [sample.name, sample] as const))(
    '%s comes back byte for byte',
    (_name, sample) => {
      const { schema, read } = sample
      const [json, yaml, protobuf] = [read('json'), read('yaml'), read('pb')]
      const { object, strictErrors } = decodeJson(schema, json, { strict: true })
      expect(strictErrors).toEqual([])
      expect(JSON.stringify(object, undefined, 2)).toBe(json.toString().trimEnd())
      expect(yamlText(object)).toBe(yaml.toString())
      expect(Buffer.from(encodeProtobuf(schema, object)).equals(protobuf)).toBe(true)

      const decoded = decodeProtobuf(schema, protobuf)
      expect(decoded).toEqual(object)
      expect(Buffer.from(encodeProtobuf(schema, decoded)).equals(protobuf)).toBe(true)
      expect(openEnvelope(protobuf).kind).toBe(String(object.kind))

      const fromYaml = decodeYaml(yaml, { strict: true })
      expect(fromYaml.strictErrors).toEqual([])
      expect(decodeJson(schema, fromYaml.json).object).toEqual(object)
    },
  )
})
