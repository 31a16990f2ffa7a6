import type { KubeObject } from '../machinery/meta/object.ts'
import { StatusError } from '../machinery/status/status.ts'
import type { Ports } from '../std/ports.ts'
import { methods, pathOf, queryOf } from './path.ts'
import { type ClientMeter, createClientMeter } from './request-metrics.ts'
import type { ApiCall, Transport } from './transport.ts'
import { fallback, readEvents, readJson, toStatusError } from './wire-answer.ts'

/** Who we are and whom we trust. Read anew for every request, so that rotated files count at once. */
export interface HttpIdentity {
  /** `https://192.0.2.7:6443` */
  readonly server: string
  readonly caPem?: string
  readonly token?: string
  readonly certPem?: string
  readonly keyPem?: string
}

export interface HttpTransportOptions {
  readonly identity: () => HttpIdentity | Promise<HttpIdentity>
  readonly ports: Ports
  readonly userAgent: string
  /** Default: the platform's fetch. */
  readonly fetch?: Fetch
}

/** The part of Bun's fetch that is used; `tls` is its own. */
export type Fetch = (url: string, init: HttpInit) => Promise<Response>

export interface HttpInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal?: AbortSignal
  /** Bun's own limit of five idle minutes would cut quiet watches; the deadline is ours. */
  readonly timeout: false
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

const callTimeoutMs = 60_000
/** client-go's reflector: a watch is asked to end after 5 to 10 minutes, so that a dead connection is noticed. */
const watchMinSeconds = 300
const watchGraceMs = 30_000

/** A transport over HTTPS and JSON, for components that live in another process than the API server. */
export function createHttpTransport(options: HttpTransportOptions): Transport {
  const sending = { ...options, meter: createClientMeter(options.ports) }
  return {
    async call(call) {
      return await withDeadline(options, callTimeoutMs, undefined, async signal => {
        const response = await send(sending, call, queryOf(call.options), signal)
        return (await readJson(response)) as unknown as KubeObject
      })
    },
    async watch(call, sink, signal) {
      const { random } = options.ports
      const timeoutSeconds = call.options?.timeoutSeconds ?? Math.ceil(watchMinSeconds * (1 + random.next()))
      const query = queryOf({ ...call.options, timeoutSeconds }, true)
      await withDeadline(options, timeoutSeconds * 1000 + watchGraceMs, signal, async until => {
        const response = await send(sending, call, query, until)
        await readEvents(response, sink)
      })
    },
  }
}

/** Runs a request that is broken off when its time is over or `outer` aborts; the latter ends it quietly. */
async function withDeadline<T>(
  { ports }: HttpTransportOptions,
  deadlineMs: number,
  outer: AbortSignal | undefined,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const stop = new AbortController()
  const cancel = ports.clock.setTimer(deadlineMs, () => stop.abort())
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal
  try {
    return await run(signal)
  } catch (error) {
    // What an aborted request would have answered nobody waits for.
    if (outer?.aborted) return undefined as T
    if (error instanceof StatusError) throw error
    throw stop.signal.aborted
      ? unavailable(`no answer within ${deadlineMs / 1000} s`, 504)
      : unavailable(String(error), 503)
  } finally {
    cancel()
  }
}

async function send(
  options: HttpTransportOptions & { readonly meter: ClientMeter },
  call: ApiCall,
  query: string,
  signal: AbortSignal,
): Promise<Response> {
  const { server, caPem, token, certPem, keyPem } = await options.identity()
  const url = `${server}${pathOf(call)}${query ? `?${query}` : ''}`
  const headers: Record<string, string> = { accept: 'application/json', 'user-agent': options.userAgent }
  if (token) headers.authorization = `Bearer ${token}`
  if (call.body !== undefined) headers['content-type'] = call.patchType ?? 'application/json'
  const body = call.body === undefined ? undefined : JSON.stringify(call.body)
  const tls = { ca: caPem, cert: certPem, key: keyPem }
  const fetcher = options.fetch ?? (fetch as unknown as Fetch)
  const method = methods[call.verb]
  const response = await options.meter(method, new URL(server).host, () =>
    fetcher(url, { method, headers, body, signal, tls, timeout: false }),
  )
  if (!response.ok) throw await toStatusError(response)
  return response
}

function unavailable(message: string, code: number): StatusError {
  return new StatusError(fallback(code, message))
}
