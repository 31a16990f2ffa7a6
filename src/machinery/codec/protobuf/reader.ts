import { exactInteger } from '../../../std/exact-json.ts'
import { DecodeError } from '../errors.ts'

/** Deeper nesting than any real object has; JSONSchemaProps could otherwise nest without end. */
const depthMax = 500
const shortText = 8
/** Wire types of what messages had before they had messages: upstream reads over them. */
const groupStart = 3
const groupEnd = 4

/** Reads one protobuf message after another from the same bytes. `end` is where the current message ends. */
export class Reader {
  readonly #buffer: Buffer
  #depth = 0
  at = 0
  end: number

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.end = bytes.length
  }

  /** An unsigned varint as a number; above 2^53 the nearest one. */
  varint(): number {
    const first = this.#buffer[this.at++]!
    if (first < 0x80 && this.at <= this.end) return first
    this.at--
    return this.#longVarint(false)
  }

  /** A varint as int64, or as the int32 that was written sign-extended. */
  signed(): number {
    const first = this.#buffer[this.at++]!
    if (first < 0x80 && this.at <= this.end) return first
    this.at--
    return this.#longVarint(true)
  }

  /** A varint as int64 with all its digits; see `exactInteger`. */
  integer(): number | bigint {
    const start = this.at
    const near = this.signed()
    return Number.isSafeInteger(near) ? near : exactInteger(this.#int64(start))
  }

  /** The bytes from `start` to the cursor as one int64. */
  #int64(start: number): bigint {
    let bits = 0n
    for (let at = this.at - 1; at >= start; at--) bits = (bits << 7n) | BigInt(this.#buffer[at]! & 0x7f)
    return BigInt.asIntN(64, bits)
  }

  #longVarint(signed: boolean): number {
    let value = 0
    let unit = 1
    for (let index = 0; index < 10; index++) {
      const byte = this.#byte()
      if (index === 9 && signed) return Number(this.#int64(this.at - 10))
      value += (byte & 0x7f) * unit
      unit *= 0x80
      if (byte < 0x80) return value
    }
    throw new DecodeError('proto: integer overflow')
  }

  #byte(): number {
    if (this.at >= this.end) throw new DecodeError('unexpected EOF')
    return this.#buffer[this.at++]!
  }

  double(): number {
    this.#need(8)
    const value = this.#buffer.readDoubleLE(this.at)
    this.at += 8
    return value
  }

  #need(count: number): void {
    if (this.at + count > this.end) throw new DecodeError('unexpected EOF')
  }

  /** A length-prefixed UTF-8 text. */
  text(): string {
    const size = this.varint()
    this.#need(size)
    const start = this.at
    this.at += size
    return size <= shortText ? this.#shortText(start, this.at) : this.#buffer.toString('utf8', start, this.at)
  }

  #shortText(start: number, end: number): string {
    let text = ''
    for (let at = start; at < end; at++) {
      const code = this.#buffer[at]!
      if (code > 0x7f) return this.#buffer.toString('utf8', start, end)
      text += String.fromCharCode(code)
    }
    return text
  }

  /** A length-prefixed run of bytes; a view, not a copy. */
  bytes(): Buffer {
    const size = this.varint()
    this.#need(size)
    this.at += size
    return this.#buffer.subarray(this.at - size, this.at)
  }

  /** Enters a length-prefixed message; give the answer to `leave` when it has been read. */
  enter(): number {
    const size = this.varint()
    this.#need(size)
    if (++this.#depth > depthMax) throw new DecodeError('proto: message nested too deep')
    const outer = this.end
    this.end = this.at + size
    return outer
  }

  leave(outer: number): void {
    this.#depth--
    this.at = this.end
    this.end = outer
  }

  /** Steps over a field that messages of `type` do not have; refuses a tag that no field has. */
  skipUnknown(tag: number, type: string): void {
    const wireType = tag & 7
    if (wireType === groupEnd) throw new DecodeError(`proto: ${type}: wiretype end group for non-group`)
    const number = Math.floor(tag / 8) | 0
    if (number <= 0) throw new DecodeError(`proto: ${type}: illegal tag ${number} (wire type ${tag})`)
    this.#skipValue(wireType)
    if (this.at > this.end) throw new DecodeError('unexpected EOF')
  }

  #skipValue(wireType: number): void {
    if (wireType === 0) this.varint()
    else if (wireType === 1) this.#skipBytes(8)
    else if (wireType === 2) this.#skipBytes(this.varint())
    else if (wireType === groupStart) this.#skipGroup()
    else if (wireType === 5) this.#skipBytes(4)
    else throw new DecodeError(`proto: illegal wireType ${wireType}`)
  }

  /** Everything up to the end of a group that has begun, with the groups in it. */
  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const wireType = this.varint() & 7
      if (wireType === groupStart) depth++
      else if (wireType === groupEnd) depth--
      else this.#skipValue(wireType)
    }
  }

  #skipBytes(count: number): void {
    this.#need(count)
    this.at += count
  }
}
