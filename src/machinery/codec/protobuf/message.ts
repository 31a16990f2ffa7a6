import type { Steps } from '../../../std/turns.ts'
import { setMember } from '../../meta/json.ts'
import type {
  Field,
  ListSchema,
  MapSchema,
  ObjectSchema,
  ProtoField,
  ScalarSchema,
  Schema,
} from '../../schema/schema.ts'
import { fillZeroValues, zeroValue } from '../../schema/zero.ts'
import { DecodeError } from '../errors.ts'
import { keptEntries } from './kept-parts.ts'
import type { Reader } from './reader.ts'
import {
  boolCodec,
  eachField,
  messageCodec,
  readFirstField,
  scalarCodec,
  textCodec,
  type ValueCodec,
} from './values.ts'
import type { BackwardWriter } from './writer.ts'

type JsonFields = { [key: string]: unknown }
type FieldWriter = (writer: BackwardWriter, object: JsonFields) => void
type FieldReader = (reader: Reader, object: JsonFields) => void

/** Prepared once for each type: a writer for each field, last field first, and readers by tag. */
export interface MessageCodec {
  writeFields(writer: BackwardWriter, object: JsonFields): void
  /** Reads up to the end of the message; absent fields get Go's zero values. */
  readFields(reader: Reader, object: JsonFields): void
  /** The same in steps: a message may have fields by the ten thousand. */
  readSteps(reader: Reader, object: JsonFields): Steps<void>
}

/** So many fields are read between two pauses. */
const stepFields = 2_048

const prepared = new WeakMap<ObjectSchema, MessageCodec>()

/** The codec of a type. Throws when protobuf has no form for it, as upstream has none for Table. */
export function messageOf(schema: ObjectSchema): MessageCodec {
  let codec = prepared.get(schema)
  if (!codec) {
    if (!schema.proto) throw new DecodeError(`${schema.name ?? 'a custom type'} has no protobuf form`)
    codec = prepare(schema, schema.proto)
    prepared.set(schema, codec)
  }
  return codec
}

/** Fields are prepared at first use, because types contain each other. */
function prepare(schema: ObjectSchema, fields: readonly ProtoField[]): MessageCodec {
  let writers: FieldWriter[] | undefined
  let layout: Layout | undefined
  const prepareWriters = () => fields.toReversed().map(field => fieldWriter(field))
  const prepareReaders = () => ({ schema, readers: readersByTag(schema, fields) })
  return {
    writeFields(writer, object) {
      writers ??= prepareWriters()
      for (let index = 0; index < writers.length; index++) writers[index]!(writer, object)
    },
    readFields(reader, object) {
      layout ??= prepareReaders()
      readInto(layout, reader, object)
      fillZeroValues(schema, object)
    },
    *readSteps(reader, object) {
      layout ??= prepareReaders()
      while (!readInto(layout, reader, object, stepFields)) yield
      fillZeroValues(schema, object)
    },
  }
}

interface Layout {
  readonly schema: ObjectSchema
  readonly readers: readonly (FieldReader | undefined)[]
}

/** Whether the message was read to its end, and not just so many fields of it. */
function readInto(
  { readers, schema }: Layout,
  reader: Reader,
  object: JsonFields,
  fieldsMax = Number.POSITIVE_INFINITY,
): boolean {
  for (let count = 0; reader.at < reader.end; count++) {
    if (count === fieldsMax) return false
    const tag = reader.varint()
    const read = readers[tag]
    if (read) read(reader, object)
    else {
      requireUnknown(schema, tag)
      reader.skipUnknown(tag, structOf(schema.name))
    }
  }
  if (reader.at > reader.end) throw new DecodeError('unexpected EOF')
  return true
}

/** A field that the type has, but written as another kind of value, is no field to step over. */
function requireUnknown({ proto }: ObjectSchema, tag: number): void {
  const field = (tag & 7) === 4 ? undefined : proto?.find(({ number }) => number === tag >>> 3)
  if (field) throw new DecodeError(`proto: wrong wireType = ${tag & 7} for field ${goName(field)}`)
}

/** As Go calls it; names that are abbreviations have more capital letters there. */
function goName({ name, schema }: ProtoField): string {
  const isInlined = name === undefined || name === 'metadata'
  return isInlined ? structOf((schema as ObjectSchema).name) : name[0]!.toUpperCase() + name.slice(1)
}

/** `k8s.io/api/core/v1.PodSpec` → `PodSpec` */
function structOf(name = ''): string {
  return name.slice(name.lastIndexOf('.') + 1)
}

