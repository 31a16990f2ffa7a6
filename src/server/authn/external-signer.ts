import { createPublicKey } from 'node:crypto'
import type { Metrics } from '../../std/metrics.ts'
import type { Cancel, Ports } from '../../std/ports.ts'
import { connectLocalGrpc, GrpcError, type LocalGrpc } from '../local-grpc/call.ts'
import { bytesAt, decodeMessage, encodeMessage, type Message, textAt } from '../local-grpc/message.ts'
import { algorithmOf, keysOf, type TokenKeys, type VerificationKey } from './token-key.ts'

/** Keys that never leave another program (KEP-740). */
export interface ExternalSigner extends TokenKeys {
  /** Tokens may live this long. */
  readonly lifeSecondsMax: number
  close(): void
}

const syncTimeoutMs = 60_000
const askTimeoutMs = 10_000
const retryMs = 10_000
const lifeSecondsLeast = 600
const idLengthMax = 1024

interface FetchedKeys {
  readonly keys: readonly VerificationKey[]
  /** As told, for comparison. */
  readonly told: string
  readonly dataSeconds: number
  readonly refreshMs: number
}

/**
 * Connects to the signer (k8s.io/externaljwt v1) on the socket at `path`, and reads its keys now, when its hint has
 * passed, and when a token names one that is not known. Rejects when it cannot be asked or makes no sense.
 */
export async function connectExternalSigner(
  path: string,
  ports: Pick<Ports, 'clock' | 'log' | 'metrics'>,
): Promise<ExternalSigner> {
  const plugin = measured(await connectLocalGrpc(`unix:${path}`, 'v1.ExternalJWTSigner', ports.clock), ports)
  const told = signerMetrics(ports.metrics)
  const cache = keyCache(plugin, ports, told)
  const close = () => {
    cache.stop()
    plugin.close()
  }
  const { find, all, cacheSeconds } = cache
  try {
    await cache.start()
    const lifeSecondsMax = await readLife(plugin)
    return {
      lifeSecondsMax,
      close,
      find,
      all,
      cacheSeconds,
      sign: claims => sign(plugin, claims, { find, told }),
    }
  } catch (error) {
    close()
    throw new Error(`while setting up external-jwt-signer: ${(error as Error).message}`)
  }
}

interface KeyCache extends Pick<TokenKeys, 'find' | 'all' | 'cacheSeconds'> {
  start(): Promise<void>
  stop(): void
}

/** The signer's keys, as fresh as it wishes; when it cannot be asked they stay, and it is asked again soon. */
function keyCache(
  plugin: LocalGrpc,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
  told: SignerMetrics,
): KeyCache {
  let fetched: FetchedKeys | undefined
  let refreshAtMs = 0
  let running: Promise<void> | undefined
  let cancel: Cancel | undefined
  const take = (next: FetchedKeys) => {
    if (fetched?.told !== next.told) fetched = next
    refreshAtMs = clock.monotonicMs() + next.refreshMs
    told.fetched('OK', { nowMs: clock.nowMs(), dataSeconds: next.dataSeconds })
  }
  const sync = (): Promise<void> => {
    running ??= fetchKeys(plugin)
      .then(take, error => {
        told.fetched(codeOf(error))
        throw new Error(`while fetching token verification keys: ${(error as Error).message}`)
      })
      .finally(() => {
        running = undefined
      })
    return running
  }
  const refresh = async () => {
    let waitMs = retryMs
    try {
      await sync()
      waitMs = refreshAtMs - clock.monotonicMs()
    } catch (error) {
      log.error('the keys of the external signer stay as they were', { reason: (error as Error).message })
    }
    if (cancel) cancel = clock.setTimer(waitMs, () => void refresh())
  }
  const all = () => fetched?.keys ?? []
  return {
    all,
    cacheSeconds: () => Math.max(0, Math.floor((refreshAtMs - clock.monotonicMs()) / 1000)),
    async find(id) {
      const known = keysOf(all(), id)
      if (known.length > 0) return known
      try {
        await sync()
      } catch (error) {
        log.error('the external signer cannot be asked for a key', { reason: (error as Error).message })
      }
      return keysOf(all(), id)
    },
    async start() {
      await sync()
      cancel = clock.setTimer(refreshAtMs - clock.monotonicMs(), () => void refresh())
    },
    stop() {
      cancel?.()
      cancel = undefined
    },
  }
}

async function readLife(plugin: LocalGrpc): Promise<number> {
  const answer = await plugin.call('Metadata', Buffer.alloc(0), askTimeoutMs)
  const seconds = numberAt(answer, 1)
  if (seconds < lifeSecondsLeast)
    throw new Error(
      `max token life supported by external-jwt-signer (${seconds}s) is less than acceptable (min ${lifeSecondsLeast}s)`,
    )
  return seconds
}

async function fetchKeys(plugin: LocalGrpc): Promise<FetchedKeys> {
  const answer = await plugin.call('FetchKeys', Buffer.alloc(0), syncTimeoutMs).catch(error => {
    throw new Error(`while getting externally supported jwt signing keys: ${(error as Error).message}`, {
      cause: error,
    })
  })
  const refreshSeconds = numberAt(answer, 3)
  if (refreshSeconds <= 0) throw new Error(`found invalid refresh hint (${refreshSeconds}s)`)
  const entries = (answer.get(1) ?? []).filter(entry => entry instanceof Uint8Array)
  if (entries.length === 0) throw new Error('found no keys')
  const [at] = answer.get(2) ?? []
  if (!(at instanceof Uint8Array)) throw new Error('invalid data timestamp: proto: invalid nil Timestamp')
  const keys = entries.map(entry => keyOf(decodeMessage(entry)))
  const told = Buffer.concat([at, ...entries]).toString('base64')
  return { keys, told, dataSeconds: numberAt(decodeMessage(at), 1), refreshMs: refreshSeconds * 1000 }
}

