import { builtinKind } from '../../src/api/schema/index.ts'
import { fromApiVersion } from '../../src/machinery/meta/group.ts'
import type { Field, ListSchema, MapSchema, ObjectSchema, Schema } from '../../src/machinery/schema/schema.ts'
import { type OracleCase, patch, send } from './case.ts'
import type { Sample } from './samples.ts'

/** A change of a valid object: where, what it is called, and what is there then; undefined: nothing is. */
interface Mutation {
  readonly path: Path
  readonly title: string
  readonly value: unknown
}

type Path = readonly (string | number)[]

/** Types that most kinds share: one kind goes into them, the others stop at their door. */
const sharedTypes: Readonly<Record<string, string>> = {
  'k8s.io/api/core/v1.PodSpec': 'Pod',
  'k8s.io/apimachinery/pkg/apis/meta/v1.ObjectMeta': 'ConfigMap',
  'k8s.io/api/core/v1.PersistentVolumeClaimSpec': 'PersistentVolumeClaim',
  'k8s.io/api/core/v1.PersistentVolumeSpec': 'PersistentVolume',
  'k8s.io/api/batch/v1.JobSpec': 'Job',
  'k8s.io/api/resource/v1.ResourceClaimSpec': 'ResourceClaim',
}

/** Every field of a kind left out, of a wrong type, empty, and with values that its type allows and its rules may not. */
export function fieldCases({ kind, collection, object }: Sample): OracleCase[] {
  const { group, version } = fromApiVersion(object.apiVersion)!
  const schema = builtinKind(group, version, object.kind)
  const found: Mutation[] = []
  const { status: _, ...rest } = Object.fromEntries(schema.fields)
  visit({ ...schema, fields: new Map(Object.entries(rest)) }, object, [], {
    found,
    seen: new Set([schema]),
    kind: object.kind,
  })
  return found.map(({ path, title, value }) =>
    send(
      'POST',
      `${kind}: ${spell(path)} ${title}`,
      `${collection}?dryRun=All&fieldValidation=Strict`,
      changed(object, path, value),
    ),
  )
}

/** Every field of a stored object changed to another value of its type: which ones may change, and how the others say no. */
export function changeCases(sample: Sample): OracleCase[] {
  const { kind, object } = sample
  return changesOf(sample, (target, { path, title, value }) =>
    value === undefined
      ? []
      : [patch(`${kind}: change ${spell(path)} ${title}`, target, 'merge', nested(path, value, object))],
  )
}

/** Values that their types do not allow, which each language of patches refuses in its own words. */
const wrong = /\bas (?:text|number|truth|nonsense)$|beyond its bits|with a fraction|not in base64/

/** Wrong types in the patches that are merged within the type; and required fields that are gone from a stored object. */
export function typedChangeCases(sample: Sample): OracleCase[] {
  const { kind, collection, object } = sample
  const head = { apiVersion: object.apiVersion, kind: object.kind, metadata: { name: object.metadata.name } }
  return changesOf(sample, (target, { path, title, value }) => {
    const place = `${spell(path)} ${title}`
    if (value === undefined && path[0] === 'spec' && path.length < 4)
      return [
        send(
          'PUT',
          `${kind}: PUT with ${place}`,
          `${collection}/${object.metadata.name}?dryRun=All`,
          changed(object, path, undefined),
        ),
      ]
    if (value === undefined || !wrong.test(title)) return []
    const change = nested(path, value, undefined)
    return [
      patch(`${kind}: strategic patch of ${place}`, target, 'strategic', change),
      patch(`${kind}: apply of ${place}`, `${target}&fieldManager=typed&force=true`, 'apply', {
        ...head,
        ...(change as Json),
      }),
    ]
  })
}

/** Asks of each change of a stored object; `target` is where it is sent as a dry run. */
function changesOf(
  { collection, object }: Sample,
  ask: (target: string, mutation: Mutation) => OracleCase[],
): OracleCase[] {
  const { group, version } = fromApiVersion(object.apiVersion)!
  const schema = builtinKind(group, version, object.kind)
  const path = `${collection}/${object.metadata.name}`
  return [...schema.fields.values()].flatMap(field => {
    const isStatus = field.name === 'status'
    const target = `${path}${isStatus ? '/status' : ''}?dryRun=All`
    const found: Mutation[] = []
    const walk = { found, seen: new Set([schema]), kind: object.kind }
    if (field.name !== 'metadata') visitField(field, (object as Json)[field.name], [field.name], walk)
    return found.flatMap(mutation => ask(target, mutation))
  })
}

type Json = { [key: string]: unknown }

interface Walk {
  readonly found: Mutation[]
  /** Types that were entered: each once, wherever it first appears. */
  readonly seen: Set<Schema>
  readonly kind: string
}

