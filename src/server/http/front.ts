import type { IncomingMessage } from 'node:http'
import type { LongYaml } from '../../machinery/codec/index.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { badRequest, internalError } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { Ports } from '../../std/ports.ts'
import { beginWork } from '../../std/turns.ts'
import type { Handler, RequestBody, RequestContext, Response } from '../context.ts'
import { anonymousUser } from '../filters/authentication.ts'
import { type BodyReader, createBodyReader } from './body.ts'
import { type BrowserAnswer, type BrowserRules, createBrowserAnswers } from './browsers.ts'
import { credentialOf, peerOf } from './credential.ts'
import { type Departure, departureOf } from './departure.ts'
import { type Drain, isExemptFromDrain, leavingText } from './drain.ts'
import type { Asked, Reply } from './exchange.ts'
import { createFanout } from './fanout.ts'
import { parseOptions } from './options.ts'
import { bytesOf, passedBody } from './passed-body.ts'
import { parseRequestInfo } from './request-info.ts'
import { type Answer, failureAnswer, prettyHeader, toAnswer } from './respond.ts'
import type { WatchDrain } from './watch-drain.ts'
import { writeAnswer } from './write.ts'

export interface FrontOptions {
  readonly handler: Handler
  readonly ports: Ports
  /** Aborts when the server stops: ends watches and other long-running requests. */
  readonly stopping: AbortSignal
  readonly drain: Drain
  /** Absent: all watches end when the server stops. */
  readonly watches?: WatchDrain | undefined
  /** A body that is not there by then is not waited for. */
  readonly requestTimeoutMs: number
  /** Absent: browsers are told nothing. */
  readonly browsers?: BrowserRules | undefined
  /** CBORServingAndStorage is on. */
  readonly servesCbor?: boolean
  readonly longYaml?: LongYaml | undefined
}

/** Takes one HTTP request of either version through the chain and back. Never rejects. */
export type Front = (request: Asked, response: Reply) => Promise<'stranger' | undefined>

const noBody: RequestBody = { kind: 'none' }
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function createFront(options: FrontOptions): Front {
  const { ports, servesCbor, longYaml } = options
  const formats = { ...(servesCbor && { servesCbor }), ...(longYaml && { longYaml }) }
  const readBody = createBodyReader(ports.clock, options.requestTimeoutMs)
  const inner = { ...options, readBody, formats }
  const fanout = createFanout(ports.clock)
  const toBrowsers = options.browsers && createBrowserAnswers(options.browsers)
  return async function serveRequest(request, response) {
    if (options.drain.isClosed() && !isExemptFromDrain(request.url ?? '')) {
      sendAway(request, response)
      return undefined
    }
    const heard = headersOf(request)
    const toBrowser = toBrowsers?.(heard.origin)
    if (toBrowser?.isAllowed && request.method === 'OPTIONS') {
      response.writeHead(204, {
        ...commonHeaders(heard['audit-id'] || ports.random.uuid()),
        ...toBrowser.headers,
      })
      response.end()
      return undefined
    }
    const departure = departureOf(response, options.stopping)
    const leave = options.drain.enter()
    let answered: Answered | undefined
    let turn: ReturnType<WatchDrain['enter']> | undefined
    let bytes = 0
    try {
      answered = await answerRequest(inner, request, heard, departure)
      if (response.destroyed) return undefined
      if (options.watches && isWatch(answered.answer)) turn = options.watches.enter()
      const signal = turn ? eitherOf(departure.signal, turn.signal) : departure.signal
      bytes = await writeAnswer(request, response, withCommonHeaders(answered, toBrowser), { signal, fanout })
    } catch (error) {
      ports.log.warn('a response could not be sent', { path: request.url, error: String(error) })
      response.destroy()
    } finally {
      departure.end()
      turn?.leave()
      leave()
      // What nobody has read makes room for the next request.
      if (!readWhole(answered?.context)) bytesOf(request).resume()
      answered?.context?.done?.(answered.answer.status, bytes)
    }
    // A connection costs more than a request: those that nobody vouches for get one request each (CVE-2023-44487).
    return answered?.context?.user === anonymousUser ? 'stranger' : undefined
  }
}

