import {
  badRequest,
  requestEntityTooLarge,
  requestTimeout,
  tooManyRequests,
} from '../../machinery/status/errors.ts'
import { createDeadlines } from '../../std/deadlines.ts'
import type { Clock } from '../../std/ports.ts'
import { queueWork } from '../../std/turns.ts'
import type { Asked } from './exchange.ts'

/** Upstream's MaxRequestBodyBytes. */
export const bodyBytesMax = 3 << 20
/** All bodies together that are on their way in. */
const arrivingBytesMax = 256 << 20
/** A body of this size is let in whatever else is arriving: heartbeats are small. */
const smallBytesMax = 64 << 10

/** Reads request bodies within bounds of size and time. */
export type BodyReader = (request: Asked) => Promise<Uint8Array>

/**
 * A reader for one server. A body beyond `bodyBytesMax` is a 413 and is not read to its end; one that is not there
 * after `limitMs` is a 504; when too much is arriving at once it is a 429.
 */
export function createBodyReader(clock: Clock, limitMs: number): BodyReader {
  const within = createDeadlines(clock, limitMs)
  let arriving = 0
  return async function readBody(request) {
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > bodyBytesMax) throw tooLarge()
    if (request.destroyed) throw gone()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const chunks: Buffer[] = []
    let size = 0
    let isOver = false
    const cancel = within(() => reject(requestTimeout()))
    request.on('data', (chunk: Buffer) => {
      if (isOver) return
      size += chunk.length
      arriving += chunk.length
      if (size > bodyBytesMax) reject(tooLarge())
      else if (arriving > arrivingBytesMax && size > smallBytesMax)
        reject(tooManyRequests('Too many requests, please try again later.', 1))
      else chunks.push(chunk)
    })
    request.on('end', () => resolve())
    request.on('error', (error: Error) =>
      reject(badRequest(`the request body could not be read: ${error.message}`)),
    )
    request.on('aborted', () => reject(gone()))
    try {
      await promise
      // Others may have come to their end at this very moment: each has its turn.
      if (size > smallBytesMax) await queueWork(clock)()
      return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)
    } finally {
      cancel()
      arriving -= size
      isOver = true
    }
  }
}

function gone() {
  return badRequest('the client went away while sending the body')
}

function tooLarge() {
  return requestEntityTooLarge(`limit is ${bodyBytesMax}`)
}
