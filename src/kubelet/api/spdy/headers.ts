import { constants, createDeflate, createInflate } from 'node:zlib'
import { spdyDictionary } from './dictionary.ts'
import { word } from './frames.ts'

export type Headers = ReadonlyMap<string, string>

/** One direction's header compression. Blocks share one zlib stream, so they must be handled in order. */
export interface HeaderCodec {
  decode(block: Uint8Array): Promise<Headers>
  encode(headers: Headers): Promise<Uint8Array>
}

/** A block that unfolds to more than this is no stream's headers. */
const headerBytesMax = 64 * 1024

const tooLong = new Error('the headers of a stream are too long')

export function createHeaderCodec(): HeaderCodec {
  const inflate = createInflate({ dictionary: spdyDictionary })
  // Whoever waits for a block hears of it; afterwards nobody does.
  inflate.on('error', () => {})
  const deflate = createDeflate({ dictionary: spdyDictionary })
  return {
    async decode(block) {
      const pieces: Uint8Array[] = []
      let size = 0
      const take = (piece: Uint8Array) => {
        size += piece.length
        if (size > headerBytesMax) inflate.destroy(tooLong)
        else pieces.push(piece)
      }
      inflate.on('data', take)
      try {
        await new Promise<void>((resolve, reject) => {
          inflate.once('error', reject)
          inflate.write(block, () => {
            inflate.off('error', reject)
            if (size > headerBytesMax) reject(tooLong)
            else resolve()
          })
        })
      } finally {
        inflate.off('data', take)
      }
      return parseHeaders(Buffer.concat(pieces))
    },
    async encode(headers) {
      const pieces: Uint8Array[] = []
      const take = (piece: Uint8Array) => void pieces.push(piece)
      deflate.on('data', take)
      deflate.write(formatHeaders(headers))
      await new Promise<void>(resolve => deflate.flush(constants.Z_SYNC_FLUSH, resolve))
      deflate.off('data', take)
      return Buffer.concat(pieces)
    },
  }
}

function parseHeaders(block: Buffer): Headers {
  const headers = new Map<string, string>()
  let offset = 4
  const text = () => {
    const length = block.readUInt32BE(offset)
    offset += 4 + length
    return block.toString('utf8', offset - length, offset)
  }
  for (let left = block.readUInt32BE(0); left > 0; left--) {
    const name = text()
    // Several values of one name are separated by zeros; here none has more than one.
    headers.set(name, text().split('\0')[0]!)
  }
  return headers
}

function formatHeaders(headers: Headers): Buffer {
  const parts: Buffer[] = [word(headers.size)]
  for (const [name, value] of headers)
    for (const text of [name.toLowerCase(), value])
      parts.push(word(Buffer.byteLength(text)), Buffer.from(text))
  return Buffer.concat(parts)
}