function readersByTag(schema: ObjectSchema, fields: readonly ProtoField[]): (FieldReader | undefined)[] {
  const readers: (FieldReader | undefined)[] = []
  for (const field of fields) {
    const codec = valueCodec(elementOf(field))
    readers[(field.number << 3) | codec.wireType] = fieldReader(schema, field)
    if (field.repeated && field.name !== undefined && codec.wireType === 0)
      readers[(field.number << 3) | 2] = packedReader(field.name, codec)
  }
  return readers
}

/** What one occurrence of the field on the wire holds. */
function elementOf({ schema, repeated }: ProtoField): Schema {
  return schema.kind === 'list' && repeated ? schema.items : schema
}

const valueCodecs = new WeakMap<Schema, ValueCodec>()

function valueCodec(schema: Schema): ValueCodec {
  let codec = valueCodecs.get(schema)
  if (!codec) {
    codec = makeValueCodec(schema)
    valueCodecs.set(schema, codec)
  }
  return codec
}

function makeValueCodec(schema: Schema): ValueCodec {
  if (schema.kind === 'object') return objectCodec(schema)
  if (schema.kind === 'map') return mapEntryCodec(schema)
  if (schema.kind === 'list') return wrappedListCodec(schema)
  const scalar = scalarCodec(schema.kind) ?? orCodec(schema)
  if (!scalar) throw new DecodeError(`protobuf has no form for ${schema.kind}`)
  return scalar
}

function objectCodec(schema: ObjectSchema): ValueCodec {
  const codec = messageOf(schema)
  return messageCodec(
    (writer, value) => codec.writeFields(writer, (value ?? {}) as JsonFields),
    reader => {
      const object = {}
      codec.readFields(reader, object)
      return object
    },
  )
}

/** A list that is a message of its own, its items in field 1. */
function wrappedListCodec(schema: ListSchema): ValueCodec {
  const item = valueCodec(schema.items)
  const tag = (1 << 3) | item.wireType
  return messageCodec(
    (writer, value) => {
      const items = (value ?? []) as unknown[]
      for (let index = items.length - 1; index >= 0; index--) {
        item.write(writer, items[index])
        writer.byte(tag)
      }
    },
    reader => {
      const items: unknown[] = []
      readFirstField(reader, structOf(schema.goType), 0, () => items.push(item.read(reader)))
      return items
    },
  )
}

/** One entry of a map, `{key = 1, value = 2}`; written from and read as a pair. */
function mapEntryCodec(schema: MapSchema): ValueCodec {
  const values = valueCodec(schema.values)
  const valueTag = (2 << 3) | values.wireType
  const keyTag = (1 << 3) | textCodec.wireType
  return messageCodec(
    (writer, pair) => {
      const [key, value] = pair as [string, unknown]
      if (value !== null || schema.values.kind !== 'bytes') {
        values.write(writer, value ?? undefined)
        writer.byte(valueTag)
      }
      textCodec.write(writer, key)
      writer.byte(keyTag)
    },
    reader => {
      let key = ''
      let value: unknown
      eachField(reader, 'MapEntry', number => {
        if (number === 1) key = reader.text()
        else if (number === 2) value = values.read(reader)
        return number <= 2
      })
      return [key, value ?? zeroValue(schema.values) ?? null]
    },
  )
}

/** apiextensions JSONSchemaPropsOrBool {allows = 1, schema = 2}, …OrArray {schema = 1, list = 2}, …OrStringArray the same. */
function orCodec(scalar: ScalarSchema): ValueCodec | undefined {
  if (!scalar.nested) return undefined
  const nested = objectCodec(scalar.nested)
  if (scalar.kind === 'schemaOrBool') return schemaOrBoolCodec(nested)
  return schemaOrListCodec(nested, scalar.kind === 'schemaOrArray' ? nested : textCodec)
}

function schemaOrBoolCodec(nested: ValueCodec): ValueCodec {
  return messageCodec(
    (writer, value) => {
      const isSchema = typeof value === 'object' && value !== null
      if (isSchema) {
        nested.write(writer, value)
        writer.byte((2 << 3) | nested.wireType)
      }
      boolCodec.write(writer, isSchema || value === true)
      writer.byte((1 << 3) | boolCodec.wireType)
    },
    reader => {
      let found: unknown = false
      eachField(reader, 'JSONSchemaPropsOrBool', number => {
        if (number === 1) found = boolCodec.read(reader)
        else if (number === 2) found = nested.read(reader)
        return number <= 2
      })
      return found
    },
  )
}

