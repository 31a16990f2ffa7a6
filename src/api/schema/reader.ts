import type { Field, ObjectSchema, ProtoField, Schema, SchemaSource } from '../../machinery/schema/schema.ts'
import {
  type FactsDocument,
  type FieldRow,
  fieldFlags,
  fieldRows,
  goName,
  type TypeRow,
  typeFlags,
} from './layout.ts'

const schemaProps = 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.JSONSchemaProps'

/** Makes schemas of facts on demand: a type costs nothing until somebody looks at its fields. */
export class FactsReader implements SchemaSource {
  readonly #facts: FactsDocument
  readonly #typeIndexes: ReadonlyMap<string, number>
  readonly #kindIndexes: ReadonlyMap<string, number>
  readonly #objects: (ObjectSchema | undefined)[] = []
  readonly #atomicObjects: (ObjectSchema | undefined)[] = []
  readonly #granularObjects: (ObjectSchema | undefined)[] = []
  readonly #shapes: (Schema | undefined)[] = []

  constructor(facts: FactsDocument) {
    this.#facts = facts
    this.#typeIndexes = new Map(facts.types.map((row, index) => [goName(facts, row), index]))
    this.#kindIndexes = new Map(
      facts.kinds.map(([group, version, kind, type]) => [`${group}/${version}/${kind}`, type]),
    )
  }

  typeNamed(name: string): ObjectSchema | undefined {
    const index = this.#typeIndexes.get(name)
    return index === undefined ? undefined : this.#object(index)
  }

  kindSchema(group: string, version: string, kind: string): ObjectSchema | undefined {
    const index = this.#kindIndexes.get(`${group}/${version}/${kind}`)
    return index === undefined ? undefined : this.#object(index)
  }

  kinds() {
    return this.#facts.kinds.map(([group, version, kind]) => ({ group, version, kind }))
  }

  #object(index: number): ObjectSchema {
    const row = this.#facts.types[index]!
    const atomic = ((row[2] as number) & typeFlags.atomic) !== 0
    this.#objects[index] ??= this.#lazyObject(index, row, atomic)
    return this.#objects[index]!
  }

  /** The same type where a field says `+mapType=atomic` although its type does not. */
  #atomicObject(index: number): ObjectSchema {
    this.#atomicObjects[index] ??= this.#lazyObject(index, this.#facts.types[index]!, true)
    return this.#atomicObjects[index]!
  }

  /** The other way around: a field's own word counts more than its type's. */
  #granularObject(index: number): ObjectSchema {
    this.#granularObjects[index] ??= this.#lazyObject(index, this.#facts.types[index]!, false)
    return this.#granularObjects[index]!
  }

  #lazyObject(index: number, row: TypeRow, atomic: boolean): ObjectSchema {
    const hasProto = ((row[2] as number) & typeFlags.proto) !== 0
    const name = goName(this.#facts, row)
    const readFields = () => this.#fields(index, row)
    const readProto = () => (hasProto ? this.#proto(row) : undefined)
    let fields: ReadonlyMap<string, Field> | undefined
    let proto: readonly ProtoField[] | undefined
    return {
      kind: 'object',
      name,
      ...(atomic && { atomic }),
      get fields() {
        fields ??= readFields()
        return fields
      },
      get proto() {
        proto ??= readProto()
        return proto
      },
    }
  }

  #fields(typeIndex: number, row: TypeRow): ReadonlyMap<string, Field> {
    const fields = new Map<string, Field>()
    for (const entry of fieldRows(this.#facts, row)) {
      if ((entry.flags & fieldFlags.inline) === 0) {
        fields.set(entry.name, this.#field(typeIndex, entry))
        continue
      }
      const inlined = this.#shape(entry.shape)
      if (inlined.kind === 'object') this.#inline(fields, entry.name, inlined)
    }
    return fields
  }

  #inline(fields: Map<string, Field>, inlinedFrom: string, inlined: ObjectSchema): void {
    for (const [name, field] of inlined.fields) {
      const path = field.inlinedFrom ? `${inlinedFrom}.${field.inlinedFrom}` : inlinedFrom
      fields.set(name, { ...field, inlinedFrom: path })
    }
  }

  #field(typeIndex: number, row: FieldRow): Field {
    const has = (flag: number) => (row.flags & flag) !== 0
    const [value, values, strategy, mergeKey] = this.#facts.extras[`${typeIndex}.${row.nameIndex}`] ?? []
    return {
      name: row.name,
      schema: this.#shapeOf(row),
      required: has(fieldFlags.required),
      omitEmpty: has(fieldFlags.omitEmpty),
      pointer: has(fieldFlags.pointer),
      ...(value != null && { defaultValue: value }),
      ...(has(fieldFlags.zeroDefault) && { zeroDefault: true }),
      ...(values && { enumValues: values }),
      ...(strategy && { patchStrategies: strategy.split(',') as Field['patchStrategies'] }),
      ...(mergeKey && { patchMergeKey: mergeKey }),
    }
  }

  #proto(row: TypeRow): readonly ProtoField[] {
    const rows = fieldRows(this.#facts, row).filter(entry => entry.protoNumber > 0)
    rows.sort((a, b) => a.protoNumber - b.protoNumber)
    return rows.map(entry => {
      const schema = this.#shape(entry.shape)
      return {
        number: entry.protoNumber,
        name: (entry.flags & fieldFlags.inline) !== 0 ? undefined : entry.name,
        schema,
        pointer: (entry.flags & fieldFlags.pointer) !== 0,
        repeated: schema.kind === 'map' || (schema.kind === 'list' && !schema.wrapped),
      }
    })
  }

  #shape(index: number): Schema {
    this.#shapes[index] ??= this.#readShape(index)
    return this.#shapes[index]!
  }

  #readShape(index: number): Schema {
    const shape = this.#facts.shapes[index]!
    if (shape[0] === 'object') return this.#object(shape[1])
    if (shape[0] === 'map') return { kind: 'map', values: this.#shape(shape[1]), goType: shape[2] }
    if (shape[0] === 'list') {
      const [, items, listType, listMapKeys, wrapped, goType] = shape
      return {
        kind: 'list',
        items: this.#shape(items),
        listType: listType === 'set' || listType === 'map' ? listType : 'atomic',
        ...(listMapKeys && { listMapKeys }),
        ...(wrapped && { wrapped }),
        goType,
      }
    }
    const [kind, goType] = shape
    return kind.startsWith('schemaOr')
      ? { kind, goType, nested: this.typeNamed(schemaProps)! }
      : { kind, goType }
  }

  #shapeOf({ shape, flags }: FieldRow): Schema {
    if ((flags & fieldFlags.atomic) !== 0) return this.#atomicShape(shape)
    const granular = (flags & fieldFlags.granular) !== 0 ? this.#facts.shapes[shape]! : undefined
    return granular?.[0] === 'object' ? this.#granularObject(granular[1]) : this.#shape(shape)
  }

  #atomicShape(index: number): Schema {
    const shape = this.#facts.shapes[index]!
    if (shape[0] === 'object') return this.#atomicObject(shape[1])
    const schema = this.#shape(index)
    return schema.kind === 'map' ? { ...schema, atomic: true } : schema
  }
}
