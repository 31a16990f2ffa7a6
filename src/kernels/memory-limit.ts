/** A bound on the memory of core modules that their makers left open (WebAssembly core specification, binary format of modules). */

const headerBytes = 8
const memorySection = 5
const pageBytes = 65_536

/** The module with memory of its own that cannot grow past `bytesMax`. Throws RangeError when it starts with more. */
export function limitMemory(module: Uint8Array<ArrayBuffer>, bytesMax: number): Uint8Array<ArrayBuffer> {
  const pagesMax = Math.floor(bytesMax / pageBytes)
  let at = headerBytes
  while (at < module.length) {
    const id = module[at]!
    const size = readVarint(module, at + 1)
    const end = size.end + size.value
    if (id === memorySection) {
      const limited = limitedSection(module.subarray(size.end, end), pagesMax)
      const head = [memorySection, ...varint(limited.length)]
      return joined(module.subarray(0, at), Uint8Array.from(head), limited, module.subarray(end))
    }
    at = end
  }
  return module
}

/** Memories are a vector of limits: a flag (1 is "with a maximum"), the least and perhaps the most pages. */
function limitedSection(section: Uint8Array, pagesMax: number): Uint8Array {
  const count = readVarint(section, 0)
  const written = varint(count.value)
  let at = count.end
  for (let index = 0; index < count.value; index++) {
    const flag = section[at]!
    const least = readVarint(section, at + 1)
    const most = flag & 1 ? readVarint(section, least.end) : undefined
    at = (most ?? least).end
    if (least.value > pagesMax)
      throw new RangeError(`it starts with ${least.value * pageBytes} bytes of memory`)
    written.push(flag | 1, ...varint(least.value), ...varint(Math.min(most?.value ?? pagesMax, pagesMax)))
  }
  return Uint8Array.from(written)
}

/** An unsigned LEB128 number and the place behind it. */
function readVarint(bytes: Uint8Array, start: number): { readonly value: number; readonly end: number } {
  let value = 0
  let scale = 1
  let at = start
  for (;;) {
    const byte = bytes[at++]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return { value, end: at }
    scale *= 128
  }
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest % 128) | 0x80)
    rest = Math.floor(rest / 128)
  }
  return [...bytes, rest]
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}