function schemaOrListCodec(nested: ValueCodec, item: ValueCodec): ValueCodec {
  return messageCodec(
    (writer, value) => {
      const items = Array.isArray(value) ? value : []
      for (let index = items.length - 1; index >= 0; index--) {
        item.write(writer, items[index])
        writer.byte((2 << 3) | item.wireType)
      }
      if (Array.isArray(value) || typeof value !== 'object' || value === null) return
      nested.write(writer, value)
      writer.byte((1 << 3) | nested.wireType)
    },
    reader => {
      let schema: unknown
      const items: unknown[] = []
      eachField(reader, 'JSONSchemaPropsOr', number => {
        if (number === 1) schema = nested.read(reader)
        else if (number === 2) items.push(item.read(reader))
        return number <= 2
      })
      return items.length > 0 ? items : schema
    },
  )
}

function fieldWriter(field: ProtoField): FieldWriter {
  const { schema, name, pointer, repeated } = field
  const codec = valueCodec(elementOf(field))
  const tag = (field.number << 3) | codec.wireType
  const writeTag: (writer: BackwardWriter) => void =
    tag < 0x80 ? writer => writer.byte(tag) : writer => writer.varint(tag)
  if (name === undefined) return inlineWriter(codec, writeTag)
  if (repeated)
    return schema.kind === 'map' ? mapWriter(name, codec, writeTag) : listWriter(name, codec, writeTag)
  // Go's nil: a byte slice and a wrapped list are written only when they are there.
  const leftOut = pointer || schema.kind === 'list' || schema.kind === 'bytes'
  return (writer, object) => {
    const value = object[name]
    if (leftOut && (value === undefined || value === null)) return
    codec.write(writer, value ?? undefined)
    writeTag(writer)
  }
}

/** An inlined struct is a message whose fields lie in the same JSON object. */
function inlineWriter(codec: ValueCodec, writeTag: (writer: BackwardWriter) => void): FieldWriter {
  return (writer, object) => {
    codec.write(writer, object)
    writeTag(writer)
  }
}

function listWriter(
  name: string,
  codec: ValueCodec,
  writeTag: (writer: BackwardWriter) => void,
): FieldWriter {
  return (writer, object) => {
    const items = object[name] as unknown[] | null | undefined
    if (!items) return
    for (let index = items.length - 1; index >= 0; index--) {
      codec.write(writer, items[index])
      writeTag(writer)
    }
  }
}

function mapWriter(name: string, codec: ValueCodec, writeTag: (writer: BackwardWriter) => void): FieldWriter {
  const entryOf = (values: Readonly<JsonFields>) => (writer: BackwardWriter, key: string) => {
    codec.write(writer, [key, values[key]])
    writeTag(writer)
  }
  const writeAll = (writer: BackwardWriter, values: Readonly<JsonFields>) => {
    const keys = Object.keys(values)
    if (keys.length > 1) keys.sort()
    const write = entryOf(values)
    for (let index = keys.length - 1; index >= 0; index--) write(writer, keys[index]!)
  }
  const write = keptEntries(writeAll, entryOf)
  return (writer, object) => {
    const values = object[name] as JsonFields | null | undefined
    if (values) write(writer, values)
  }
}

function fieldReader(owner: ObjectSchema, field: ProtoField): FieldReader {
  const { schema, name, repeated } = field
  if (name === undefined) return inlineReader(schema as ObjectSchema)
  const codec = valueCodec(elementOf(field))
  if (repeated) return schema.kind === 'map' ? mapReader(name, codec) : listReader(name, codec)
  const drop = isDropped(owner.fields.get(name))
  return (reader, object) => {
    const value = codec.read(reader)
    if (value === undefined || (drop && (value === '' || value === 0 || value === false))) return
    object[name] = value
  }
}

/** Go prints no zero value of a field with `omitempty` that is no pointer. */
function isDropped(field: Field | undefined): boolean {
  return field?.omitEmpty === true && !field.pointer
}

function inlineReader(schema: ObjectSchema): FieldReader {
  const codec = messageOf(schema)
  return (reader, object) => {
    const outer = reader.enter()
    codec.readFields(reader, object)
    reader.leave(outer)
  }
}

function listReader(name: string, codec: ValueCodec): FieldReader {
  return (reader, object) => {
    const items = object[name] as unknown[] | undefined
    if (items) items.push(codec.read(reader))
    else object[name] = [codec.read(reader)]
  }
}

/** Numbers one behind another in one value, as other writers of protobuf like to put them. */
function packedReader(name: string, codec: ValueCodec): FieldReader {
  const readOne = listReader(name, codec)
  return (reader, object) => {
    const outer = reader.enter()
    while (reader.at < reader.end) readOne(reader, object)
    reader.leave(outer)
  }
}

function mapReader(name: string, codec: ValueCodec): FieldReader {
  return (reader, object) => {
    const [key, value] = codec.read(reader) as [string, unknown]
    object[name] ??= {}
    setMember(object[name] as JsonFields, key, value)
  }
}
