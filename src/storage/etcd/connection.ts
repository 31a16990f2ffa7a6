import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import type { Client, ClientDuplexStream, ClientOptions, ServiceError } from '@grpc/grpc-js'
import type { Metrics } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import {
  type Codecs,
  loadCodecs,
  type MessageCodec,
  type RangeRequest,
  type RangeResponse,
  type StatusResponse,
  type TxnRequest,
  type TxnResponse,
  type WatchRequest,
  type WatchResponse,
} from './messages.ts'
import { type CallMeter, grpcMeter } from './meter.ts'

export interface EtcdTls {
  /** All PEM. */
  readonly ca?: Buffer
  readonly certificate?: Buffer
  readonly key?: Buffer
}

export interface ConnectionOptions {
  /** `http://host:2379` or `https://host:2379`, all members of one etcd. */
  readonly endpoints: readonly string[]
  readonly tls?: EtcdTls
  /** Where a member is met instead, in gRPC's words (`unix:///…`); it is believed as the one of its endpoint. */
  readonly addressOf?: ((endpoint: string) => string | undefined) | undefined
  readonly clock: Clock
  readonly metrics?: Metrics | undefined
}

/** The members of one etcd; whoever answered last is asked first. */
export interface EtcdConnection {
  /** Asks the next member when one cannot be reached. Rejects with `EtcdError`. */
  range(request: RangeRequest): Promise<RangeResponse>
  /** Asked once: a failure says nothing of whether it was done, unless `isUnsent`. Rejects with `EtcdError`. */
  txn(request: TxnRequest): Promise<TxnResponse>
  compact(revision: number): Promise<void>
  /** Of the member that is asked just now. Rejects with `EtcdError`. */
  status(): Promise<StatusResponse>
  /** A stream of its own to the member that is there. Rejects with `EtcdError` when none is. */
  watch(): Promise<WatchStream>
  close(): void
}

export type WatchStream = Pick<
  ClientDuplexStream<WatchRequest, WatchResponse>,
  'on' | 'write' | 'cancel' | 'end'
>

/** Why etcd gave no answer, or what it refused. */
export class EtcdError extends Error {
  override name = 'EtcdError'
  /** Of gRPC. */
  readonly code: number
  /** It never left this process. */
  readonly isUnsent: boolean
  constructor(code: number, details: string, isUnsent = false) {
    super(details)
    this.code = code
    this.isUnsent = isUnsent
  }
}

const unavailable = 14
/** gRPC's OutOfRange: history that is gone, or not there yet. */
export const outOfRange = 11
/** Worth asking another member: cancelled by our own timer, its deadline over, unavailable. */
const elsewhere: ReadonlySet<number> = new Set([1, 4, unavailable])

const callTimeoutMs = 10_000
/** For a member to answer what can be asked of another one, too: it may stand still. */
const patienceMs = 2_500
/** For a member to be there at all. */
const connectTimeoutMs = 2_000
const ready = 2

const channelOptions: ClientOptions = {
  'grpc.use_local_subchannel_pool': 1,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // Upstream's, of the API server's client.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
}

/** Makes clients for all endpoints, without asking for anything yet; gRPC is loaded with the first. */
export async function connectEtcd(options: ConnectionOptions): Promise<EtcdConnection> {
  const { Client, Metadata, credentials } = await import('@grpc/grpc-js')
  const codecs = await loadCodecs()
  const secure = (address: string) => {
    const { ca, key, certificate } = options.tls ?? {}
    return credentials.createSsl(ca ?? null, key ?? null, certificate ?? null, {
      checkServerIdentity: (_, presented) => checkServerIdentity(address, presented),
    })
  }
  const make = (endpoint: string) => {
    const { protocol, host, hostname } = new URL(endpoint)
    const met = options.addressOf?.(endpoint)
    const authority = met === undefined ? {} : { 'grpc.default_authority': host }
    const target = met ?? host
    if (protocol === 'http:')
      return new Client(target, credentials.createInsecure(), { ...channelOptions, ...authority })
    const address = hostname.replace(/^\[|\]$/g, '')
    // An address is no name to ask for in TLS: the certificate is held against the address all the same.
    const name = isIP(address) > 0 ? 'etcd' : met && address
    const named = name === undefined ? {} : { 'grpc.ssl_target_name_override': name }
    return new Client(target, secure(address), { ...channelOptions, ...authority, ...named })
  }
  // A member without a leader knows nothing new: it shall say so instead of keeping silent.
  const metadata = new Metadata()
  metadata.set('hasleader', 'true')
  const members = createMembers(options.endpoints.map(make), options.clock)
  const meter = grpcMeter(options.metrics)
  const unary = <Request, Response>(path: string, codec: MessageCodec<Request, Response>) =>
    async function call(request: Request, timeoutMs = callTimeoutMs): Promise<Response> {
      const client = await members.pick()
      try {
        const call = meter('unary', path)
        return await ask(client, { path, codec, request, call, clock: options.clock, timeoutMs })
      } catch (error) {
        if (error instanceof EtcdError && elsewhere.has(error.code)) members.leave(client)
        throw error
      }
    }
  return { ...methods(codecs, unary, members.count), close: () => members.close(), watch }

  async function watch(): Promise<WatchStream> {
    const client = await members.pick()
    const { encode, decode } = codecs.watch
    const path = '/etcdserverpb.Watch/Watch'
    const call = meter('bidi_stream', path)
    const counted = (request: WatchRequest) => {
      call.sent()
      return encode(request)
    }
    const stream = client.makeBidiStreamRequest(path, counted, decode, metadata)
    stream.on('error', () => members.leave(client))
    stream.on('data', call.received)
    stream.on('status', ({ code }) => call.ended(code))
    return stream
  }
}

