import { type Breathe, takeSteps } from '../../../std/turns.ts'
import type { JsonObject } from '../../meta/object.ts'
import type { ObjectSchema } from '../../schema/schema.ts'
import { DecodeError } from '../errors.ts'
import { messageOf } from './message.ts'
import { Reader } from './reader.ts'
import { eachField, messageCodec, readFirstField, textCodec } from './values.ts'
import { BackwardWriter } from './writer.ts'

/** `k8s\0`, before every object that upstream sends or stores as protobuf. */
const magic = Buffer.from([0x6b, 0x38, 0x73, 0])
const firstLength = 0x0a
const secondLength = 0x12
const thirdLength = 0x1a
const fourthLength = 0x22

export interface TypeMeta {
  readonly apiVersion: string
  readonly kind: string
}

/** runtime.Unknown: what lies between the magic and the object's own message. */
export interface Envelope extends TypeMeta {
  /** The object's message; a view of the bytes that were given. */
  readonly raw: Uint8Array
  readonly contentEncoding: string
  readonly contentType: string
}

const shared = new BackwardWriter()

/** Runs `write` on the shared buffer and gives a copy of what it wrote. Not re-entrant. */
function written(write: (writer: BackwardWriter) => void): Uint8Array {
  shared.reset()
  write(shared)
  return shared.take()
}

/** The object's bare message, without kind and apiVersion. Watch caches keep it and put envelopes around it. */
export function encodeMessage(schema: ObjectSchema, object: object): Uint8Array {
  return written(writer => messageOf(schema).writeFields(writer, object as JsonObject))
}

/** Reads a bare message. The object gets Go's zero values where upstream's JSON would print them. Throws DecodeError. */
export function decodeMessage(schema: ObjectSchema, raw: Uint8Array, type?: TypeMeta): JsonObject {
  const object: JsonObject = type ? { kind: type.kind, apiVersion: type.apiVersion } : {}
  messageOf(schema).readFields(new Reader(raw), object)
  return object
}

/** An object as upstream sends it: magic, runtime.Unknown with its type, its message. */
export function encodeProtobuf(schema: ObjectSchema, object: object): Uint8Array {
  return written(writer => {
    writer.byte(0)
    writer.byte(fourthLength)
    writer.byte(0)
    writer.byte(thirdLength)
    const before = writer.length
    messageOf(schema).writeFields(writer, object as JsonObject)
    writer.varint(writer.length - before)
    writer.byte(secondLength)
    typeMeta.write(writer, object)
    writer.byte(firstLength)
    writer.bytes(magic)
  })
}

/** Puts the envelope around a message that is already encoded. */
export function wrapMessage(type: TypeMeta, raw: Uint8Array): Uint8Array {
  return written(writer => {
    writer.byte(0)
    writer.byte(fourthLength)
    writer.byte(0)
    writer.byte(thirdLength)
    writeBytes(writer, raw, secondLength)
    typeMeta.write(writer, type)
    writer.byte(firstLength)
    writer.bytes(magic)
  })
}

const typeMeta = messageCodec(
  (writer, value) => {
    const { apiVersion, kind } = value as TypeMeta
    textCodec.write(writer, kind)
    writer.byte(secondLength)
    textCodec.write(writer, apiVersion)
    writer.byte(firstLength)
  },
  reader => {
    const found = { apiVersion: '', kind: '' }
    eachField(reader, 'TypeMeta', number => {
      if (number === 1) found.apiVersion = reader.text()
      else if (number === 2) found.kind = reader.text()
      return number <= 2
    })
    return found
  },
)

function writeBytes(writer: BackwardWriter, bytes: Uint8Array, tag: number): void {
  writer.bytes(bytes)
  writer.varint(bytes.length)
  writer.byte(tag)
}

/** Opens the envelope; the caller finds the schema by its type. Throws DecodeError. */
export function openEnvelope(bytes: Uint8Array): Envelope {
  if (!isProtobuf(bytes)) {
    throw new DecodeError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    )
  }
  const reader = new Reader(bytes.subarray(magic.length))
  let type: TypeMeta = { apiVersion: '', kind: '' }
  let raw: Uint8Array = new Uint8Array(0)
  let contentEncoding = ''
  let contentType = ''
  eachField(reader, 'Unknown', number => {
    if (number === 1) type = typeMeta.read(reader) as TypeMeta
    else if (number === 2) raw = reader.bytes()
    else if (number === 3) contentEncoding = reader.text()
    else if (number === 4) contentType = reader.text()
    return number <= 4
  })
  return { ...type, raw, contentEncoding, contentType }
}