function visit(schema: ObjectSchema, value: unknown, path: Path, walk: Walk): void {
  const fields = (value ?? {}) as Json
  for (const field of schema.fields.values()) {
    if (path.length === 0 && (field.name === 'apiVersion' || field.name === 'kind')) continue
    visitField(field, fields[field.name], [...path, field.name], walk)
  }
}

function visitField(field: Field, value: unknown, path: Path, walk: Walk): void {
  if (value !== undefined) walk.found.push({ path, title: 'left out', value: undefined })
  for (const [title, tried] of trials(field.schema, field)) walk.found.push({ path, title, value: tried })
  enter(field.schema, value, path, walk)
}

function enter(schema: Schema, value: unknown, path: Path, walk: Walk): void {
  if (schema.kind === 'list') {
    const first = (value as unknown[] | undefined)?.[0]
    return enter(schema.items, first, [...path, 0], walk)
  }
  if (schema.kind !== 'object' || walk.seen.has(schema)) return
  const home = sharedTypes[schema.name ?? '']
  if (home !== undefined && home !== walk.kind) return
  walk.seen.add(schema)
  visit(schema, value, path, walk)
}

type Trial = readonly [title: string, value: unknown]

/** Values worth trying for a type. */
function trials(schema: Schema, field?: Field): Trial[] {
  if (schema.kind === 'object')
    return [
      ['empty', {}],
      ['as text', 'text'],
    ]
  if (schema.kind === 'list') return listTrials(schema, field)
  if (schema.kind === 'map') return mapTrials(schema)
  if (field?.enumValues && schema.kind === 'string')
    return [...field.enumValues.map((word): Trial => [`as ${word}`, word]), ...scalarTrials.string!]
  return [...(scalarTrials[schema.kind] ?? [['as text', 'text']])]
}

const longName = 'x'.repeat(300)

const scalarTrials: Readonly<Record<string, readonly Trial[]>> = {
  string: [
    ['with blanks', 'Not Valid!'],
    ['as word', 'word'],
    ['too long', longName],
    ['as number', 7],
  ],
  bool: [
    ['true', true],
    ['false', false],
    ['as text', 'yes'],
  ],
  int32: [
    ['negative', -1],
    ['zero', 0],
    ['large', 2147483647],
    ['beyond its bits', 3000000000],
    ['as text', '1'],
    ['with a fraction', 1.5],
  ],
  int64: [
    ['negative', -1],
    ['zero', 0],
    ['large', 4294967296],
    ['as text', '1'],
  ],
  quantity: [
    ['negative', '-1'],
    ['with a fraction', '1500m'],
    ['as nonsense', 'nonsense'],
  ],
  intOrString: [
    ['negative', -1],
    ['zero', 0],
    ['as percentage', '150%'],
    ['as word', 'Not Valid!'],
    ['as truth', true],
  ],
  time: [
    ['given', '2026-01-02T03:04:05Z'],
    ['as word', 'yesterday'],
  ],
  microTime: [
    ['given', '2026-01-02T03:04:05.000006Z'],
    ['as word', 'yesterday'],
  ],
  duration: [
    ['negative', '-1s'],
    ['as word', 'soon'],
  ],
  bytes: [
    ['given', 'YQ=='],
    ['not in base64', '!!'],
  ],
}

function listTrials({ items }: ListSchema, field?: Field): Trial[] {
  const some = trials(items, items.kind === 'string' && field?.enumValues ? field : undefined)
  return [
    ['empty', []],
    ['as text', 'text'],
    ...some.map(([title, value]): Trial => [`with an item ${title}`, [value]]),
    ['with an item twice', [some[0]![1], some[0]![1]]],
  ]
}

function mapTrials({ values }: MapSchema): Trial[] {
  const [, value] = trials(values)[0]!
  return [
    ['empty', {}],
    ['as text', 'text'],
    ['with a bad key', { 'Bad Key!': value }],
    ['with an entry', { key: value }],
    ...trials(values).map(([title, tried]): Trial => [`with a value ${title}`, { key: tried }]),
  ]
}

/** `spec.containers[0].name` */
function spell(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index > 0 ? '.' : ''}${step}`))
    .join('')
}

function changed(whole: unknown, [step, ...rest]: Path, value: unknown): unknown {
  if (step === undefined) return value
  if (typeof step === 'number') {
    const list = (whole ?? []) as readonly unknown[]
    return [changed(list[0], rest, value), ...list.slice(1)]
  }
  const { [step]: old, ...others } = (whole ?? {}) as Json
  const made = changed(old, rest, value)
  return made === undefined ? others : { ...others, [step]: made }
}

/** A merge patch that sets one place; a list on the way goes as a whole. */
function nested([step, ...rest]: Path, value: unknown, whole: unknown): unknown {
  const old = (whole as Json | undefined)?.[step as string]
  if (rest.length === 0 || typeof rest[0] === 'number') return { [step as string]: changed(old, rest, value) }
  return { [step as string]: nested(rest, value, old) }
}