function isWatch({ body }: Answer): boolean {
  return typeof body === 'object' && 'run' in body
}

function eitherOf(first: () => AbortSignal, second: AbortSignal): () => AbortSignal {
  return () => AbortSignal.any([first(), second])
}

/** What upstream's WithRetryAfter says; over HTTP/2 the session was told to go already. */
function sendAway(request: Asked, response: Reply): void {
  const close = request.httpVersionMajor < 2 ? { connection: 'close' } : {}
  response.writeHead(429, {
    'content-type': 'text/plain; charset=utf-8',
    'retry-after': '5',
    'x-content-type-options': 'nosniff',
    ...close,
  })
  response.end(leavingText)
}

/** Whether nothing of the request is left on its connection. */
function readWhole(context: RequestContext | undefined): boolean {
  if (!context) return false
  return context.body.kind === 'bytes' || (context.body.kind === 'none' && !context.receive)
}

interface Answered {
  readonly answer: Answer
  readonly auditId: string
  /** Absent when the request could not be understood. */
  readonly context: RequestContext | undefined
}

interface Inner extends FrontOptions {
  readonly readBody: BodyReader
  readonly formats: Pick<RequestContext, 'servesCbor' | 'longYaml'>
}

async function answerRequest(
  { handler, ports, readBody, formats }: Inner,
  request: Asked,
  headers: Headers,
  { signal }: Departure,
): Promise<Answered> {
  const auditId = headers['audit-id'] || ports.random.uuid()
  const warnings: string[] = []
  let context: RequestContext | undefined
  try {
    const passed = passedBody(request)
    const isRead = !passed && methodsWithBody.has(request.method ?? '')
    const more = { ...formats, ...(isRead && { receive: receiver(request, readBody, ports) }) }
    context = toContext(request, headers, { auditId, warnings, body: passed ?? noBody, signal, ...more })
    const response = await handler(context)
    const pause = context.breathe?.()
    if (pause) await pause
    const answer = toAnswer(context, requirePlain(response), ports.clock)
    return { answer: withWarnings(answer, warnings), auditId, context }
  } catch (error) {
    if (error instanceof UnreadableRequest) return { answer: unreadable(error.message), auditId, context }
    const known = error instanceof StatusError ? error : internalError(String(error))
    const userAgent = headers['user-agent'] ?? ''
    const asker = {
      headers: context?.headers ?? headers,
      userAgent,
      ...formats,
      ...(!context?.isRouted && { servesCbor: false }),
    }
    return {
      answer: withWarnings(failureAnswer(asker, known), warnings),
      auditId,
      context,
    }
  }
}

const unreadable = (body: string): Answer => ({
  status: 500,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  body,
})

/** What takes long enough to read, check and write that others should have their turn in between. */
const largeBodyBytesMin = 64 << 10

function isLarge(body: RequestBody): boolean {
  return body.kind === 'bytes' && body.bytes.length > largeBodyBytesMin
}

export type Headers = Readonly<Record<string, string>>

/** Header values by lower-case name; repeated ones joined by commas. */
export function headersOf(request: Pick<Asked, 'headers'>): Headers {
  const { headers } = request
  for (const name in headers) {
    if (Array.isArray(headers[name])) return joined(headers)
  }
  return headers as Headers
}

function joined(headers: IncomingMessage['headers']): Headers {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]))
}

function receiver(request: Asked, readBody: BodyReader, { clock }: Ports): RequestContext['receive'] {
  return async context => {
    context.body = await bodyOf(request, readBody)
    if (isLarge(context.body)) context.breathe = beginWork(clock)
  }
}

async function bodyOf(request: Asked, readBody: BodyReader): Promise<RequestBody> {
  const bytes = await readBody(request)
  return bytes.length === 0
    ? noBody
    : { kind: 'bytes', bytes, contentType: request.headers['content-type'] ?? '' }
}

interface Rest
  extends Pick<RequestContext, 'auditId' | 'warnings' | 'body' | 'receive' | 'servesCbor' | 'longYaml'> {
  /** Asked for at the first look at the context's own. */
  readonly signal: () => AbortSignal
}

