import type { IncomingMessage } from 'node:http'
import { badRequest, requestEntityTooLarge } from '../../machinery/status/errors.ts'

/** Upstream's MaxRequestBodyBytes. */
export const bodyBytesMax = 3 << 20

/** Reads a whole request body; 413 beyond `bodyBytesMax`, without reading the rest into memory. */
export function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bodyBytesMax) return Promise.reject(tooLarge())
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const chunks: Buffer[] = []
  let size = 0
  request.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size > bodyBytesMax) reject(tooLarge())
    else chunks.push(chunk)
  })
  request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
  request.on('error', error => reject(badRequest(`the request body could not be read: ${error.message}`)))
  request.on('aborted', () => reject(badRequest('the client went away while sending the body')))
  return promise
}

function tooLarge() {
  return requestEntityTooLarge(`limit is ${bodyBytesMax}`)
}
