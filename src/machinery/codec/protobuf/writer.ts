const initialBytes = 4096
/** Longer texts are measured and copied natively; shorter ones are quicker byte by byte. */
const shortText = 40

/**
 * Fills a buffer from its end to its start, so that a message's length is known when its prefix is due and nothing
 * is measured twice (the way of gogo's generated code). Fields are therefore written last to first.
 */
export class BackwardWriter {
  #buffer = Buffer.allocUnsafeSlow(initialBytes)
  #at = initialBytes

  /** Bytes written so far; a message's length is the difference of two of these. */
  get length(): number {
    return this.#buffer.length - this.#at
  }

  /** Forgets what was written; the buffer is kept for the next message. */
  reset(): void {
    this.#at = this.#buffer.length
  }

  /** A copy of what was written. A Buffer, which streams take as it is; with memory of its own, for it may be kept. */
  take(): Uint8Array<ArrayBuffer> {
    const copy = Buffer.allocUnsafeSlow(this.length)
    this.#buffer.copy(copy, 0, this.#at)
    return copy
  }

  /** A copy of what was written since the length was `before`. */
  since(before: number): Uint8Array<ArrayBuffer> {
    const copy = Buffer.allocUnsafeSlow(this.length - before)
    this.#buffer.copy(copy, 0, this.#at, this.#at + copy.length)
    return copy
  }

  #reserve(count: number): void {
    if (this.#at >= count) return
    const used = this.length
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, used + count))
    this.#buffer.copy(larger, larger.length - used, this.#at)
    this.#buffer = larger
    this.#at = larger.length - used
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#buffer[--this.#at] = value
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#at -= value.length
    this.#buffer.set(value, this.#at)
  }

  /** UTF-8 without a length. */
  text(value: string): void {
    if (value.length > shortText || !this.#ascii(value)) this.#longText(value)
  }

  #ascii(value: string): boolean {
    this.#reserve(value.length)
    let at = this.#at
    for (let index = value.length - 1; index >= 0; index--) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      this.#buffer[--at] = code
    }
    this.#at = at
    return true
  }

  #longText(value: string): void {
    const size = Buffer.byteLength(value)
    this.#reserve(size)
    this.#at -= size
    this.#buffer.write(value, this.#at, size, 'utf8')
  }

  /** An unsigned varint up to 2^53. */
  varint(value: number): void {
    if (value < 0x80) return this.byte(value)
    let size = 1
    for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++
    this.#reserve(size)
    this.#at -= size
    let at = this.#at
    let rest = value
    while (rest >= 0x80) {
      this.#buffer[at++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#buffer[at] = rest
  }

  /** An int32 or int64; negative ones take ten bytes, as in upstream's code. */
  signed(value: number | bigint): void {
    if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) return this.varint(Number(value))
    let rest = BigInt.asUintN(64, typeof value === 'bigint' ? value : BigInt(Math.trunc(value)))
    const encoded: number[] = []
    for (; rest >= 0x80n; rest >>= 7n) encoded.push(Number(rest & 0x7fn) | 0x80)
    encoded.push(Number(rest))
    this.bytes(Uint8Array.from(encoded))
  }

  double(value: number): void {
    this.#reserve(8)
    this.#at -= 8
    this.#buffer.writeDoubleLE(value, this.#at)
  }
}
