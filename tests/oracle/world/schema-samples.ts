import { sample, stringMatching } from 'fast-check'
import type { Json } from '../rule-schemas.ts'

/** A type of an object's field, as a definition tells it. */
interface Schema extends Json {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly additionalProperties?: Schema | boolean
  readonly required?: readonly string[]
  readonly enum?: readonly unknown[]
  readonly pattern?: string
  readonly format?: string
  readonly minimum?: number
  readonly minItems?: number
  readonly minLength?: number
}

/** How a value is made for each field of a type. */
interface Habit {
  /** Only what has to be there. */
  readonly isLeast?: boolean
  /** Leaves out what has to be there. */
  readonly isLacking?: boolean
  /** A field that nobody knows stands in each object. */
  readonly isStrange?: boolean
  /** What stands for a value of this type; undefined where the usual one does. */
  readonly value?: (schema: Schema) => unknown
}

const wrong: Readonly<Record<string, unknown>> = { string: 7, integer: 'x', number: 'x', boolean: 'yes' }
const empty: Readonly<Record<string, unknown>> = { string: '', array: [], object: {}, integer: 0, number: 0 }
const large: Readonly<Record<string, unknown>> = {
  string: 'A very long text, with signs that are no name! '.repeat(10),
  integer: 2 ** 40,
  number: -1e30,
}

const habits: Readonly<Record<string, Habit>> = {
  least: { isLeast: true },
  whole: {},
  'without what it needs': { isLacking: true },
  'with strange fields': { isStrange: true },
  'of wrong types': { value: ({ type }) => wrong[type ?? ''] },
  'with lists for objects': {
    value: ({ properties, type }) =>
      properties ? undefined : type === 'object' ? [] : type === 'array' ? {} : undefined,
  },
  'with empty values': { value: ({ properties, type }) => (properties ? undefined : empty[type ?? '']) },
  'with large values': { value: ({ type }) => large[type ?? ''] },
  'with null': { value: ({ properties }) => (properties ? undefined : null) },
  'with words that are no choice': {
    value: schema => (schema.enum ? 'Bogus' : schema.pattern ? '!' : undefined),
  },
}

/** Objects of one type, good and bad, made from its schema alone: the same each time. */
export function samplesOf(schema: Json): readonly (readonly [name: string, value: Json])[] {
  return Object.entries(habits).map(([name, habit]) => [name, fieldsOf(schema as Schema, habit)])
}

/** The least object of a type with one more field of its `spec`, for each such field. */
export function singlesOf(schema: Json): readonly (readonly [name: string, value: Json])[] {
  const root = schema as Schema
  const fields = Object.entries(root.properties?.spec?.properties ?? {})
  const least = fieldsOf(root, { isLeast: true }) as { spec?: Json }
  return fields.map(([name, field]) => [
    name,
    { ...least, spec: { ...least.spec, [name]: madeOf(field, {}) } },
  ])
}

const served = new Set(['apiVersion', 'kind', 'metadata', 'status'])

function fieldsOf(schema: Schema, habit: Habit): Json {
  // A definition may name no field at all: then a habit has its way with the object as a whole.
  const made = (madeOf(schema, habit) ?? {}) as Json
  return Object.fromEntries(Object.entries(made).filter(([name]) => !served.has(name)))
}

function madeOf(schema: Schema, habit: Habit): unknown {
  const chosen = habit.value?.(schema)
  if (chosen !== undefined) return chosen
  if (schema.default !== undefined && !schema.properties) return schema.default
  if (schema.enum) return schema.enum[0]
  const make = makers[schema.type ?? '']
  if (make) return make(schema, habit)
  return schema['x-kubernetes-int-or-string'] ? '10%' : { any: 'thing' }
}

const makers: Readonly<Record<string, (schema: Schema, habit: Habit) => unknown>> = {
  object: objectOf,
  array: ({ items, minItems = 1 }, habit) =>
    Array.from({ length: habit.isLeast ? minItems : Math.max(1, minItems) }, () =>
      madeOf(items ?? {}, habit),
    ),
  string: textOf,
  integer: ({ minimum = 1 }) => minimum,
  number: ({ minimum = 1.5 }) => minimum,
  boolean: () => true,
}

function objectOf(schema: Schema, habit: Habit): Json {
  const { properties, additionalProperties, required = [] } = schema
  if (schema['x-kubernetes-embedded-resource'])
    return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inner' } }
  if (!properties) {
    if (typeof additionalProperties === 'object') return { key: madeOf(additionalProperties, habit) }
    return habit.isLeast ? {} : { any: 'thing' }
  }
  const kept = Object.entries(properties).filter(([name]) => {
    const isRequired = required.includes(name)
    return habit.isLeast ? isRequired || name === 'spec' : !(habit.isLacking && isRequired)
  })
  const strange = habit.isStrange ? { noSuchField: 1 } : {}
  return { ...Object.fromEntries(kept.map(([name, field]) => [name, madeOf(field, habit)])), ...strange }
}

const formats: Readonly<Record<string, string>> = {
  'date-time': '2020-01-01T00:00:00Z',
  date: '2020-01-01',
  duration: '1h',
  byte: 'YQ==',
  uri: 'https://example.org',
  email: 'a@example.org',
  uuid: '7b8f4a4e-6d3c-4f6b-9f6e-5d2a1c3b4e5f',
  ipv4: '10.0.0.1',
  ipv6: '::1',
  hostname: 'example.org',
}

function textOf({ format, pattern, minLength = 1 }: Schema): string {
  if (format && formats[format]) return formats[format]
  if (pattern === undefined) return 'a'.repeat(minLength)
  try {
    return sample(stringMatching(new RegExp(pattern)), { seed: 1, numRuns: 1 })[0]!
  } catch (error) {
    // Go and JavaScript do not read all patterns alike: then a text that will probably be refused.
    if (error instanceof Error) return 'a'
    throw error
  }
}
