import { gzip } from 'node:zlib'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { internalError } from '../../machinery/status/errors.ts'
import { type Status, StatusError } from '../../machinery/status/status.ts'
import type { ServedEvent } from '../context.ts'
import { memo } from '../rest/memo.ts'
import { gzipBytesMin, gzipHeaders, takesGzip } from './compression.ts'
import type { Asked, Reply } from './exchange.ts'
import type { Fanout } from './fanout.ts'
import { deflateElsewhere, gzipEnd, gzipHead } from './gzip-pieces.ts'
import type { Answer, WatchAnswer } from './respond.ts'
import type { Pieces } from './streamed-list.ts'

export interface Sending {
  readonly signal: () => AbortSignal
  readonly fanout: Fanout
}

/** Sends an answer; resolves with the size of its body when all of it is handed to the connection. */
export async function writeAnswer(
  request: Asked,
  response: Reply,
  answer: Answer,
  { signal, fanout }: Sending,
): Promise<number> {
  const { status, headers, body } = answer
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const pending = compressed(request, answer, body)
    const sent = pending instanceof Promise ? await pending : pending
    const all = sent.isGzip ? { ...headers, ...gzipHeaders, ...varied(headers) } : headers
    if (typeof sent.body !== 'string' && sent.body.length > largeBytesMin && request.method !== 'HEAD') {
      response.writeHead(status, { ...all, 'content-length': String(sent.body.length) })
      await sendPieces(request, response, slicesOf(sent.body), signal())
      return body.length
    }
    response.writeHead(status, isMeasured(request, status) ? withLength(all, sent.body) : all)
    response.end(request.method === 'HEAD' ? undefined : sent.body)
    return body.length
  }
  if (typeof body === 'function' && answer.isUnmeasured && takesGzip(acceptedBy(request))) {
    const { isGzip, pieces } = await measuredPieces(body)
    response.writeHead(status, isGzip ? { ...headers, ...gzipHeaders } : headers)
    return sendPieces(request, response, pieces, signal())
  }
  response.writeHead(status, headers)
  if (typeof body === 'function') return sendPieces(request, response, body, signal())
  response.flushHeaders()
  if (body instanceof ReadableStream) await pipe(response, body, signal())
  else await stream(response, body, signal(), fanout)
  response.end()
  return 0
}

/** HTTP/2 needs no word for where a body ends, and what has none no more. */
function isMeasured({ httpVersionMajor }: Asked, status: number): boolean {
  return httpVersionMajor < 2 && status !== 204 && status !== 304
}

function withLength(headers: Answer['headers'], body: Uint8Array | string): Answer['headers'] {
  return { ...headers, 'content-length': String(Buffer.byteLength(body)) }
}

/** Of what is larger no more than a slice waits for a slow reader. */
const largeBytesMin = 1 << 20
const sliceBytes = 256 << 10

function slicesOf(body: Uint8Array): Pieces {
  return async function* slices() {
    for (let at = 0; at < body.length; at += sliceBytes) yield body.subarray(at, at + sliceBytes)
  }
}

interface Compressed {
  readonly isGzip: boolean
  readonly body: Uint8Array | string
}

function acceptedBy({ headers }: Asked): string {
  return String(headers['accept-encoding'] ?? '')
}

/** Makes pieces until they are worth compressing, or there are no more. */
async function measuredPieces(
  pieces: Pieces,
): Promise<{ readonly isGzip: boolean; readonly pieces: Pieces }> {
  const made: Uint8Array[] = []
  let bytes = 0
  const more = pieces()
  while (bytes < gzipBytesMin) {
    const next = await more.next()
    if (next.done)
      return {
        isGzip: false,
        pieces: async function* () {
          yield Buffer.concat(made)
        },
      }
    made.push(next.value)
    bytes += next.value.length
  }
  return { isGzip: true, pieces: () => gzipPieces(made, more) }
}

async function* gzipPieces(
  made: readonly Uint8Array[],
  more: AsyncGenerator<Uint8Array, void, void>,
): AsyncGenerator<Uint8Array, void, void> {
  const sent = [await deflateElsewhere(Buffer.concat(made))]
  yield gzipHead
  yield sent[0]!.blocks
  for await (const piece of more) {
    const deflated = await deflateElsewhere(piece)
    yield deflated.blocks
    sent.push({ ...deflated, blocks: nothing })
  }
  yield gzipEnd(sent)
}

const nothing = new Uint8Array(0)

function compressed(
  request: Asked,
  { headers, isPlain = false }: Answer,
  body: Uint8Array | string,
): Promise<Compressed> | Compressed {
  const isSmall = body.length < gzipBytesMin || request.method === 'HEAD'
  const isDone = isSmall || isPlain || headers['content-encoding'] !== undefined
  if (isDone || !takesGzip(acceptedBy(request))) return { isGzip: false, body }
  const isLarge = typeof body !== 'string' && body.length > largeBytesMin
  return isLarge ? memo(packedBodies, body, () => packed(body)) : packed(body)
}