type Unary = <Request, Response>(
  path: string,
  codec: MessageCodec<Request, Response>,
) => (request: Request, timeoutMs?: number) => Promise<Response>

function methods(codecs: Codecs, unary: Unary, members: number) {
  const range = unary('/etcdserverpb.KV/Range', codecs.range)
  const compact = unary('/etcdserverpb.KV/Compact', codecs.compact)
  const status = unary('/etcdserverpb.Maintenance/Status', codecs.status)
  return {
    async range(request: RangeRequest): Promise<RangeResponse> {
      for (let tries = 1; ; tries++) {
        try {
          return await range(request, tries < members ? patienceMs : callTimeoutMs)
        } catch (error) {
          const isLost = error instanceof EtcdError && elsewhere.has(error.code) && !error.isUnsent
          if (!isLost || tries > members) throw error
        }
      }
    },
    txn: unary('/etcdserverpb.KV/Txn', codecs.txn),
    status: () => status({}),
    async compact(revision: number): Promise<void> {
      await compact({ revision })
    },
  }
}

interface Ask<Request, Response> {
  readonly path: string
  readonly codec: MessageCodec<Request, Response>
  readonly request: Request
  readonly call: CallMeter
  readonly clock: Clock
  readonly timeoutMs: number
}

function ask<Request, Response>(
  client: Client,
  { path, codec, request, call, clock, timeoutMs }: Ask<Request, Response>,
): Promise<Response> {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  const done = (error: ServiceError | null, answer?: Response) => {
    cancelTimer()
    call.ended(error?.code ?? 0)
    if (error || answer === undefined)
      reject(new EtcdError(error?.code ?? unavailable, error?.details ?? 'no answer'))
    else resolve(answer)
  }
  call.sent()
  const asked = client.makeUnaryRequest(path, codec.encode, codec.decode, request, done)
  const cancelTimer = clock.setTimer(timeoutMs, () => asked.cancel())
  return promise
}

/** Which of the clients is asked: the one that answered last, while it is connected. */
function createMembers(clients: readonly Client[], clock: Clock) {
  let current = 0
  const arriving = new Map<Client, Promise<Client>>()
  const whenReady = (client: Client) => {
    const known = arriving.get(client) ?? readiness(client).finally(() => arriving.delete(client))
    arriving.set(client, known)
    return known
  }
  const firstReady = async () => {
    const late = Promise.withResolvers<never>()
    const cancel = clock.setTimer(connectTimeoutMs, () =>
      late.reject(new EtcdError(unavailable, 'no member of etcd can be reached', true)),
    )
    const found = await Promise.race([Promise.any(clients.map(whenReady)), late.promise]).finally(cancel)
    current = clients.indexOf(found)
    return found
  }
  return {
    count: clients.length,
    pick(): Client | Promise<Client> {
      const preferred = clients[current]!
      return preferred.getChannel().getConnectivityState(true) === ready ? preferred : firstReady()
    },
    /** The next one is asked first from now on. */
    leave(client: Client): void {
      if (clients[current] === client) current = (current + 1) % clients.length
    },
    close(): void {
      for (const client of clients) client.close()
    },
  }
}

function readiness(client: Client): Promise<Client> {
  return new Promise((resolve, reject) =>
    client.waitForReady(Number.POSITIVE_INFINITY, error => (error ? reject(error) : resolve(client))),
  )
}
