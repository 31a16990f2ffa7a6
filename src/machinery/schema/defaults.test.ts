import { describe, expect, test } from 'bun:test'
import { applySchemaDefaults } from './defaults.ts'
import type { Field, ObjectSchema, Schema } from './schema.ts'
import { fillZeroValues } from './zero.ts'

function field(name: string, schema: Schema, more: Partial<Field> = {}): [string, Field] {
  return [name, { name, schema, required: false, omitEmpty: true, pointer: false, ...more }]
}
const text: Schema = { kind: 'string' }
const port: ObjectSchema = {
  kind: 'object',
  fields: new Map([
    field('protocol', text, { defaultValue: 'TCP' }),
    field('name', text),
    field('next', text),
  ]),
}
const tree: ObjectSchema = {
  kind: 'object',
  get fields(): ReadonlyMap<string, Field> {
    return treeFields
  },
}
const treeFields = new Map([
  field('ports', { kind: 'list', items: port, listType: 'atomic' }),
  field('byName', { kind: 'map', values: port }),
  field('child', tree, { pointer: true }),
  field('options', { kind: 'any' }, { defaultValue: { a: [1] } }),
])

describe('schema defaults', () => {
  test('fill absent fields in lists, maps and types that contain themselves, and nothing else', () => {
    const object = { ports: [{ name: 'a' }, { protocol: 'UDP' }], byName: { x: {} }, child: { ports: [{}] } }
    applySchemaDefaults(tree, object)
    expect(object as object).toEqual({
      ports: [{ name: 'a', protocol: 'TCP' }, { protocol: 'UDP' }],
      byName: { x: { protocol: 'TCP' } },
      child: { ports: [{ protocol: 'TCP' }], options: { a: [1] } },
      options: { a: [1] },
    })
  })

  test('replace an empty text, but not one behind a pointer', () => {
    const pointed: ObjectSchema = {
      kind: 'object',
      fields: new Map([field('p', text, { defaultValue: 'x', pointer: true })]),
    }
    const plain = { ports: [{ protocol: '' }] }
    const behind = { p: '' }
    applySchemaDefaults(tree, plain)
    applySchemaDefaults(pointed, behind)
    expect([plain.ports[0]!.protocol, behind.p]).toEqual(['TCP', ''])
  })

  test('of one object are not shared with the next', () => {
    const [first, second]: { options?: { a: number[] } }[] = [{}, {}]
    applySchemaDefaults(tree, first!)
    first!.options!.a.push(2)
    applySchemaDefaults(tree, second!)
    expect(second!.options).toEqual({ a: [1] })
  })
})

describe("Go's zero values", () => {
  test('are there where Go prints them, lists and optional fields stay absent', () => {
    const inner: ObjectSchema = {
      kind: 'object',
      fields: new Map([field('count', { kind: 'int32' }, { omitEmpty: false })]),
    }
    const schema: ObjectSchema = {
      kind: 'object',
      fields: new Map([
        field('status', inner, { omitEmpty: false }),
        field('name', text, { omitEmpty: false }),
        field('list', { kind: 'list', items: text, listType: 'atomic' }, { omitEmpty: false }),
        field('pointed', inner, { omitEmpty: false, pointer: true }),
        field('optional', text),
      ]),
    }
    const object = {}
    fillZeroValues(schema, object)
    expect(object).toEqual({ status: { count: 0 }, name: '' })
  })
})