/** Large bodies that several are sent are packed once. */
const packedBodies = new WeakMap<Uint8Array, Promise<Compressed>>()

function packed(body: Uint8Array | string): Promise<Compressed> {
  const { promise, resolve, reject } = Promise.withResolvers<Compressed>()
  gzip(body, { level: 1 }, (error, bytes) => (error ? reject(error) : resolve({ isGzip: true, body: bytes })))
  return promise
}

/** Makes no piece before the one before it is on its way: a slow reader costs no memory. */
async function sendPieces(
  request: Asked,
  response: Reply,
  pieces: Pieces,
  signal: AbortSignal,
): Promise<number> {
  let bytes = 0
  if (request.method !== 'HEAD') {
    for await (const piece of pieces()) {
      bytes += piece.length
      if (signal.aborted) break
      if (!response.write(piece)) await drained(response, signal)
    }
  }
  response.end()
  return bytes
}

async function pipe(response: Reply, body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<void> {
  const reader = body.getReader()
  const stop = () => void reader.cancel(signal.reason)
  signal.addEventListener('abort', stop, { once: true })
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      if (!response.write(part.value)) await drained(response, signal)
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function drained(response: Reply, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const done = () => {
    signal.removeEventListener('abort', done)
    resolve()
  }
  response.once('drain', done)
  signal.addEventListener('abort', done, { once: true })
  if (signal.aborted) done()
  return promise
}

/** When so much waits to be sent, whoever brings more is asked to wait. */
const waitingEventsMax = 64
const waitingBytesMax = 256 << 10

async function stream(
  response: Reply,
  { run, encode, sent }: WatchAnswer,
  signal: AbortSignal,
  fanout: Fanout,
): Promise<void> {
  const stop = new AbortController()
  let waiting: (readonly ServedEvent[])[] = []
  let count = 0
  let bytes = 0
  let failure: { readonly error: unknown } | undefined
  let taken: PromiseWithResolvers<void> | undefined
  const send = () => {
    const batches = waiting
    waiting = []
    count = 0
    bytes = 0
    try {
      if (batches.length > 0) response.write(joined(batches, encode, sent))
    } catch (error) {
      failure = { error }
      stop.abort()
    }
    const { resolve } = taken ?? {}
    taken = undefined
    if (resolve && response.writableNeedDrain) void drained(response, signal).then(resolve)
    else resolve?.()
  }
  const sink = (events: readonly ServedEvent[]) => {
    if (waiting.push(events) === 1) fanout(send)
    count += events.length
    for (const { servable } of events) bytes += servable?.storedBytes ?? 0
    if (count < waitingEventsMax && bytes < waitingBytesMax && !response.writableNeedDrain) return undefined
    taken ??= Promise.withResolvers<void>()
    return taken.promise
  }
  try {
    await run(sink, AbortSignal.any([signal, stop.signal]))
  } catch (error) {
    failure ??= { error }
  }
  send()
  if (failure && !response.writableEnded)
    response.write(encode({ type: 'ERROR', object: toErrorObject(failure.error) }))
}

type Encode = WatchAnswer['encode']
type Batches = readonly (readonly ServedEvent[])[]

interface Joined {
  readonly batches: Batches
  readonly bytes: Uint8Array
  readonly sizes: readonly number[]
}

const known = new WeakMap<readonly ServedEvent[], Map<Encode, Joined>>()

/** The same batches go to many watchers: they are put together once for all that write alike. */
function joined(batches: Batches, encode: Encode, sent: WatchAnswer['sent']): Uint8Array {
  const last = batches.at(-1)!
  if (batches.length === 1 && last.length === 1) {
    const bytes = encode(last[0]!)
    sent(bytes.length)
    return bytes
  }
  const all = joinedMany(batches, last, encode)
  for (const size of all.sizes) sent(size)
  return all.bytes
}

function joinedMany(batches: Batches, last: Batches[number], encode: Encode): Joined {
  const byEncode = memo(known, last, () => new Map())
  const found = byEncode.get(encode)
  if (found && isSame(found.batches, batches)) return found
  const pieces = batches.flatMap(events => events.map(encode))
  const made = { batches, bytes: Buffer.concat(pieces), sizes: pieces.map(({ length }) => length) }
  byEncode.set(encode, made)
  return made
}

function isSame(a: Batches, b: Batches): boolean {
  return a.length === b.length && a.every((batch, index) => batch === b[index])
}

function toErrorObject(error: unknown): KubeObject {
  const known =
    error instanceof StatusError ? error : internalError(error instanceof Error ? error : String(error))
  return known.status as Status & KubeObject
}

/** What an answer depends on besides how it travels. */
function varied({ vary }: Answer['headers']): { vary?: string } {
  if (typeof vary !== 'string') return {}
  return { vary: vary.includes(gzipHeaders.vary) ? vary : `${gzipHeaders.vary}, ${vary}` }
}
