import type { Readable } from 'node:stream'
import type { RequestBody } from '../context.ts'
import type { Asked } from './exchange.ts'
import { StreamRequest } from './http2-exchange.ts'
import { parseRequestInfo } from './request-info.ts'

const noBody: RequestBody = { kind: 'none' }
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const noQuery = new URLSearchParams()

/**
 * The body of a request that is for somebody behind this server (the subresource `proxy`), whatever its method and its
 * size; it is not read here. Undefined for all other requests.
 */
export function passedBody(request: Asked): RequestBody | undefined {
  if (!isPassedOn(request)) return undefined
  const { headers, method = '', httpVersionMajor } = request
  const declared = headers['content-length']
  const source = bytesOf(request)
  if (declared !== undefined)
    return Number(declared) > 0 ? { kind: 'stream', source, bytes: Number(declared) } : noBody
  const mayCome = httpVersionMajor >= 2 ? methodsWithBody.has(method) : 'transfer-encoding' in headers
  return mayCome ? { kind: 'stream', source } : noBody
}

/** The body as it comes. */
export function bytesOf(request: Asked): Readable {
  return (request instanceof StreamRequest ? request.stream : request) as unknown as Readable
}

function isPassedOn({ url = '', method = '' }: Asked): boolean {
  if (!url.includes('/proxy')) return false
  const mark = url.indexOf('?')
  try {
    const line = { method, path: mark < 0 ? url : url.slice(0, mark), query: noQuery }
    const { group, subresource } = parseRequestInfo(line)
    return group === '' && subresource === 'proxy'
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
