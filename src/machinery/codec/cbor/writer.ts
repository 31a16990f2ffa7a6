const initialBytes = 4096
const uint32Size = 2 ** 32

/** Writes heads, texts and floats of RFC 8949 into a buffer that is kept for the next item. */
export class CborWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #at = 0

  reset(): void {
    this.#at = 0
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(0, this.#at))
  }

  #reserve(count: number): void {
    const needed = this.#at + count
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, needed))
    this.#buffer.copy(larger, 0, 0, this.#at)
    this.#buffer = larger
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[this.#at++] = value
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#at)
    this.#at += value.length
  }

  /** A type and its number, which is a whole one from 0 to 2^53. */
  head(major: number, value: number): void {
    this.#reserve(9)
    const type = major << 5
    if (value < 24) this.#buffer[this.#at++] = type | value
    else if (value < 0x100) this.#at = this.#buffer.writeUInt8(value, this.#first(type | 24))
    else if (value < 0x1_0000) this.#at = this.#buffer.writeUInt16BE(value, this.#first(type | 25))
    else if (value < uint32Size) this.#at = this.#buffer.writeUInt32BE(value, this.#first(type | 26))
    else this.longHead(major, BigInt(value))
  }

  /** A type and a number from 2^32 to 2^64. */
  longHead(major: number, value: bigint): void {
    this.#reserve(9)
    this.#at = this.#buffer.writeBigUInt64BE(value, this.#first((major << 5) | 27))
  }

  #first(byte: number): number {
    this.#buffer[this.#at] = byte
    return this.#at + 1
  }

  /** A string of UTF-8 with its length. */
  text(major: number, value: string): void {
    const size = Buffer.byteLength(value)
    this.head(major, size)
    this.#reserve(size)
    this.#at += this.#buffer.write(value, this.#at, size, 'utf8')
  }

  /** In 4 bytes where these say the same, else in 8. */
  float(value: number): void {
    this.#reserve(9)
    this.#at =
      Math.fround(value) === value
        ? this.#buffer.writeFloatBE(value, this.#first(0xfa))
        : this.#buffer.writeDoubleBE(value, this.#first(0xfb))
  }
}
