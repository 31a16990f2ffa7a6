import wasmPath from '../../wasm/kernels/json-locate.wasm' with { type: 'file' }
import { parseExact } from '../std/exact-json.ts'
import { loadKernel } from './load.ts'

interface Exports {
  locate(document: number, path: number, segments: number, out: number): number
}

export interface PatchOperation {
  readonly op: string
  readonly path: string
  readonly from?: string
  readonly value?: unknown
}

/** Patches a document's bytes without decoding it: the places are found by a kernel, the rest is copying. */
export interface JsonPatcher {
  /**
   * The patched document, or undefined when this is not for the bytes: an operation does not apply, names the
   * whole document, or a key is written with escapes. The caller then decodes, and learns what is wrong.
   */
  patch(document: Uint8Array, operations: readonly PatchOperation[]): Uint8Array | undefined
}

const pageBytes = 65_536
const found = 0
const absent = 1
/** Memory: compiler's data | path (16 KiB) | out (64 bytes) | document and room to grow. */
const pathByte = pageBytes
const pathBytesMax = 16_384
const outByte = pathByte + pathBytesMax
const documentByte = outByte + 64
const slackBytes = 64

export function createJsonPatcher(): JsonPatcher {
  return new BytePatcher()
}

interface Place {
  readonly status: number
  readonly member: number
  readonly value: number
  readonly end: number
  /** Positions of the commas around a member that was found, -1 without. */
  readonly before: number
  readonly after: number
  readonly inArray: boolean
}

const encoder = new TextEncoder()
const comma = 0x2c
const colon = 0x3a

class BytePatcher implements JsonPatcher {
  readonly #kernel = loadKernel<Exports>(wasmPath)
  #bytes = new Uint8Array(0)
  #words = new Int32Array(0)
  #length = 0

  patch(document: Uint8Array, operations: readonly PatchOperation[]): Uint8Array | undefined {
    this.#length = document.length
    this.#ensure(document.length)
    this.#bytes.set(document, documentByte)
    this.#bytes.fill(0x20, documentByte + document.length, documentByte + document.length + slackBytes)
    for (const operation of operations) if (!this.#apply(operation)) return undefined
    const out = Buffer.allocUnsafeSlow(this.#length)
    out.set(this.#bytes.subarray(documentByte, documentByte + this.#length))
    return out
  }

  #apply({ op, path, from, value }: PatchOperation): boolean {
    switch (op) {
      case 'add':
        return value !== undefined && this.#add(path, encoder.encode(JSON.stringify(value)))
      case 'replace':
        return value !== undefined && this.#replace(path, encoder.encode(JSON.stringify(value)))
      case 'remove':
        return this.#remove(path)
      case 'test':
        return this.#test(path, value)
      case 'copy':
      case 'move':
        return this.#transfer(op, from ?? '', path)
      default:
        return false
    }
  }

  #add(path: string, value: Uint8Array): boolean {
    const place = this.#locate(path)
    if (place?.status === found) {
      if (!place.inArray) return this.#splice(place.value, place.end, [value])
      return this.#splice(place.member, place.member, [value, [comma]])
    }
    if (place?.status !== absent) return false
    const key = place.inArray ? [] : [encoder.encode(JSON.stringify(lastSegment(path))), [colon]]
    // For a missing member the kernel says in `after` whether the parent has others.
    return this.#splice(place.end, place.end, [place.after === 1 ? [comma] : [], ...key, value])
  }

  #replace(path: string, value: Uint8Array): boolean {
    const place = this.#locate(path)
    return place?.status === found && this.#splice(place.value, place.end, [value])
  }

  #remove(path: string): boolean {
    const place = this.#locate(path)
    if (place?.status !== found) return false
    if (place.after >= 0) return this.#splice(place.member, place.after + 1, [])
    return this.#splice(place.before >= 0 ? place.before : place.member, place.end, [])
  }

  #test(path: string, value: unknown): boolean {
    const current = this.#valueAt(path)
    return current !== undefined && Bun.deepEquals(parseExact(` ${Buffer.from(current).toString()}`), value)
  }

  #transfer(op: 'copy' | 'move', from: string, path: string): boolean {
    const value = this.#valueAt(from)
    if (value === undefined || path.startsWith(`${from}/`)) return false
    return (op === 'copy' || this.#remove(from)) && this.#add(path, value)
  }

  #valueAt(path: string): Uint8Array | undefined {
    const place = this.#locate(path)
    return place?.status === found
      ? this.#bytes.slice(documentByte + place.value, documentByte + place.end)
      : undefined
  }

  #locate(path: string): Place | undefined {
    const segments = this.#writePath(path)
    if (segments === 0) return undefined
    const status = this.#kernel.locate(documentByte, pathByte, segments, outByte)
    const [member, value, end, before, after, inArray] = this.#words.subarray(outByte / 4, outByte / 4 + 6)
    return {
      status,
      member: member!,
      value: value!,
      end: end!,
      before: before!,
      after: after!,
      inArray: inArray === 1,
    }
  }

  /** Number of segments, or 0 for a path that is the root, malformed, or too long. */
  #writePath(path: string): number {
    if (!path.startsWith('/') || path.length * 3 > pathBytesMax / 2) return 0
    const segments = path.slice(1).split('/').map(unescapeSegment)
    let at = pathByte
    for (const segment of segments) {
      const { written } = encoder.encodeInto(segment, this.#bytes.subarray(at + 8, pathByte + pathBytesMax))
      this.#words[at / 4] = written
      this.#words[at / 4 + 1] = indexOf(segment)
      at += 8 + ((written + 3) & ~3)
      // The kernel compares raw bytes: a key that JSON writes with escapes is never equal to them.
      if (JSON.stringify(segment).length !== segment.length + 2) return 0
    }
    return segments.length
  }

  /** Replaces the bytes from `start` to `end` (relative to the document) by `parts`. */
  #splice(start: number, end: number, parts: readonly ArrayLike<number>[]): boolean {
    const grows = parts.reduce((sum, part) => sum + part.length, 0) - (end - start)
    if (grows > 0) this.#ensure(this.#length + grows)
    const tail = documentByte + end
    this.#bytes.copyWithin(tail + grows, tail, documentByte + this.#length + slackBytes)
    let at = documentByte + start
    for (const part of parts) {
      this.#bytes.set(part, at)
      at += part.length
    }
    this.#length += grows
    return true
  }

  /** Growing memory detaches every view on it. */
  #ensure(length: number): void {
    const { memory } = this.#kernel
    const missing = documentByte + length + 2 * slackBytes - memory.buffer.byteLength
    if (missing > 0) memory.grow(Math.ceil((missing + length) / pageBytes))
    if (this.#bytes.buffer === memory.buffer) return
    this.#bytes = new Uint8Array(memory.buffer)
    this.#words = new Int32Array(memory.buffer)
  }
}

function unescapeSegment(segment: string): string {
  return segment.includes('~') ? segment.replaceAll('~1', '/').replaceAll('~0', '~') : segment
}

function lastSegment(path: string): string {
  return unescapeSegment(path.slice(path.lastIndexOf('/') + 1))
}

/** -1: no array index; -2: behind the last element. */
function indexOf(segment: string): number {
  if (segment === '-') return -2
  return /^(0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : -1
}
