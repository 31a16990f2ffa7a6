import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { serviceUnavailable } from '../../machinery/status/errors.ts'
import type { RequestContext, Response } from '../context.ts'
import type { Endpoint } from './kubelet-access.ts'

export interface Forwarded {
  readonly endpoint: Endpoint
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

/** Headers that end at this hop, or that say who the client is to us alone. */
const ownHeaders = new Set([
  'authorization',
  'connection',
  'content-length',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'accept-encoding',
])

/** Sends a request on and streams the answer back as it is. Redirects are not followed. 503 when nobody answers. */
export function forward(context: RequestContext, to: Forwarded): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const { endpoint, method, path } = to
  const { tls } = endpoint
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    method,
    path,
    headers: passOn(context, to.headers),
  }
  const receive = (answer: IncomingMessage) => resolve(toResponse(answer))
  const sent = tls
    ? httpsRequest(
        {
          ...options,
          cert: tls.cert,
          key: tls.key,
          ...(tls.ca ? { ca: tls.ca } : { rejectUnauthorized: false }),
        },
        receive,
      )
    : httpRequest(options, receive)
  sent.on('error', error => reject(serviceUnavailable(`error trying to reach service: ${error.message}`)))
  context.signal.addEventListener('abort', () => sent.destroy(), { once: true })
  if (context.body.kind === 'bytes') sent.end(context.body.bytes)
  else sent.end()
  return promise
}

function passOn(
  { headers, body }: RequestContext,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const kept: Record<string, string> = {}
  for (const [name, value] of Object.entries(headers)) {
    if (!ownHeaders.has(name) && !name.startsWith(':') && !name.startsWith('impersonate-')) kept[name] = value
  }
  if (body.kind === 'bytes') kept['content-length'] = String(body.bytes.length)
  return { ...kept, ...more }
}

function toResponse(answer: IncomingMessage): Response {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || ownHeaders.has(name)) continue
    headers[name] = [value].flat().join(', ')
  }
  const { 'content-type': contentType = 'text/plain', ...rest } = headers
  const body = Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array>
  return { kind: 'raw', status: answer.statusCode ?? 502, contentType, headers: rest, body }
}
