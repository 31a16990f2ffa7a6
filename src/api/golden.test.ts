/**
 * What a stock 1.35 server answers to each manifest of `golden-cases.ts`, and what the kinds say. Recorded with
 * `STOCK=/path/of/kubeconfig bun test src/api/golden.test.ts` against the server that scripts/stock starts.
 */
import { describe, expect, test } from 'bun:test'
import { decodeJson } from '../machinery/codec/index.ts'
import type { JsonObject, KubeObject } from '../machinery/meta/object.ts'
import { applySchemaDefaults } from '../machinery/schema/defaults.ts'
import { toRow } from '../machinery/table/table.ts'
import type { FieldError } from '../machinery/validation/field-error.ts'
import type { Resource } from './define.ts'
import { type GoldenCase, goldenCases, merge } from './golden-cases.ts'
import { createRegistry } from './registry.ts'
import golden from './testdata/golden.json' with { type: 'json' }
import { validateForCreate, validateForUpdate } from './validate-object.ts'

/** Causes as `field: message`, or the object as it would be stored. */
interface Answer {
  readonly causes?: readonly string[]
  readonly object?: JsonObject
}

/** A row, and the object and the moment that it was printed of. */
interface Printed {
  readonly at: string
  readonly stored: JsonObject
  readonly cells: readonly unknown[]
  readonly conditions?: readonly JsonObject[]
}

const recorded = golden as unknown as Readonly<Record<string, Answer>>
const registry = createRegistry()
const now = '2026-01-01T00:00:00Z'
const uid = '00000000-0000-4000-8000-000000000000'

function resourceOf({ apiVersion, kind }: GoldenCase): Resource {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  return registry.kind(group!, version!, kind)!
}

function decode(resource: Resource, object: unknown): KubeObject {
  const decoded = decodeJson(resource.schema, Buffer.from(JSON.stringify(object)))
    .object as unknown as KubeObject
  applySchemaDefaults(resource.schema, decoded as unknown as JsonObject)
  resource.strategy.setDefaults?.(decoded)
  return decoded
}

function toAnswer(errors: readonly FieldError[], object: KubeObject): Answer {
  if (errors.length === 0) return { object: comparable(object) }
  // Upstream says some things two or three times when an object is updated.
  const causes = new Set(errors.map(({ field, message }) => `${field}: ${message.split('\n')[0]}`))
  return { causes: [...causes].toSorted() }
}

/** Decodes, defaults, prepares and validates as the server does. */
function create(
  resource: Resource,
  input: JsonObject,
): { object: KubeObject; errors: readonly FieldError[] } {
  const object = decode(resource, input)
  const namespace = resource.namespaced ? 'default' : undefined
  Object.assign(object.metadata, { uid, creationTimestamp: now, ...(namespace && { namespace }) })
  resource.strategy.prepareForCreate?.(object, { now, namespace })
  return { object, errors: validateForCreate(resource, object) }
}

function ask(one: GoldenCase): Answer {
  const resource = resourceOf(one)
  const { object, errors } = create(resource, one.object)
  if (!one.update) return toAnswer(errors, object)
  const old = { ...object, metadata: { ...object.metadata, resourceVersion: '1' } }
  const updated = decode(resource, merge(structuredClone(old), one.update))
  resource.strategy.prepareForUpdate?.(updated, old, { now, namespace: old.metadata.namespace })
  return toAnswer(validateForUpdate(resource, updated, old), updated)
}

/** What differs from one request to the next: times, allocated ports; and finalizers that an admission plugin adds. */
function isVolatile(key: string, value: unknown): boolean {
  return (
    (key === 'nodePort' && Number(value) >= 30000) ||
    (key === 'finalizers' && /(pvc?|vac)-protection/.test(String(value)))
  )
}
const timePattern = /^\d{4}-\d\d-\d\dT.*Z$/
const serverOwned = [
  'uid',
  'creationTimestamp',
  'managedFields',
  'generation',
  'namespace',
  'resourceVersion',
]
/** What admission plugins and allocators add, which are not the kind's business. */
const admitted: Readonly<Record<string, readonly string[]>> = {
  Pod: ['priority', 'preemptionPolicy', 'tolerations', 'serviceAccount', 'serviceAccountName'],
  Service: ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'],
  Node: ['taints'],
  PersistentVolumeClaim: ['storageClassName'],
}

function comparable(object: KubeObject): JsonObject {
  const copy = JSON.parse(JSON.stringify(object).replaceAll(object.metadata.uid ?? uid, 'UID')) as JsonObject
  const metadata = copy.metadata as JsonObject
  for (const field of serverOwned) delete metadata[field]
  const spec = copy.spec as JsonObject | undefined
  for (const field of admitted[copy.kind as string] ?? []) delete spec?.[field]
  return prune(copy) as JsonObject
}

/** Null, empty lists and maps are one and the same to a Go client. */
function prune(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(item => prune(item) ?? {})
  if (typeof value === 'string' && timePattern.test(value)) return 'TIME'
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([key, member]) => {
    const pruned = prune(member)
    const isEmpty =
      pruned === null ||
      pruned === undefined ||
      (typeof pruned === 'object' && Object.keys(pruned).length === 0)
    return isEmpty || isVolatile(key, member) ? [] : [[key, pruned] as const]
  })
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

if (process.env.STOCK) {
  const { record } = await import('./golden-record.ts')
  await record(process.env.STOCK, goldenCases, registry, comparable)
  process.exit(0)
}

const askedCases = goldenCases.filter(({ isTable }) => !isTable).map(one => [one.name, one] as const)
const printedCases = goldenCases.filter(({ isTable }) => isTable).map(one => [one.name, one] as const)

describe('a stock server and the kinds agree on', () => {
  test.each(askedCases)('%s', (name, one) => {
    expect(recorded[name]).toBeDefined()
    expect(ask(one)).toEqual(recorded[name] as never)
  })
})

describe('a stock server and the kinds print alike', () => {
  test.each(printedCases)('%s', (name, one) => {
    const { at, stored, cells, conditions } = recorded[name] as unknown as Printed
    const resource = resourceOf(one)
    const object = decode(resource, stored)
    const row = toRow(resource.columns, object, { nowMs: Date.parse(at), ...rowOptions(resource) })
    // Upstream prints a third cell for IPAddress, which has two columns; ages are those of the recording.
    const isAge = resource.columns.map(({ name: column }) =>
      /^(Age|Created At|Last Seen|First Seen)$/.test(column),
    )
    const steady = (all: readonly unknown[]) => all.map((cell, i) => (isAge[i] ? 'AGE' : cell))
    expect(steady(row.cells)).toEqual(steady(cells))
    expect(row.conditions).toEqual(conditions as never)
  })
})

function rowOptions({ rowConditions }: Resource) {
  return rowConditions ? { rowConditions } : {}
}

describe('defaulting', () => {
  test.each(askedCases.filter(([, { update }]) => !update))('twice is once: %s', (_name, one) => {
    const resource = resourceOf(one)
    const object = decode(resource, one.object)
    expect(decode(resource, structuredClone(object))).toEqual(object)
  })
})
