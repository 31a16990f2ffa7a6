import { parseExact } from '../../../std/exact-json.ts'
import { canonicalQuantity, QuantityError } from '../../quantity/index.ts'
import type { ScalarKind } from '../../schema/schema.ts'
import { formatDuration, parseDuration } from '../duration.ts'
import { DecodeError } from '../errors.ts'
import { formatMicroTime, formatTime, parseMicroTime, parseTime, zeroTimeSeconds } from '../time.ts'
import { jsonText } from './kept-parts.ts'
import type { Reader } from './reader.ts'
import type { BackwardWriter } from './writer.ts'

/** How one value is written after its tag and read back; messages and texts carry their length. */
export interface ValueCodec {
  readonly wireType: number
  write(writer: BackwardWriter, value: unknown): void
  /** undefined stands for what JSON prints as null. */
  read(reader: Reader): unknown
}

const varintType = 0
const doubleType = 1
const lengthType = 2

/** The tags of fields 1 to 3 of the small messages below. */
const firstVarint = 0x08
const firstLength = 0x0a
const secondVarint = 0x10
const thirdLength = 0x1a

export const textCodec: ValueCodec = {
  wireType: lengthType,
  write(writer, value) {
    const before = writer.length
    writer.text((value as string | undefined) ?? '')
    writer.varint(writer.length - before)
  },
  read: reader => reader.text(),
}

export const boolCodec: ValueCodec = {
  wireType: varintType,
  write: (writer, value) => writer.byte(value === true ? 1 : 0),
  read: reader => reader.varint() !== 0,
}

const integer: ValueCodec = {
  wireType: varintType,
  write: (writer, value) => writer.signed((value as number | bigint | undefined) ?? 0),
  read: reader => reader.integer(),
}

const unsigned: ValueCodec = {
  wireType: varintType,
  write: (writer, value) => writer.varint((value as number | undefined) ?? 0),
  read: reader => reader.varint(),
}

const double: ValueCodec = {
  wireType: doubleType,
  write: (writer, value) => writer.double((value as number | undefined) ?? 0),
  read: reader => reader.double(),
}

const base64: ValueCodec = {
  wireType: lengthType,
  write(writer, value) {
    const bytes = Buffer.from((value as string | undefined) ?? '', 'base64')
    writer.bytes(bytes)
    writer.varint(bytes.length)
  },
  read: reader => reader.bytes().toString('base64'),
}

/** A length-prefixed message: `body` writes its fields, last first; `read` reads up to its end. */
export function messageCodec(
  body: (writer: BackwardWriter, value: unknown) => void,
  read: (reader: Reader) => unknown,
): ValueCodec {
  return {
    wireType: lengthType,
    write(writer, value) {
      const before = writer.length
      body(writer, value)
      writer.varint(writer.length - before)
    },
    read(reader) {
      const outer = reader.enter()
      const value = read(reader)
      reader.leave(outer)
      return value
    },
  }
}

/** Calls `onField` with each field's number up to the end of a message of `type`; what it does not read (false) is skipped. */
export function eachField(reader: Reader, type: string, onField: (number: number) => boolean): void {
  while (reader.at < reader.end) {
    const tag = reader.varint()
    const isField = tag >= 8 && (tag & 7) !== 4
    if (!isField || !onField(tag >>> 3)) reader.skipUnknown(tag, type)
  }
}

/** Reads a message whose only known field is the first; of several the last counts. */
export function readFirstField<T>(reader: Reader, type: string, absent: T, read: () => T): T {
  let found = absent
  eachField(reader, type, number => {
    if (number === 1) found = read()
    return number === 1
  })
  return found
}

/** resource.Quantity {string = 1} */
const quantity = messageCodec(
  (writer, value) => {
    textCodec.write(writer, String(value ?? '0'))
    writer.byte(firstLength)
  },
  reader => readQuantity(readFirstField(reader, 'Quantity', '0', () => reader.text())),
)

/** Upstream's reader of quantities refuses what is none, and prints them in their canonical form. */
function readQuantity(text: string): string {
  try {
    return canonicalQuantity(text)
  } catch (error) {
    throw error instanceof QuantityError ? new DecodeError(error.message) : error
  }
}

/** intstr.IntOrString {type = 1, intVal = 2, strVal = 3}, all three always there */
const intOrString = messageCodec(
  (writer, value) => {
    const isText = typeof value === 'string'
    textCodec.write(writer, isText ? value : '')
    writer.byte(thirdLength)
    integer.write(writer, isText ? 0 : value)
    writer.byte(secondVarint)
    writer.byte(isText ? 1 : 0)
    writer.byte(firstVarint)
  },
  reader => {
    let isText = false
    let count = 0
    let words = ''
    eachField(reader, 'IntOrString', number => {
      if (number === 1) isText = reader.varint() === 1
      else if (number === 2) count = reader.signed()
      else if (number === 3) words = reader.text()
      return number <= 3
    })
    return isText ? words : count
  },
)

function instant(isMicro: boolean): ValueCodec {
  return messageCodec(
    (writer, value) => {
      if (typeof value !== 'string') return
      const { seconds, nanos } = isMicro ? parseMicroTime(value) : parseTime(value)
      if (seconds === zeroTimeSeconds) return
      writer.signed(isMicro ? nanos : 0)
      writer.byte(secondVarint)
      writer.signed(seconds)
      writer.byte(firstVarint)
    },
    reader => {
      if (reader.at === reader.end) return undefined
      let seconds = 0
      let nanos = 0
      eachField(reader, 'Timestamp', number => {
        if (number === 1) seconds = reader.signed()
        else if (number === 2) nanos = reader.signed()
        return number <= 2
      })
      return isMicro ? formatMicroTime({ seconds, nanos }) : formatTime(seconds)
    },
  )
}

/** meta/v1 Duration {duration = 1}, nanoseconds */
const duration = messageCodec(
  (writer, value) => {
    writer.signed(parseDuration((value as string | undefined) ?? '0s'))
    writer.byte(firstVarint)
  },
  reader =>
    formatDuration(BigInt(readFirstField<number | bigint>(reader, 'Duration', 0, () => reader.integer()))),
)

/** RawExtension, FieldsV1, apiextensions JSON {raw = 1}: JSON text. */
const rawJson = messageCodec(
  (writer, value) => {
    if (value === undefined || value === null) return
    const text = jsonText(value)
    if (typeof text === 'string') textCodec.write(writer, text)
    else {
      writer.bytes(text)
      writer.varint(text.length)
    }
    writer.byte(firstLength)
  },
  reader => readFirstField<unknown>(reader, 'RawExtension', undefined, () => parseRaw(reader)),
)

function parseRaw(reader: Reader): unknown {
  const bytes = reader.bytes()
  if (bytes.length === 0) return undefined
  try {
    return parseExact(bytes.toString('utf8')) ?? undefined
  } catch (error) {
    throw new DecodeError(`embedded object is not JSON: ${(error as Error).message}`)
  }
}

const codecs: Readonly<Partial<Record<ScalarKind, ValueCodec>>> = {
  string: textCodec,
  bool: boolCodec,
  int32: integer,
  int64: integer,
  uint32: unsigned,
  uint64: unsigned,
  double,
  bytes: base64,
  quantity,
  intOrString,
  time: instant(false),
  microTime: instant(true),
  duration,
  fieldsV1: rawJson,
  rawExtension: rawJson,
  json: rawJson,
}

/** The codec of a scalar; undefined for those that protobuf cannot carry or that `message.ts` builds. */
export function scalarCodec(kind: ScalarKind): ValueCodec | undefined {
  return codecs[kind]
}
