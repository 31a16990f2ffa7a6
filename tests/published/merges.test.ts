/** The cases of structured-merge-diff's own Merge, against what Hutch merges through the same schemas. */
import { describe, expect, test } from 'bun:test'
import { parse } from 'yaml'
import { mergeValues } from '../../src/machinery/apply/index.ts'
import { field } from '../../src/machinery/apply/testing.ts'
import type { Field, ListSchema, Schema } from '../../src/machinery/schema/schema.ts'
import { literals, mergeTest, unread } from './published.ts'

const missing = unread(mergeTest)

interface Atom {
  readonly name?: string
  readonly namedType?: string
  readonly scalar?: string
  readonly map?: {
    readonly fields?: readonly { readonly name: string; readonly type: Atom }[]
    readonly elementType?: Atom
    readonly elementRelationship?: string
  }
  readonly list?: {
    readonly elementType: Atom
    readonly elementRelationship?: string
    readonly keys?: readonly string[]
  }
}

const scalars = { string: 'string', boolean: 'bool', numeric: 'double' } as const

/** structured-merge-diff's schema as Hutch has it; what may be of any type is free JSON, as `__untyped_…` are. */
function schemaOf(atom: Atom, types: ReadonlyMap<string, Atom>): Schema {
  if (atom.namedType !== undefined) return schemaOf(types.get(atom.namedType)!, types)
  if (atom.scalar === 'untyped') return { kind: 'any' }
  if (atom.scalar !== undefined) return { kind: scalars[atom.scalar as keyof typeof scalars] }
  if (atom.list) return listOf(atom.list, types)
  const atomic = atom.map!.elementRelationship === 'atomic'
  if (!atom.map!.fields) return { kind: 'map', values: schemaOf(atom.map!.elementType!, types), atomic }
  const fields = atom.map!.fields.map(({ name, type }): [string, Field] => [
    name,
    field(name, schemaOf(type, types)),
  ])
  return { kind: 'object', fields: new Map(fields), atomic }
}

function listOf(list: NonNullable<Atom['list']>, types: ReadonlyMap<string, Atom>): ListSchema {
  const items = schemaOf(list.elementType, types)
  if (list.elementRelationship !== 'associative') return { kind: 'list', items, listType: 'atomic' }
  if (!list.keys) return { kind: 'list', items, listType: 'set' }
  return { kind: 'list', items, listType: 'map', listMapKeys: list.keys }
}

describe.skipIf(missing !== undefined)('structured-merge-diff merges', () => {
  const cases = missing === undefined ? literals(mergeTest, 'mergeCases').mergeCases : []
  interface Published {
    readonly name: string
    readonly rootTypeName: string
    readonly schema: string
    readonly triplets: readonly (readonly [string, string, string])[]
  }
  const listed = cases as readonly Published[]

  test('there are cases', () => expect(listed.length).toBeGreaterThan(missing === undefined ? 5 : 0))

  test.each(listed.map(entry => [entry.name, entry] as const))('%s', (_, entry) => {
    const types = new Map((parse(entry.schema).types as Atom[]).map(type => [type.name!, type]))
    const schema = schemaOf(types.get(entry.rootTypeName)!, types)
    for (const [live, applied, wanted] of entry.triplets) {
      const merged = mergeValues(schema, JSON.parse(live), JSON.parse(applied))
      expect(merged, `${live} ${applied}`).toEqual(JSON.parse(wanted))
    }
    expect(entry.triplets.length).toBeGreaterThan(0)
  })
})
