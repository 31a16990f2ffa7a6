/** structured-merge-diff's schemas as Hutch has them. */
import { parse } from 'yaml'
import { field } from '../../src/machinery/apply/testing.ts'
import type { Field, ListSchema, ObjectSchema, Schema } from '../../src/machinery/schema/schema.ts'

export interface Atom {
  readonly name?: string
  readonly namedType?: string
  readonly elementRelationship?: string
  readonly scalar?: string
  readonly map?: AtomMap
  readonly list?: {
    readonly elementType: Atom
    readonly elementRelationship?: string | undefined
    readonly keys?: readonly string[]
  }
}

interface AtomMap {
  readonly fields?: readonly { readonly name: string; readonly type: Atom; readonly default?: unknown }[]
  readonly elementType?: Atom
  readonly elementRelationship?: string
}

const scalars = { string: 'string', boolean: 'bool', numeric: 'double' } as const

/** Hutch's schemas of the types of one YAML, by name; types may hold themselves. */
export class Atoms {
  readonly #types: ReadonlyMap<string, Atom>
  readonly #made = new Map<string, Schema>()

  constructor(schema: string) {
    const types = parse(schema).types as Atom[]
    this.#types = new Map(types.map(type => [type.name!, type]))
  }

  /** What may be of any type is free JSON, as `__untyped_…` are. */
  schemaOf(atom: Atom): Schema {
    if (atom.namedType === undefined) return this.#build(atom, atom)
    const key = `${atom.namedType} ${atom.elementRelationship ?? ''}`
    const known = this.#made.get(key)
    if (known) return known
    const own = { ...this.#types.get(atom.namedType)! }
    const made = {} as { -readonly [name in keyof Schema]: Schema[name] }
    this.#made.set(key, made as Schema)
    return Object.assign(made, this.#build(own, { elementRelationship: atom.elementRelationship }))
  }

  #build(atom: Atom, given: { readonly elementRelationship?: string | undefined }): Schema {
    if (atom.scalar === 'untyped') return { kind: 'any' }
    if (atom.scalar !== undefined) return { kind: scalars[atom.scalar as keyof typeof scalars] }
    if (atom.list) {
      const { elementRelationship = atom.list.elementRelationship } = given
      return this.#listOf({ ...atom.list, elementRelationship })
    }
    const relationship = given.elementRelationship ?? atom.map!.elementRelationship
    return this.#mapOf(atom.map!, relationship === 'atomic')
  }

  #mapOf({ fields, elementType }: AtomMap, atomic: boolean): Schema {
    if (!fields) return { kind: 'map', values: this.schemaOf(elementType!), atomic }
    const made = fields.map(({ name, type, default: defaultValue }): [string, Field] => {
      const schema = this.schemaOf(type)
      return [name, field(name, schema, { pointer: true, keepsNull: true, defaultValue })]
    })
    const unknown = elementType ? { preserveUnknown: true } : {}
    return { kind: 'object', fields: new Map(made), atomic, ...unknown }
  }

  #listOf(list: NonNullable<Atom['list']>): ListSchema {
    const items = this.schemaOf(list.elementType)
    if (list.elementRelationship !== 'associative') return { kind: 'list', items, listType: 'atomic' }
    if (!list.keys) return { kind: 'list', items, listType: 'set' }
    return { kind: 'list', items, listType: 'map', listMapKeys: list.keys }
  }
}

const kinds = new Map<string, ObjectSchema>()

/** A whole object of a kind: the type's members beside apiVersion, kind and metadata. */
export function kindOf(schema: string, reference: string): ObjectSchema {
  const key = `${reference} ${schema}`
  const known = kinds.get(key)
  if (known) return known
  const own = new Atoms(schema).schemaOf(parse(reference) as Atom)
  const members = own.kind === 'object' ? [...own.fields.values()] : []
  const fields = ['apiVersion', 'kind'].map(name => field(name, 'string'))
  const metadata = field('metadata', { kind: 'any' })
  const named = [...fields, metadata, ...members].map((entry): [string, Field] => [entry.name, entry])
  const preserveUnknown = own.kind !== 'object' || own.preserveUnknown === true
  const made: ObjectSchema = { kind: 'object', fields: new Map(named), preserveUnknown }
  kinds.set(key, made)
  return made
}
