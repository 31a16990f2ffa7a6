/** The few forms of protobuf that messages of local plugins (KMS v2, external signers) and stored envelopes need. */

/** A field of wire type 2 (bytes, strings, maps as messages) or 0 (numbers). */
type Value = Uint8Array | string | number | undefined
export type Message = ReadonlyMap<number, readonly (Uint8Array | number)[]>

/** Fields by number; absent and empty ones are left out, as proto3 does. A list repeats its field. */
export function encodeMessage(fields: Readonly<Record<number, Value | readonly Value[]>>): Buffer {
  const parts: Uint8Array[] = []
  for (const [number, given] of Object.entries(fields)) {
    for (const value of Array.isArray(given) ? given : [given])
      pushField(parts, Number(number), value as Value)
  }
  return Buffer.concat(parts)
}

function pushField(parts: Uint8Array[], number: number, value: Value): void {
  if (value === undefined || value === '' || value === 0) return
  if (typeof value === 'number') {
    parts.push(varint(number << 3), varint(value))
    return
  }
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  if (bytes.length > 0) parts.push(varint((number << 3) | 2), varint(bytes.length), bytes)
}

function varint(value: number): Uint8Array {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest = Math.floor(rest / 128)
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Fields by number; throws on what is no message of these two wire types. */
export function decodeMessage(bytes: Uint8Array): Message {
  const fields = new Map<number, (Uint8Array | number)[]>()
  let at = 0
  const read = () => {
    let value = 0
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++]
      if (byte === undefined || factor > 2 ** 49) throw new Error('the message is cut off')
      value += (byte & 0x7f) * factor
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = read()
    const type = tag & 7
    if (type !== 0 && type !== 2) throw new Error(`unexpected wire type ${type}`)
    const size = read()
    const value = type === 0 ? size : bytes.subarray(at, at + size)
    if (type === 2) at += size
    if (at > bytes.length) throw new Error('the message is cut off')
    const known = fields.get(tag >> 3)
    if (known) known.push(value)
    else fields.set(tag >> 3, [value])
  }
  return fields
}

export function bytesAt(message: Message, number: number): Uint8Array {
  const value = message.get(number)?.[0]
  return value instanceof Uint8Array ? value : new Uint8Array()
}

export function textAt(message: Message, number: number): string {
  return Buffer.from(bytesAt(message, number)).toString()
}

export type Annotations = Readonly<Record<string, Uint8Array>>

export function encodeAnnotations(annotations: Annotations): Uint8Array[] {
  return Object.entries(annotations).map(([key, value]) => encodeMessage({ 1: key, 2: value }))
}

export function annotationsAt(message: Message, number: number): Annotations {
  const entries = (message.get(number) ?? []).filter(value => value instanceof Uint8Array).map(decodeMessage)
  return Object.fromEntries(entries.map(entry => [textAt(entry, 1), bytesAt(entry, 2)]))
}
