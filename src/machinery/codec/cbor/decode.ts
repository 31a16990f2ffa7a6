import { exactInteger } from '../../../std/exact-json.ts'
import { setMember } from '../../meta/json.ts'
import { DecodeError } from '../errors.ts'
import { formatTime, parseTime } from '../time.ts'

/** Upstream's limits (apimachinery serializer/cbor/internal/modes). */
const depthMax = 64
const elementsMax = 1_024

const int64Limit = 2n ** 63n
/** Additional information of an item without a length. */
const indefinite = 31
const breakByte = 0xff

const typeNames = [
  ...['positive integer', 'negative integer', 'byte string', 'UTF-8 text string', 'array', 'map', 'tag'],
  'primitives',
]

const tags = {
  timeText: 0,
  timeNumber: 1,
  bignum: 2,
  negativeBignum: 3,
  base64Url: 21,
  base64: 22,
  base16: 23,
}

/** How bytes are shown as text where a tag around them says so. */
type BytesForm = 'base64url' | 'base64' | 'hex' | undefined

const formOfTag: Readonly<Record<number, Exclude<BytesForm, undefined>>> = {
  [tags.base64Url]: 'base64url',
  [tags.base64]: 'base64',
  [tags.base16]: 'hex',
}

/**
 * One CBOR item as the JSON value that upstream's decoder makes of it: byte strings become texts, tagged bytes base64,
 * times RFC 3339. Throws DecodeError with fxamacker/cbor's text for what is no item or goes beyond the limits.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw new DecodeError('EOF')
  const reader = new CborReader(bytes)
  const value = reader.value(0, undefined)
  const left = bytes.length - reader.at
  if (left > 0) throw new DecodeError(`cbor: ${left} bytes of extraneous data starting at index ${reader.at}`)
  return value
}

interface Head {
  readonly major: number
  readonly info: number
  /** Of integers above 2^53 only the neighbourhood; see `long`. */
  readonly value: number
  readonly long: bigint | undefined
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class CborReader {
  readonly #bytes: Buffer
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  value(depth: number, form: BytesForm): unknown {
    const head = this.#head()
    switch (head.major) {
      case 0:
        return this.#integer(head, false)
      case 1:
        return this.#integer(head, true)
      case 2:
        return this.#byteText(head, form)
      case 3:
        return this.#text(this.#string(head))
      case 4:
        return this.#list(head, depth + 1, form)
      case 5:
        return this.#map(head, depth + 1, form)
      case 6:
        return this.#tagged(head.value, depth, form)
      default:
        return this.#simple(head)
    }
  }

  #head(): Head {
    this.#need(1)
    const initial = this.#bytes[this.at++]!
    const major = initial >> 5
    const info = initial & 31
    if (info < 24) return { major, info, value: info, long: undefined }
    if (info > 27 && info < indefinite) throw this.#strange(major, info)
    if (info === indefinite) {
      if (major === 7) throw new DecodeError('cbor: unexpected "break" code')
      if (major < 2 || major === 6) throw this.#strange(major, info)
      return { major, info, value: 0, long: undefined }
    }
    const size = 1 << (info - 24)
    this.#need(size)
    const start = this.at
    this.at += size
    if (size === 8) {
      const long = this.#bytes.readBigUInt64BE(start)
      return { major, info, value: Number(long), long }
    }
    return { major, info, value: this.#bytes.readUIntBE(start, size), long: undefined }
  }

  #strange(major: number, info: number): DecodeError {
    return new DecodeError(`cbor: invalid additional information ${info} for type ${typeNames[major]}`)
  }

  #need(count: number): void {
    if (this.at + count > this.#bytes.length) throw new DecodeError('unexpected EOF')
  }

  #integer({ value, long }: Head, isNegative: boolean): number | bigint {
    if (long === undefined) return isNegative ? -1 - value : value
    if (long >= int64Limit) {
      const shown = isNegative ? -1n - long : long
      const type = typeNames[isNegative ? 1 : 0]
      throw new DecodeError(
        `cbor: cannot unmarshal ${type} into Go value of type int64 (${shown} overflows Go's int64)`,
      )
    }
    return exactInteger(isNegative ? -1n - long : long)
  }

  #byteText(head: Head, form: BytesForm): string {
    const bytes = this.#string(head)
    return bytes.toString(form ?? 'utf8')
  }

  #text(bytes: Uint8Array): string {
    try {
      return decoder.decode(bytes)
    } catch (error) {
      if (error instanceof TypeError) throw new DecodeError('cbor: invalid UTF-8 string')
      throw error
    }
  }

  /** The content of a string; one without a length comes in chunks. */
  #string({ major, info, value }: Head): Buffer {
    if (info !== indefinite) {
      this.#need(value)
      this.at += value
      return this.#bytes.subarray(this.at - value, this.at)
    }
    const chunks: Buffer[] = []
    while (!this.#isAtBreak()) {
      const chunk = this.#head()
      const type = typeNames[major]
      if (chunk.major !== major)
        throw new DecodeError(
          `cbor: wrong element type ${typeNames[chunk.major]} for indefinite-length ${type}`,
        )
      if (chunk.info === indefinite)
        throw new DecodeError(`cbor: indefinite-length ${type} chunk is not definite-length`)
      chunks.push(this.#string(chunk))
    }
    return Buffer.concat(chunks)
  }

  /** Steps over the end of an item without a length. */
  #isAtBreak(): boolean {
    this.#need(1)
    if (this.#bytes[this.at] !== breakByte) return false
    this.at++
    return true
  }

  #list({ info, value }: Head, depth: number, form: BytesForm): unknown[] {
    const items: unknown[] = []
    const full = 'cbor: exceeded max number of elements 1024 for CBOR array'
    this.#eachElement({ info, value, depth, full }, () => items.push(this.value(depth, form)))
    return items
  }

  #map({ info, value }: Head, depth: number, form: BytesForm): object {
    const members: { [name: string]: unknown } = {}
    const full = 'cbor: exceeded max number of key-value pairs 1024 for CBOR map'
    this.#eachElement({ info, value, depth, full }, index => {
      const name = this.#name()
      if (Object.hasOwn(members, name)) {
        const shown = JSON.stringify(name)
        throw new DecodeError(`cbor: found duplicate map key ${shown} at map element index ${index}`)
      }
      setMember(members, name, this.value(depth, form))
    })
    return members
  }

  #eachElement({ info, value, depth, full }: Elements, read: (index: number) => void): void {
    if (depth > depthMax) throw new DecodeError(`cbor: exceeded max nested level ${depthMax}`)
    if (info !== indefinite && value > elementsMax) throw new DecodeError(full)
    for (let index = 0; info === indefinite ? !this.#isAtBreak() : index < value; index++) {
      if (index === elementsMax) throw new DecodeError(full)
      read(index)
    }
  }

  #name(): string {
    const head = this.#head()
    if (head.major === 2) return this.#string(head).toString('utf8')
    if (head.major === 3) return this.#text(this.#string(head))
    const type = typeNames[head.major]
    throw new DecodeError(`cbor: cannot unmarshal ${type} into Go value of type string`)
  }

  #tagged(tag: number, depth: number, form: BytesForm): unknown {
    if (depth + 1 > depthMax) throw new DecodeError(`cbor: exceeded max nested level ${depthMax}`)
    if (tag === tags.bignum || tag === tags.negativeBignum)
      throw new DecodeError('cbor: data item of cbor type tag is not accepted by protocol: bignum')
    const content = this.value(depth + 1, formOfTag[tag] ?? form)
    if (tag === tags.timeText) return timeText(content)
    return tag === tags.timeNumber ? timeOfSeconds(content) : content
  }

  #simple({ info, value, long }: Head): unknown {
    if (info === 20) return false
    if (info === 21) return true
    if (info === 22) return null
    if (info >= 25 && info <= 27) return finite(floatOf(info, long ?? value))
    throw new DecodeError(
      `cbor: data item of cbor type primitives is not accepted by protocol: simple value ${value} is not recognized`,
    )
  }
}

interface Elements {
  readonly info: number
  readonly value: number
  readonly depth: number
  /** What is said of too many. */
  readonly full: string
}

function floatOf(info: number, bits: number | bigint): number {
  const view = new DataView(new ArrayBuffer(8))
  if (info === 27) {
    view.setBigUint64(0, bits as bigint)
    return view.getFloat64(0)
  }
  if (info === 25) return halfFloat(bits as number)
  view.setUint32(0, bits as number)
  return view.getFloat32(0)
}

/** IEEE 754 binary16. */
function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

function finite(value: number): number {
  if (Number.isFinite(value)) return value
  const what = Number.isNaN(value) ? 'floating-point NaN' : 'floating-point infinity'
  throw new DecodeError(`cbor: data item of cbor type primitives is not accepted by protocol: ${what}`)
}

function timeText(content: unknown): string {
  if (typeof content !== 'string') throw new DecodeError('cbor: tag number 0 must be followed by text string')
  parseTime(content)
  return content
}

function timeOfSeconds(content: unknown): string {
  if (typeof content !== 'number')
    throw new DecodeError('cbor: tag number 1 must be followed by integer or floating-point number')
  return formatTime(Math.floor(content))
}
