import { type IncomingMessage, STATUS_CODES } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import type { Duplex, Transform } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { internalError, plainFailure, serviceUnavailable } from '../../machinery/status/errors.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { joinHostPort } from '../../std/host-port.ts'
import { messageOf } from '../../std/message.ts'
import type { Ports } from '../../std/ports.ts'
import type { Handler, RawResponse, RequestContext, UpgradeTarget } from '../context.ts'
import { type Dial, dialSecured } from '../egress/dial.ts'
import { tlsOptions } from '../subresources/forward.ts'
import { headersOf, toContext, withCommonHeaders } from './front.ts'
import { lastResponse } from './http1.ts'
import { pacedStream } from './paced-stream.ts'
import { type Answer, failureAnswer, toAnswer } from './respond.ts'
import { answerOverWebsocket, asksForWebsocket } from './websocket-answer.ts'
import { writeAnswer } from './write.ts'

export interface UpgradeOptions {
  readonly handler: Handler
  readonly ports: Ports
  readonly stopping: AbortSignal
  /** Of each direction of a connection. Default: as fast as it goes. */
  readonly bytesPerSecondMax?: number | undefined
}

const connectTimeoutMs = 30_000
/** The client's identity ends here; the target knows the server by its certificate. */
const droppedHeaders = /^(authorization|impersonate-.*|x-remote-.*)$/i

/**
 * Serves HTTP/1.1 upgrades (SPDY/3.1, WebSocket): after the chain has let the request pass, the two connections are
 * joined byte by byte. An upgrade that the target refuses is answered with the target's words and closed.
 */
export function createUpgradeHandler({ handler, ports, stopping, bytesPerSecondMax }: UpgradeOptions) {
  const pace = bytesPerSecondMax ? () => pacedStream(ports.clock, bytesPerSecondMax) : undefined
  return async function serveUpgrade(request: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    const gone = new AbortController()
    client.on('close', () => gone.abort())
    client.on('error', () => gone.abort())
    const headers = headersOf(request)
    let context: RequestContext | undefined
    let code = 101
    try {
      const rest = {
        auditId: ports.random.uuid(),
        warnings: [],
        body: { kind: 'none' },
        signal: () => gone.signal,
      } as const
      context = toContext(request, headers, { ...rest, warnings: [] })
      const response = await handler(context)
      if (response.kind === 'raw' && isStreamed(context, response) && asksForWebsocket(request))
        return await answerOverWebsocket(request, { client, head }, response)
      if (response.kind !== 'upgrade') {
        code = await answerPlainly(request, client, context, toAnswer(context, response, ports.clock))
        return context.done?.(code, 0)
      }
      await splice(
        { request, headers: context.headers },
        { client, head, pace },
        response.target,
        ports,
        AbortSignal.any([gone.signal, stopping]),
      )
    } catch (error) {
      const known = error instanceof StatusError ? error : internalError(String(error))
      code = known.code
      refuse(client, known, headers)
    }
    finish(client, () => context?.done?.(code, 0))
  }
}

/** What upstream has a WebSocket for besides upgrades: the answers of a ResourceStreamer, which are logs. */
function isStreamed({ info }: RequestContext, { status }: RawResponse): boolean {
  return status === 200 && info.subresource === 'log'
}

/** As if nobody had wished for an upgrade: what has none is answered all the same (net/http). */
async function answerPlainly(
  request: IncomingMessage,
  client: Socket,
  context: RequestContext,
  answer: Answer,
): Promise<number> {
  const { auditId, signal } = context
  const whole = withCommonHeaders({ answer, auditId, context })
  const sending = { signal: () => signal, fanout: (send: () => void) => send() }
  await writeAnswer(request, lastResponse(request, client), whole, sending)
  return answer.status
}

function finish(client: Socket, tell: () => void): void {
  if (client.destroyed) tell()
  else client.once('close', tell)
}

