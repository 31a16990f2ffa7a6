import { constants, crc32, deflateRaw, deflateRawSync } from 'node:zlib'
import type { Steps } from '../../std/turns.ts'

/** Bytes that were compressed on their own, to be put between others in one gzip stream. */
export interface Deflated {
  /** Blocks of RFC 1951 that end on a byte's border and refer to nothing before them. */
  readonly blocks: Uint8Array
  readonly length: number
  readonly crc: number
  /** What carries a checksum over these bytes; see `append`. */
  readonly shift: number
}

/** The compressor takes some milliseconds for so many bytes. */
const sliceBytes = 256 << 10

/** Compresses bytes on their own, slice by slice. */
export function* deflateSteps(plain: Uint8Array): Steps<Deflated> {
  if (plain.length <= sliceBytes) return deflate(plain)
  const slices: Deflated[] = []
  for (let start = 0; start < plain.length; start += sliceBytes) {
    slices.push(deflate(plain.subarray(start, start + sliceBytes)))
    yield
  }
  return {
    blocks: Buffer.concat(slices.map(({ blocks }) => blocks)),
    length: plain.length,
    crc: slices.reduce(append, 0),
    shift: shiftOver(plain.length),
  }
}

const flushed = { level: 1, finishFlush: constants.Z_SYNC_FLUSH }

function deflate(plain: Uint8Array): Deflated {
  return measured(plain, deflateRawSync(plain, flushed))
}

/** Compresses bytes on their own, in another thread. */
export function deflateElsewhere(plain: Uint8Array): Promise<Deflated> {
  const { promise, resolve, reject } = Promise.withResolvers<Deflated>()
  deflateRaw(plain, flushed, (error, blocks) => (error ? reject(error) : resolve(measured(plain, blocks))))
  return promise
}

function measured(plain: Uint8Array, blocks: Uint8Array): Deflated {
  return { blocks, length: plain.length, crc: crc32(plain), shift: shiftOver(plain.length) }
}

const storedBytesMax = 65_535

/** Bytes as they are, in blocks that say so: for what is small and compressed only once. */
export function stored(plain: Uint8Array): Deflated {
  const parts: Uint8Array[] = []
  for (let start = 0; start < plain.length; start += storedBytesMax) {
    const part = plain.subarray(start, start + storedBytesMax)
    const { length } = part
    parts.push(Uint8Array.of(0, length & 255, length >> 8, ~length & 255, (~length >> 8) & 255), part)
  }
  return measured(plain, Buffer.concat(parts))
}

/** What begins every stream. */
export const gzipHead = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)
const emptyLastBlock = Uint8Array.of(3, 0)

/** One gzip stream (RFC 1952) of what all the pieces hold, without compressing any of them again. */
export function gzipOf(pieces: readonly Deflated[]): Uint8Array {
  return Buffer.concat([gzipHead, ...pieces.map(({ blocks }) => blocks), gzipEnd(pieces)])
}

/** What ends a stream of these pieces. */
export function gzipEnd(pieces: readonly Deflated[]): Uint8Array {
  let crc = 0
  let length = 0
  for (const piece of pieces) {
    crc = append(crc, piece)
    length += piece.length
  }
  const end = Buffer.alloc(8)
  end.writeUInt32LE(crc, 0)
  end.writeUInt32LE(length >>> 0, 4)
  return Buffer.concat([emptyLastBlock, end])
}

/** The checksum of bytes with checksum `crc` followed by those of `piece`. */
function append(crc: number, piece: Deflated): number {
  return (multiply(piece.shift, crc) ^ piece.crc) >>> 0
}

const polynomial = 0xedb88320

/** Product of two polynomials over GF(2), lowest power in the highest bit, modulo the checksum's own. */
function multiply(a: number, b: number): number {
  let product = 0
  let factor = b
  for (let bit = 31; bit >= 0; bit--) {
    if ((a >>> bit) & 1) product ^= factor
    factor = factor & 1 ? (factor >>> 1) ^ polynomial : factor >>> 1
  }
  return product >>> 0
}

/** x to the power of 8, 16, 32, … */
const powers: number[] = [0x00800000]
while (powers.length < 32) powers.push(multiply(powers.at(-1)!, powers.at(-1)!))

/** x to the power of eight times `bytes`: multiplied with it, a checksum moves over so many bytes. */
function shiftOver(bytes: number): number {
  let shift = 0x80000000
  for (let bit = 0; bytes >>> bit !== 0; bit++) {
    if ((bytes >>> bit) & 1) shift = multiply(powers[bit]!, shift)
  }
  return shift
}
