import type { Duplex } from 'node:stream'
import type { OutputChunk } from '../runtime.ts'

const headerBytes = 8

/** Takes the engine's multiplexed stream apart: a frame is a stream number, three zeros, a length and the data. */
export async function* demultiplex(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  let pending: Buffer = Buffer.alloc(0)
  for await (const piece of source) {
    pending = pending.length === 0 ? Buffer.from(piece) : Buffer.concat([pending, piece])
    while (pending.length >= headerBytes) {
      const end = headerBytes + pending.readUInt32BE(4)
      if (pending.length < end) break
      yield { stream: pending[0] === 2 ? 'stderr' : 'stdout', data: pending.subarray(headerBytes, end) }
      pending = pending.subarray(end)
    }
  }
}

/** A terminal's stream is not framed: all of it is output. */
export async function* terminalOutput(source: AsyncIterable<Uint8Array>): AsyncGenerator<OutputChunk> {
  for await (const data of source) yield { stream: 'stdout', data }
}

/** Reads a socket piece by piece; ends with it, also when it breaks off. */
export async function* piecesOf(socket: Duplex): AsyncGenerator<Uint8Array> {
  const queue: Uint8Array[] = []
  let wake: (() => void) | undefined
  let ended = false
  const end = () => {
    ended = true
    wake?.()
  }
  socket.on('data', (piece: Uint8Array) => {
    queue.push(piece)
    if (queue.length >= queueMax) socket.pause()
    wake?.()
  })
  for (const event of ['end', 'close', 'error']) socket.on(event, end)
  socket.resume()
  for (;;) {
    const piece = queue.shift()
    if (piece) {
      if (queue.length === 0) socket.resume()
      yield piece
    } else if (ended) return
    else
      await new Promise<void>(resolve => {
        wake = resolve
      })
  }
}

const queueMax = 64