function keyOf(entry: Message): VerificationKey {
  const id = textAt(entry, 1)
  if (id === '' || id.length > idLengthMax)
    throw new Error(`found invalid public key id ${JSON.stringify(id)}`)
  const der = bytesAt(entry, 2)
  if (der.length === 0) throw new Error('found empty public key')
  const key = createPublicKey({ key: Buffer.from(der), format: 'der', type: 'spki' })
  return { id, key, algorithm: algorithmOf(key), isUnpublished: entry.get(3)?.[0] === 1 }
}

interface Signing {
  readonly find: TokenKeys['find']
  readonly told: SignerMetrics
}

async function sign(
  plugin: LocalGrpc,
  claims: Readonly<Record<string, unknown>>,
  { find, told }: Signing,
): Promise<string> {
  try {
    const token = await signedBy(plugin, claims, find)
    told.signed('OK')
    return token
  } catch (error) {
    told.signed(codeOf(error))
    throw error
  }
}

async function signedBy(
  plugin: LocalGrpc,
  claims: Readonly<Record<string, unknown>>,
  find: TokenKeys['find'],
): Promise<string> {
  const payload = Buffer.from(JSON.stringify(claims)).toString('base64url')
  const answer = await plugin.call('Sign', encodeMessage({ 1: payload }), syncTimeoutMs).catch(cause => {
    throw new Error(`while signing jwt: ${(cause as Error).message}`, { cause })
  })
  const header = textAt(answer, 1)
  try {
    const id = headerKeyId(header)
    if ((await find(id)).some(({ isUnpublished }) => isUnpublished))
      throw new Error(`key used for signing JWT (kid: ${id}) is excluded from OIDC discovery docs`)
  } catch (error) {
    throw new Error(`while validating header: ${(error as Error).message}`)
  }
  const signature = textAt(answer, 2)
  if (signature === '') throw new Error('empty signature returned')
  return `${header}.${payload}.${signature}`
}

const headerFields = new Set(['alg', 'kid', 'typ'])
const algorithms = new Set(['RS256', 'ES256', 'ES384', 'ES512'])

/** The key that a header names, if it is a header of ours. */
function headerKeyId(encoded: string): string {
  const header = JSON.parse(Buffer.from(encoded, 'base64url').toString()) as Record<string, unknown>
  const unknown = Object.keys(header).find(field => !headerFields.has(field))
  if (unknown !== undefined) throw new Error(`while parsing header JSON: json: unknown field "${unknown}"`)
  const { alg, kid, typ } = header
  if (typ !== 'JWT') throw new Error('bad type')
  if (typeof kid !== 'string' || kid === '') throw new Error('key id missing')
  if (kid.length > idLengthMax) throw new Error('key id longer than 1 kb')
  if (!algorithms.has(String(alg))) throw new Error(`bad signing algorithm ${JSON.stringify(alg ?? '')}`)
  return kid
}

function numberAt(message: Message, field: number): number {
  const [value] = message.get(field) ?? []
  return typeof value === 'number' ? value : 0
}

function codeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  return cause instanceof GrpcError ? cause.code : 'unknown-non-grpc'
}

const stability = 'ALPHA'
const name = (rest: string) => `apiserver_externaljwt_${rest}`
const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Tells how long each call took, and how it ended. */
function measured(plugin: LocalGrpc, { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): LocalGrpc {
  const seconds = metrics.histogram({
    ...{ name: name('request_duration_seconds'), stability, buckets: secondsBuckets },
    help: 'Seconds that calls to the external signer took.',
    labels: ['method', 'code'],
  })
  return {
    ...plugin,
    async call(method, request, timeoutMs) {
      const startMs = clock.monotonicMs()
      const tell = (code: string) =>
        seconds.with(`/v1.ExternalJWTSigner/${method}`, code).observe((clock.monotonicMs() - startMs) / 1000)
      try {
        const answer = await plugin.call(method, request, timeoutMs)
        tell('OK')
        return answer
      } catch (error) {
        tell(codeOf(error))
        throw error
      }
    },
  }
}

type SignerMetrics = ReturnType<typeof signerMetrics>

function signerMetrics(metrics: Metrics) {
  const counted = (rest: string, help: string) =>
    metrics.counter({ name: name(rest), help, labels: ['code'], stability })
  const moment = (rest: string, help: string) => metrics.gauge({ name: name(rest), help, stability })
  const fetches = counted('fetch_keys_request_total', 'Attempts to read the keys of the external signer.')
  const signs = counted('sign_request_total', 'Attempts to have a token signed by the external signer.')
  const at = moment('fetch_keys_success_timestamp', 'When its keys were read last, in Unix seconds.')
  const dataAt = moment('fetch_keys_data_timestamp', 'Of when its keys are, in Unix seconds.')
  return {
    fetched(code: string, times?: { readonly nowMs: number; readonly dataSeconds: number }): void {
      fetches.with(code).inc()
      if (!times) return
      at.with().set(times.nowMs / 1000)
      dataAt.with().set(times.dataSeconds)
    },
    signed: (code: string) => signs.with(code).inc(),
  }
}
