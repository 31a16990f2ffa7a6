import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connectionThrough, type Dial } from './dial.ts'

export interface FetchOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal?: AbortSignal
  readonly tls?: {
    readonly ca?: string
    readonly cert?: string
    readonly key?: string
    readonly serverName?: string
    readonly rejectUnauthorized?: boolean
  }
}

/** What `fetch` promises of one URL: an answer of any status, or a rejection with what went wrong on the way. */
export type Fetch = (url: string, options: FetchOptions) => Promise<Response>

const redirectsMax = 10
const redirections: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** `fetch` over a dial, as Go's client asks: redirects of a GET are followed. Without a dial it is `fetch` itself. */
export function fetchThrough(dial: Dial | undefined): Fetch {
  if (!dial) return (url, options) => fetch(url, options)
  return async function fetchDialed(url, options) {
    let place = url
    for (let hops = 0; ; hops++) {
      const answer = await ask(dial, place, options)
      const next = answer.headers.get('location')
      const follows = (options.method ?? 'GET') === 'GET' && redirections.has(answer.status) && next !== null
      if (!follows) return answer
      if (hops === redirectsMax) throw new Error(`stopped after ${redirectsMax} redirects`)
      place = new URL(next, place).href
    }
  }
}

function ask(dial: Dial, url: string, options: FetchOptions): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const { method = 'GET', headers, body = '', signal } = options
  signal?.throwIfAborted()
  const receive = (answer: IncomingMessage) => void read(answer).then(resolve, reject)
  const common = { method, headers: { ...headers, 'content-length': Buffer.byteLength(body) } }
  const sent = open(dial, url, options, common, receive)
  sent.on('error', reject)
  const give = () => {
    reject(signal?.reason)
    sent.destroy()
  }
  signal?.addEventListener('abort', give, { once: true })
  sent.end(body)
  return promise.finally(() => signal?.removeEventListener('abort', give))
}

type Common = { readonly method: string; readonly headers: Record<string, string | number> }

function open(
  dial: Dial,
  url: string,
  { tls = {} }: FetchOptions,
  common: Common,
  receive: (answer: IncomingMessage) => void,
): ClientRequest {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  const isTls = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const to = { host, port: Number(port) || (isTls ? 443 : 80), dial }
  const asked = { ...common, host, port: to.port, path: pathname + search }
  if (!isTls) return httpRequest({ ...asked, ...connectionThrough(to) }, receive)
  const { serverName, ...rest } = tls
  const secured = { ...rest, ...(serverName && { servername: serverName }) }
  return httpsRequest({ ...asked, ...secured, ...connectionThrough(to, secured) }, receive)
}

/** Answers without a body may not be given one. */
const bodiless: ReadonlySet<number> = new Set([204, 304])

async function read(answer: IncomingMessage): Promise<Response> {
  const chunks: Buffer[] = []
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk)
  const { statusCode: status = 200, statusMessage: statusText = '' } = answer
  const headers = new Headers()
  for (const [name, values] of Object.entries(answer.headersDistinct))
    for (const value of values ?? []) headers.append(name, value)
  return new Response(bodiless.has(status) ? null : Buffer.concat(chunks), { status, statusText, headers })
}