function refuse(client: Socket, error: StatusError, headers: Readonly<Record<string, string>>): void {
  if (client.destroyed) return
  const { status, body } = failureAnswer({ headers, userAgent: headers['user-agent'] ?? '' }, error)
  const bytes = Buffer.from(body as string | Uint8Array)
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}`,
    'Cache-Control: no-cache, private',
    'Content-Type: application/json',
    `Content-Length: ${bytes.length}`,
    'Connection: close',
  ]
  client.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]))
}

interface AskedUpgrade {
  readonly request: IncomingMessage
  /** Those that may be passed on, besides what is never. */
  readonly headers: RequestContext['headers']
}

interface ClientEnd {
  readonly client: Socket
  readonly head: Buffer
  /** Slows one direction down; absent: nothing does. */
  readonly pace: (() => Transform) | undefined
}

async function splice(
  asked: AskedUpgrade,
  { client, head, pace }: ClientEnd,
  target: UpgradeTarget,
  ports: Ports,
  signal: AbortSignal,
): Promise<void> {
  const backend = await dial(target, ports)
  const close = () => {
    backend.destroy()
    client.destroy()
  }
  signal.addEventListener('abort', close, { once: true })
  backend.on('error', close)
  backend.on('close', () => client.end())
  client.on('close', () => backend.destroy())
  backend.write(requestHead(asked, target))
  if (head.length > 0) backend.write(head)
  through(client, pace?.(), backend)
  client.write(await acceptance(backend))
  through(backend, pace?.(), client)
}

function through(from: Duplex, pace: Transform | undefined, to: Duplex): void {
  if (!pace) {
    from.pipe(to)
    return
  }
  from.pipe(pace).pipe(to)
  from.once('close', () => pace.destroy())
}

const statusLineBytes = 'HTTP/1.1 101'.length

/**
 * The first bytes of the answer to an upgrade: 101, or a refusal in the target's own words. Nothing else goes to the
 * client; a redirect would lead it, and what it shows, elsewhere (apimachinery pkg/util/proxy tryUpgrade).
 */
async function acceptance(backend: Duplex): Promise<Buffer> {
  const first = await firstBytes(backend, statusLineBytes)
  const code = Number(/^HTTP\/1\.[01] (\d{3})/.exec(first.toString('latin1', 0, statusLineBytes))?.[1])
  if (code === 101 || !(code < 400)) return first
  backend.destroy()
  throw plainFailure(`invalid upgrade response: status code ${code}`)
}

/** As many, or all that come. */
function firstBytes(socket: Duplex, count: number): Promise<Buffer> {
  const { promise, resolve } = Promise.withResolvers<Buffer>()
  let seen: Buffer = Buffer.alloc(0)
  const end = () => resolve(seen)
  const take = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk])
    if (seen.length < count) return
    socket.pause()
    end()
  }
  socket.on('data', take)
  socket.once('close', end)
  return promise.finally(() => {
    socket.off('data', take)
    socket.off('close', end)
  })
}

function requestHead({ request, headers }: AskedUpgrade, target: UpgradeTarget): string {
  const { host, port, path } = target
  const { rawHeaders, method = 'GET' } = request
  let text = `${method} ${path} HTTP/1.1\r\n`
  if (!request.headers.host) text += `Host: ${joinHostPort(host, port)}\r\n`
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (!droppedHeaders.test(name) && name.toLowerCase() in headers)
      text += `${name}: ${rawHeaders[index + 1]}\r\n`
  }
  for (const [name, values] of Object.entries(target.headers ?? {}))
    for (const value of [values].flat()) text += `${name}: ${value}\r\n`
  return `${text}\r\n`
}

async function dial(target: UpgradeTarget, { clock }: Ports): Promise<Duplex> {
  const { host, port, tls } = target
  if (target.dial)
    return reachedThrough(target.dial, target).catch(error => {
      throw serviceUnavailable(`error dialing backend: ${messageOf(error)}`)
    })
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const socket: Socket = tls
    ? connectTls({ host, port, ...tlsOptions(tls), ALPNProtocols: ['http/1.1'] }, () => resolve(socket))
    : connectTcp({ host, port }, () => resolve(socket))
  const cancel = clock.setTimer(connectTimeoutMs, () => socket.destroy(new Error('connection timed out')))
  socket.once('error', error => reject(serviceUnavailable(`error dialing backend: ${error.message}`)))
  return promise.finally(cancel)
}

/** A proxy's dial gives up by itself. */
function reachedThrough(through: Dial, { host, port, tls }: UpgradeTarget): Promise<Duplex> {
  if (!tls) return through(host, port)
  return dialSecured(through, { host, port }, { ...tlsOptions(tls), ALPNProtocols: ['http/1.1'] })
}
