/** Parts of messages that are kept as bytes beside the frozen values that they were written from. */
import { KeptLimit } from '../../../std/kept.ts'
import { isLarge, originOf } from '../../meta/derived.ts'
import { BackwardWriter } from './writer.ts'

type Values = Readonly<Record<string, unknown>>
type WriteEntry = (writer: BackwardWriter, key: string) => void

const partsBytesMax = 4 << 20
/** Each member that was touched is looked for from the start. */
const touchedMax = 8
/** Shorter texts are written as quickly as they are found. */
const textBytesMin = 1_024

const limit = new KeptLimit(partsBytesMax)
const part = 'part'

/** Kept parts by what they are made of. */
class Parts {
  readonly #holders = new WeakMap<object, Map<string, Uint8Array>>()

  get(of: object): Uint8Array | undefined {
    return this.#holders.get(of)?.get(part)
  }

  keep(of: object, bytes: Uint8Array): void {
    const holder = new Map<string, Uint8Array>()
    this.#holders.set(of, holder)
    limit.keep(holder, part, bytes, bytes.length)
  }
}

/**
 * Makes a writer of all entries of a map, each of which `entryOf` writes with its tag. The entries of a large
 * map are kept; those of a copy in which a patch touched a few are made of them.
 */
export function keptEntries(
  writeAll: (writer: BackwardWriter, values: Values) => void,
  entryOf: (values: Values) => WriteEntry,
) {
  const parts = new Parts()
  return (writer: BackwardWriter, values: Values): void => {
    if (!isLarge(values) || !Object.isFrozen(values)) return writeAll(writer, values)
    const known = parts.get(values) ?? changedEntries(parts, values, entryOf(values))
    if (known) return writer.bytes(known)
    const before = writer.length
    writeAll(writer, values)
    parts.keep(values, writer.since(before))
  }
}

function changedEntries(parts: Parts, values: Values, writeEntry: WriteEntry): Uint8Array | undefined {
  const origin = originOf(values)
  let bytes = origin && parts.get(origin.from)
  if (!bytes || origin!.touched.size > touchedMax) return undefined
  for (const key of origin!.touched) {
    const place = findEntry(bytes, Buffer.from(key))
    // Where a new one goes, the writer of all knows.
    if (!place) return undefined
    bytes = Buffer.concat([
      bytes.subarray(0, place.start),
      entry(values, key, writeEntry),
      bytes.subarray(place.end),
    ])
  }
  parts.keep(values, bytes)
  return bytes
}

const nothing = new Uint8Array(0)

function entry(values: Values, key: string, write: WriteEntry): Uint8Array {
  if (!Object.hasOwn(values, key)) return nothing
  const writer = new BackwardWriter()
  write(writer, key)
  return writer.take()
}

/** Where the entry of `key` lies among entries `tag length 0x0a keyLength key …`. */
function findEntry(bytes: Uint8Array, key: Uint8Array): { start: number; end: number } | undefined {
  let at = 0
  while (at < bytes.length) {
    const start = at
    while (bytes[at++]! >= 0x80);
    let length = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      length |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    const end = at + length
    if (isKey(bytes, at + 1, key)) return { start, end }
    at = end
  }
  return undefined
}

/** Whether a text of a length that fits into one byte is `key`: longer ones are not looked for. */
function isKey(bytes: Uint8Array, at: number, key: Uint8Array): boolean {
  if (bytes[at] !== key.length || key.length >= 0x80) return false
  // Names in one map begin alike more often than they end alike.
  for (let index = key.length - 1; index >= 0; index--) if (bytes[at + 1 + index] !== key[index]) return false
  return true
}

const texts = new Parts()

/** The JSON of a value, kept where it is long and the value is frozen. */
export function jsonText(value: unknown): string | Uint8Array {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const known = texts.get(value)
  if (known) return known
  const text = JSON.stringify(value)
  if (text.length >= textBytesMin && Object.isFrozen(value)) texts.keep(value, Buffer.from(text))
  return text
}
