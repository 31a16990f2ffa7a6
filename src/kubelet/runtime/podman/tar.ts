export interface TarEntry {
  readonly path: string
  readonly mode: number
  readonly data: Uint8Array
}

const blockBytes = 512

/** A tar archive (ustar) of regular files owned by root, dated 1970. */
export function tarOf(entries: readonly TarEntry[]): Uint8Array {
  const blocks = entries.flatMap(entry => [header(entry), padded(entry.data)])
  return Buffer.concat([...blocks, new Uint8Array(2 * blockBytes)])
}

function header({ path, mode, data }: TarEntry): Uint8Array {
  const block = Buffer.alloc(blockBytes)
  const octal = (value: number, offset: number, length: number) =>
    block.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'latin1')
  block.write(path, 0, 100)
  octal(mode, 100, 8)
  octal(0, 108, 8)
  octal(0, 116, 8)
  octal(data.length, 124, 12)
  octal(0, 136, 12)
  block.write('        0', 148, 'latin1')
  block.write('ustar\x0000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

function padded(data: Uint8Array): Uint8Array {
  const full = Buffer.alloc(Math.ceil(data.length / blockBytes) * blockBytes)
  full.set(data)
  return full
}
