import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { Readable } from 'node:stream'
import { serviceUnavailable } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { RawResponse, RequestContext } from '../context.ts'
import { connectionThrough } from '../egress/dial.ts'
import { dialFailure } from '../webhook-client/failure.ts'
import type { Endpoint, EndpointTls } from './kubelet-access.ts'

export interface Forwarded {
  readonly endpoint: Endpoint
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers?: ForwardHeaders
}

export type ForwardHeaders = Readonly<Record<string, string | readonly string[]>>

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

/** Headers that end at this hop because its `Connection` header says so. */
function namedBy(connection: string | undefined): readonly string[] {
  return connection?.split(',').map(name => name.trim().toLowerCase()) ?? []
}

function isOwn(name: string): boolean {
  return ownHeaders.has(name) || name.startsWith(':') || claims.test(name)
}

/** Only this server says for whom it asks. */
const claims = /^(impersonate|x-remote)-/

/** Sends a request on and streams the answer back as it is. Redirects are not followed. 503 when nobody answers. */
export function forward(context: RequestContext, to: Forwarded): Promise<RawResponse> {
  const { promise, resolve, reject } = Promise.withResolvers<RawResponse>()
  const { endpoint, method, path } = to
  const { tls } = endpoint
  const options = {
    host: endpoint.host,
    port: endpoint.port,
    method,
    path,
    headers: passOn(context, to.headers) as Record<string, string | string[]>,
  }
  const receive = (answer: IncomingMessage) => resolve(toResponse(answer))
  const sent = tls
    ? httpsRequest(
        {
          ...options,
          ...tlsOptions(tls),
          ...connectionThrough(endpoint, tlsOptions(tls)),
        },
        receive,
      )
    : httpRequest({ ...options, ...connectionThrough(endpoint) }, receive)
  sent.on('error', error => reject(new BackendError(dialFailure(error), { cause: error })))
  context.signal.addEventListener('abort', () => sent.destroy(), { once: true })
  sendBody(context, sent)
  return promise
}

function sendBody({ body }: RequestContext, sent: ClientRequest): void {
  if (body.kind === 'bytes') sent.end(body.bytes)
  else if (body.kind === 'object') sent.end(JSON.stringify(body.object))
  else if (body.kind === 'none') sent.end()
  else {
    body.source.on('error', () => sent.destroy())
    body.source.pipe(sent)
  }
}

/** How a connection to an endpoint is secured. Where nothing says whom to believe, the endpoint is not verified. */
export function tlsOptions({ cert, key, ca, servername, isVerified }: EndpointTls): TlsOptions {
  // Go trusts whatever a bundle holds, also where that is the endpoint's own certificate and no authority.
  const told = ca ? { ca, allowPartialTrustChain: true as const } : {}
  const trust = isVerified === false || !(ca || isVerified) ? { rejectUnauthorized: false } : told
  return { ...(cert && { cert, key }), ...trust, ...(servername && { servername }) }
}

interface TlsOptions {
  readonly cert?: string
  readonly key?: string
  readonly ca?: string
  readonly allowPartialTrustChain?: true
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
}

/** Nobody answered where a request was sent on to. */
export class BackendError extends StatusError {
  readonly reasonText: string

  constructor(reason: string, options: ErrorOptions) {
    super(serviceUnavailable(`error trying to reach service: ${reason}`).status)
    this.reasonText = reason
    this.cause = options.cause
  }
}

function passOn(
  { headers, body }: RequestContext,
  more: ForwardHeaders = {},
): Record<string, string | readonly string[]> {
  const kept: Record<string, string | readonly string[]> = {}
  const hop = namedBy(headers.connection)
  for (const [name, value] of Object.entries(headers))
    if (!isOwn(name) && !hop.includes(name)) kept[name] = value
  if (body.kind === 'bytes') kept['content-length'] = String(body.bytes.length)
  if (body.kind === 'stream' && body.bytes !== undefined) kept['content-length'] = String(body.bytes)
  if (body.kind === 'stream' && body.bytes === undefined) kept['transfer-encoding'] = 'chunked'
  return { ...kept, ...more }
}

function toResponse(answer: IncomingMessage): RawResponse {
  const headers: Record<string, string> = {}
  const hop = namedBy(answer.headers.connection)
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || ownHeaders.has(name) || hop.includes(name)) continue
    headers[name] = [value].flat().join(', ')
  }
  const isEmpty =
    answer.headers['content-length'] === '0' || answer.statusCode === 204 || answer.statusCode === 304
  const unsaid = isEmpty ? '' : 'text/plain; charset=utf-8'
  const { 'content-type': contentType = unsaid, ...rest } = headers
  const body = Readable.toWeb(answer) as unknown as ReadableStream<Uint8Array>
  return { kind: 'raw', status: answer.statusCode ?? 502, contentType, headers: rest, body }
}