/** Whether these bytes begin as upstream's protobuf does. */
export function isProtobuf(bytes: Uint8Array): boolean {
  return bytes.length >= magic.length && magic.equals(bytes.subarray(0, magic.length))
}

/** Opens the envelope and reads the object as `schema`, whatever type the envelope names. Throws DecodeError. */
export function decodeProtobuf(schema: ObjectSchema, bytes: Uint8Array): JsonObject {
  const known = prepared.get(bytes)
  if (known?.schema === schema) {
    prepared.delete(bytes)
    return known.object
  }
  const envelope = openEnvelope(bytes)
  return decodeMessage(schema, envelope.raw, envelope)
}

const prepared = new WeakMap<Uint8Array, { readonly schema: ObjectSchema; readonly object: JsonObject }>()

/** Reads a long body with pauses; who reads the same bytes as this schema next is given what came of it. */
export async function prepareProtobuf(
  schema: ObjectSchema,
  bytes: Uint8Array,
  breathe: Breathe,
): Promise<void> {
  try {
    const { raw, kind, apiVersion } = openEnvelope(bytes)
    const object: JsonObject = { kind, apiVersion }
    await takeSteps(messageOf(schema).readSteps(new Reader(raw), object), breathe)
    prepared.set(bytes, { schema, object })
  } catch (error) {
    // The reader will say what is wrong.
    if (!(error instanceof DecodeError)) throw error
  }
}

/** The bare message of a list from its metadata's and its items' bare messages, so that cached items are only copied. */
export function listMessage(metadata: Uint8Array, items: readonly Uint8Array[]): Uint8Array {
  return written(writer => {
    for (let index = items.length - 1; index >= 0; index--) writeBytes(writer, items[index]!, secondLength)
    writeBytes(writer, metadata, firstLength)
  })
}

/** Some items of a list as they lie in its message; such pieces can be put one behind another. */
export function listItems(items: readonly Uint8Array[]): Uint8Array {
  return written(writer => {
    for (let index = items.length - 1; index >= 0; index--) writeBytes(writer, items[index]!, secondLength)
  })
}

/** What goes before and behind `itemsLength` bytes of `listItems`: envelope and metadata of the list. */
export function listFrame(type: TypeMeta, metadata: Uint8Array, itemsLength: number): ListFrame {
  const head = written(writer => {
    writeBytes(writer, metadata, firstLength)
    writer.varint(writer.length + itemsLength)
    writer.byte(secondLength)
    typeMeta.write(writer, type)
    writer.byte(firstLength)
    writer.bytes(magic)
  })
  return { head, tail: Uint8Array.of(thirdLength, 0, fourthLength, 0) }
}

export interface ListFrame {
  readonly head: Uint8Array
  readonly tail: Uint8Array
}

/** meta/v1 WatchEvent around an object's envelope, behind its length in four bytes: one frame of a watch. */
export function watchFrame(type: string, object: Uint8Array): Uint8Array {
  const event = written(writer => {
    const before = writer.length
    writeBytes(writer, object, firstLength)
    writer.varint(writer.length - before)
    writer.byte(secondLength)
    textCodec.write(writer, type)
    writer.byte(firstLength)
  })
  const frame = new Uint8Array(4 + event.length)
  new DataView(frame.buffer).setUint32(0, event.length)
  frame.set(event, 4)
  return frame
}

/** Reads the inside of one frame (without its four bytes): the event's type and its object's envelope. Throws DecodeError. */
export function readWatchEvent(bytes: Uint8Array): { readonly type: string; readonly object: Uint8Array } {
  const reader = new Reader(bytes)
  let type = ''
  let object: Uint8Array = new Uint8Array(0)
  eachField(reader, 'WatchEvent', number => {
    if (number === 1) type = reader.text()
    else if (number === 2) object = rawExtension.read(reader) as Uint8Array
    return number <= 2
  })
  return { type, object }
}

const rawExtension = messageCodec(
  (writer, value) => writeBytes(writer, value as Uint8Array, firstLength),
  reader => readFirstField<Uint8Array>(reader, 'RawExtension', new Uint8Array(0), () => reader.bytes()),
)
