import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { joinHostPort } from '../../std/host-port.ts'
import type { HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'
import type { Clock, Random } from '../../std/ports.ts'
import type { EgressConnection, EgressTls } from './configuration.ts'
import type { Dial } from './dial.ts'
import { connectProxy, nameOf, type ProxyPlace, tunnelThrough } from './http-connect.ts'
import { dialKonnectivity } from './konnectivity.ts'

export interface DialerParts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'setTimer'>
  readonly random: Pick<Random, 'next'>
  readonly metrics: Metrics
  /** PEM of a file. Throws `Error` when it cannot be read. */
  readonly readFile: (path: string) => string
}

const family = 'apiserver_egress_dialer_'
const labels = ['protocol', 'transport']
const starts: MetricSpec = {
  ...{ name: `${family}dial_start_total`, help: 'Dials through a proxy.', labels, stability: 'ALPHA' },
}
const failures: MetricSpec = {
  ...{ name: `${family}dial_failure_count`, help: 'Dials that failed: at the proxy, or behind it.' },
  ...{ labels: [...labels, 'stage'], stability: 'ALPHA' },
}
const latencies: HistogramSpec = {
  ...{ name: `${family}dial_duration_seconds`, help: 'Seconds that dials took.', labels, stability: 'ALPHA' },
  buckets: [0.005, 0.025, 0.1, 0.5, 2.5, 12.5],
}

const timeoutMs = 30_000
const idMax = 2 ** 31

/** How a checked connection is made (apiserver pkg/server/egressselector); undefined: directly. */
export function dialerOf(connection: EgressConnection, parts: DialerParts): Dial | undefined {
  const { proxyProtocol, transport = {} } = connection
  const { udsName = '' } = transport.uds ?? {}
  const id = () => 1 + Math.floor(parts.random.next() * (idMax - 1))
  switch (proxyProtocol) {
    case 'GRPC':
      return measured(parts, ['grpc', 'uds'], to => ({
        connect: async () => undefined,
        proxy: () => dialKonnectivity(udsName, to, id()),
      }))
    case 'HTTPConnect': {
      const place = transport.tcp ? placeOf(transport.tcp, parts) : { path: udsName }
      return measured<Socket>(parts, ['http_connect', transport.tcp ? 'tcp' : 'uds'], to => ({
        connect: () => connectProxy(place),
        proxy: socket => tunnelThrough(socket, nameOf(place), to),
      }))
    }
    default:
      return undefined
  }
}

function placeOf(
  { url = '', tlsConfig }: { readonly url?: string; readonly tlsConfig?: EgressTls },
  { readFile }: DialerParts,
): ProxyPlace {
  const { protocol, hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  const usual = protocol === 'https:' ? 443 : 80
  const at = { host, port: Number(port) || usual }
  if (!tlsConfig) return at
  const { caBundle, clientCert = '', clientKey = '' } = tlsConfig
  const own = { cert: readFile(clientCert), key: readFile(clientKey) }
  return { ...at, tls: { ...own, ...(caBundle && { ca: readFile(caBundle) }) } }
}

interface Steps<S> {
  connect(): Promise<S>
  proxy(server: S): Promise<Duplex>
}

/** Counts and times dials, and gives them up in the end. */
function measured<S>(
  { clock, metrics }: DialerParts,
  [protocol, transport]: readonly [string, string],
  steps: (to: string) => Steps<S>,
): Dial {
  const started = metrics.counter(starts).with(protocol, transport)
  const took = metrics.histogram(latencies).with(protocol, transport)
  const failed = metrics.counter(failures)
  return async (host, port) => {
    const { connect, proxy } = steps(joinHostPort(host, port))
    const startMs = clock.monotonicMs()
    started.inc()
    let stage = 'connect'
    const dial = async () => {
      const server = await connect()
      stage = 'proxy'
      return proxy(server)
    }
    try {
      const socket = await inTime(dial(), clock)
      took.observe((clock.monotonicMs() - startMs) / 1000)
      return socket
    } catch (error) {
      failed.with(protocol, transport, stage).inc()
      throw error
    }
  }
}

/** What comes too late is closed. */
async function inTime(dialing: Promise<Duplex>, clock: Pick<Clock, 'setTimer'>): Promise<Duplex> {
  const late = Promise.withResolvers<never>()
  let isLate = false
  const cancel = clock.setTimer(timeoutMs, () => {
    isLate = true
    late.reject(new Error('dial timeout, context: context deadline exceeded'))
  })
  const closing = dialing.then(socket => {
    if (isLate) socket.destroy()
    return socket
  })
  try {
    return await Promise.race([closing, late.promise])
  } finally {
    cancel()
  }
}