const noQuery = new URLSearchParams()

/** Reads line and headers; 400 for what cannot be understood. */
export function toContext(request: Asked, headers: Headers, { signal, ...rest }: Rest): RequestContext {
  const { url = '/', method = 'GET' } = request
  const mark = url.indexOf('?')
  const query = mark < 0 ? noQuery : readQuery(url.slice(mark + 1))
  const info = readInfo({ method, path: decodePath(mark < 0 ? url : url.slice(0, mark)), query })
  const pretty = query.get('pretty')
  const peer = peerOf(request)
  return {
    info,
    options: parseOptions(query, info, headers['content-type'] ?? ''),
    credential: credentialOf(peer, headers),
    userAgent: headers['user-agent'] ?? '',
    method,
    sourceIp: peer.address,
    sourcePort: peer.port,
    httpVersion: request.httpVersionMajor,
    get signal() {
      return signal()
    },
    headers: pretty === null ? headers : { ...headers, [prettyHeader]: pretty },
    query,
    uri: url,
    rawHeaders: () => request.rawHeaders,
    user: anonymousUser,
    ...rest,
  }
}

function readInfo(line: Parameters<typeof parseRequestInfo>[0]) {
  try {
    return parseRequestInfo(line)
  } catch (error) {
    throw error instanceof RangeError ? new UnreadableRequest(line.path, error.message) : error
  }
}

/** A path that says nothing to upstream's RequestInfoFactory. */
class UnreadableRequest extends Error {
  constructor(path: string, why: string) {
    super(`Internal Server Error: ${quote(path)}: failed to create RequestInfo: ${why}\n`)
  }
}

function decodePath(path: string): string {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    // Bytes that are no UTF-8 are a name, too, though of nothing.
    if (brokenEscape.test(path)) throw badRequest('the path is not percent-encoded')
    return unescapeBytes(path)
  }
}

function unescapeBytes(text: string): string {
  const bytes = Buffer.from(text).toString('latin1')
  const raw = bytes.replaceAll(/%([0-9A-Fa-f]{2})/g, (_all, hex: string) =>
    String.fromCharCode(parseInt(hex, 16)),
  )
  return Buffer.from(raw, 'latin1').toString()
}

const brokenEscape = /%(?![0-9A-Fa-f]{2})/

/** As Go's url.Query: what is not escaped right, or has a semicolon, is not there. */
function readQuery(text: string): URLSearchParams {
  if (!text.includes(';') && !brokenEscape.test(text)) return new URLSearchParams(text)
  const whole = text.split('&').filter(part => !part.includes(';') && !brokenEscape.test(part))
  return new URLSearchParams(whole.join('&'))
}

function requirePlain(response: Response): Exclude<Response, { kind: 'upgrade' }> {
  if (response.kind !== 'upgrade') return response
  throw badRequest('Upgrade request required')
}

const commonHeaders = (auditId: string) => ({ 'audit-id': auditId, 'cache-control': 'no-cache, private' })

/** An answer with what all answers have. */
export function withCommonHeaders({ answer, auditId, context }: Answered, toBrowser?: BrowserAnswer): Answer {
  const flow = context?.flow
  const headers = {
    ...(context ? commonHeaders(auditId) : { 'audit-id': auditId }),
    ...toBrowser?.headers,
    ...(flow && {
      'x-kubernetes-pf-flowschema-uid': flow.schemaUid,
      'x-kubernetes-pf-prioritylevel-uid': flow.levelUid,
    }),
    ...answer.headers,
  }
  return { ...answer, headers }
}

/** UTF-8 as the bytes that a header may hold; what it may not hold is a space. */
function headerText(text: string): string {
  return Buffer.from(text).toString('latin1').replace(controls, ' ')
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controls = /[\x00-\x1f\x7f]/g

/** `Warning: 299 - "text"` for each, duplicates once. */
function withWarnings(answer: Answer, warnings: readonly string[]): Answer {
  if (warnings.length === 0) return answer
  const lines = [...new Set(warnings)].map(text => `299 - "${headerText(text).replace(/["\\]/g, '\\$&')}"`)
  return { ...answer, headers: { ...answer.headers, warning: lines } }
}
