import { CborWriter } from './writer.ts'

/** Tag 55799, before all that upstream sends as CBOR (RFC 8949 3.4.6). */
export const selfDescribed = Uint8Array.of(0xd9, 0xd9, 0xf7)

const majors = { unsigned: 0, negative: 1, bytes: 2, list: 4, map: 5 } as const
const simple = { false: 0xf4, true: 0xf5, null: 0xf6 } as const

const shared = new CborWriter()

/**
 * A JSON value as upstream's CBOR (apimachinery serializer/cbor): texts as byte strings, whole numbers as integers, the
 * shortest float for others. Members that are undefined are not there. Order of members is that of the object.
 */
export function encodeCbor(value: unknown): Uint8Array {
  shared.reset()
  shared.bytes(selfDescribed)
  write(shared, value)
  return shared.take()
}

function write(writer: CborWriter, value: unknown): void {
  switch (typeof value) {
    case 'string':
      return writer.text(majors.bytes, value)
    case 'number':
      return writeNumber(writer, value)
    case 'bigint':
      return value < 0n
        ? writer.longHead(majors.negative, -1n - value)
        : writer.longHead(majors.unsigned, value)
    case 'boolean':
      return writer.byte(value ? simple.true : simple.false)
    case 'object':
      return value === null ? writer.byte(simple.null) : writeContainer(writer, value)
    default:
      return writer.byte(simple.null)
  }
}

function writeNumber(writer: CborWriter, value: number): void {
  if (!Number.isSafeInteger(value)) return writer.float(value)
  if (value < 0) writer.head(majors.negative, -1 - value)
  else writer.head(majors.unsigned, value)
}

function writeContainer(writer: CborWriter, value: object): void {
  if (Array.isArray(value)) {
    writer.head(majors.list, value.length)
    for (const item of value) write(writer, item)
    return
  }
  const members = value as Readonly<Record<string, unknown>>
  const names = Object.keys(members).filter(name => members[name] !== undefined)
  writer.head(majors.map, names.length)
  for (const name of names) {
    writer.text(majors.bytes, name)
    write(writer, members[name])
  }
}

/** What stands before `count` items of a list, and before a map of `count` members: for whoever joins pieces. */
export function cborHead(kind: 'list' | 'map', count: number): Uint8Array {
  shared.reset()
  shared.head(majors[kind], count)
  return shared.take()
}

/** One event of a watch: an item of an RFC 8742 sequence. `object` is what `encodeCbor` gave. */
export function cborWatchEvent(type: string, object: Uint8Array): Uint8Array {
  shared.reset()
  shared.bytes(selfDescribed)
  shared.head(majors.map, 2)
  for (const text of ['type', type, 'object']) shared.text(majors.bytes, text)
  shared.bytes(object)
  return shared.take()
}
