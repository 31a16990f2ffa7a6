import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttp, request as httpRequest, type IncomingMessage } from 'node:http'
import { createServer as createHttps, request as httpsRequest, type Server } from 'node:https'
import type { AddressInfo, Server as NetServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { realPorts } from '../../std/real-ports.ts'
import { issueCa, issueLeaf } from '../pki/issue.ts'
import { type EgressConnection, readEgressConfiguration } from './configuration.ts'
import { connectionThrough, type Dial } from './dial.ts'
import { dialerOf } from './dialer.ts'
import { serveConnect, serveKonnectivity, type TestProxy } from './testing.ts'

const folder = mkdtempSync(join(tmpdir(), 'hutch-egress-'))
const at = (name: string) => join(folder, name)
const ports = { ...realPorts(silentLogger), metrics: createMetrics() }
const context = { nowMs: Date.now(), random: ports.random }
const ca = await issueCa('ca', context)
const leaf = await issueLeaf(
  ca,
  {
    ...{ commonName: 'far', organizations: [], names: ['far.tools.svc', '127.0.0.1'] },
    uses: ['serverAuth', 'clientAuth'],
  },
  context,
)
const secured = { key: leaf.key, cert: leaf.certificate, ca: ca.certificate }

/** Tells what it heard, and whether it believes who asks. */
const tell = (request: IncomingMessage, response: { end(text: string): unknown }) => {
  let body = ''
  request.on('data', chunk => {
    body += chunk
  })
  request.on('end', () => response.end(`${request.method} ${request.url} ${body.length}`))
}
const large = 'x'.repeat(3_000_000)
let plain: NetServer
let far: Server
const portOf = (server: NetServer | Server) => (server.address() as AddressInfo).port
let isSecure = false
const target = () => portOf(isSecure ? far : plain)

type Way = readonly [name: string, connection: () => EgressConnection, proxy: () => TestProxy]
const proxies = new Map<string, TestProxy>()
let [tcpPort, tlsPort] = [0, 0]
const ways: readonly Way[] = [
  [
    'HTTPConnect over TCP',
    () => ({
      proxyProtocol: 'HTTPConnect',
      transport: { tcp: { url: `http://127.0.0.1:${tcpPort}` } },
    }),
    () => proxies.get('tcp')!,
  ],
  [
    'HTTPConnect over TLS',
    () => ({
      proxyProtocol: 'HTTPConnect',
      transport: {
        tcp: {
          url: `https://127.0.0.1:${tlsPort}`,
          tlsConfig: { caBundle: at('ca'), clientCert: at('cert'), clientKey: at('key') },
        },
      },
    }),
    () => proxies.get('tls')!,
  ],
  [
    'HTTPConnect at a socket',
    () => ({ proxyProtocol: 'HTTPConnect', transport: { uds: { udsName: at('http.sock') } } }),
    () => proxies.get('uds')!,
  ],
  [
    'GRPC at a socket',
    () => ({ proxyProtocol: 'GRPC', transport: { uds: { udsName: at('grpc.sock') } } }),
    () => proxies.get('grpc')!,
  ],
]

beforeAll(async () => {
  for (const [name, text] of [
    ['ca', ca.certificate],
    ['cert', leaf.certificate],
    ['key', leaf.key],
  ] as const)
    writeFileSync(at(name), text)
  plain = createHttp(tell).listen(0, '127.0.0.1')
  far = createHttps({ ...secured, requestCert: true, rejectUnauthorized: true }, tell).listen(0, '127.0.0.1')
  const tcp = await serveConnect(target)
  const tls = await serveConnect(target, { tls: { ...secured, requestCert: true, rejectUnauthorized: true } })
  proxies.set('tcp', tcp)
  proxies.set('tls', tls)
  proxies.set('uds', await serveConnect(target, { path: at('http.sock') }))
  proxies.set('grpc', await serveKonnectivity(target, at('grpc.sock')))
  ;[tcpPort, tlsPort] = [tcp.port, tls.port]
}, 60_000)
afterAll(() => {
  for (const proxy of proxies.values()) proxy.stop()
  plain.close()
  far.close()
  far.closeAllConnections()
  rmSync(folder, { recursive: true })
}, 60_000)

const dialOf = (connection: EgressConnection): Dial =>
  dialerOf(connection, {
    ...ports,
    readFile: path => (path === at('ca') ? ca.certificate : path === at('key') ? leaf.key : leaf.certificate),
  })!

async function send(dial: Dial, host: string, body = ''): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const to = { host, port: 443, dial }
  const tls = { ...secured, servername: 'far.tools.svc' }
  const receive = (answer: IncomingMessage) => {
    let text = ''
    answer.on('data', chunk => {
      text += chunk
    })
    answer.on('end', () => resolve(text))
  }
  const common = { host, port: 443, method: 'POST', path: '/x?y=z' }
  const sent = isSecure
    ? httpsRequest({ ...common, ...tls, ...connectionThrough(to, tls) }, receive)
    : httpRequest({ ...common, ...connectionThrough(to) }, receive)
  sent.on('error', reject)
  sent.end(body)
  return promise
}

async function complaint(work: () => unknown): Promise<string> {
  try {
    await work()
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe.each(ways)('%s', (_name, connection, proxy) => {
  test.each([false, true])(
    'leads requests to where the proxy reaches, TLS %p',
    async withTls => {
      isSecure = withTls
      const dial = dialOf(connection())
      expect(await send(dial, 'far.tools.svc', large)).toBe('POST /x?y=z 3000000')
      expect(await send(dial, '2001:db8::7')).toBe('POST /x?y=z 0')
      expect(proxy().asked.slice(-2)).toEqual(['far.tools.svc:443', '[2001:db8::7]:443'])
    },
    60_000,
  )

  test('tells why there is no way, and counts it', async () => {
    isSecure = false
    const why = await complaint(() => send(dialOf(connection()), 'refused.tools.svc'))
    const name = connection().transport?.tcp ? '127.0.0.1:' : at('http.sock')
    if (connection().proxyProtocol === 'GRPC')
      expect(why).toBe('dial tcp refused.tools.svc:443: connection refused')
    else {
      expect(why).toStartWith(`proxy error from ${name}`)
      expect(why).toEndWith('while dialing refused.tools.svc:443, code 403: 403 Forbidden')
    }
    expect(ports.metrics.text()).toMatch(
      /apiserver_egress_dialer_dial_failure_count\{[^}]*stage="proxy"[^}]*\} [1-9]/,
    )
  }, 60_000)
})

test('a proxy that is not there is told as such', async () => {
  const transport = { uds: { udsName: at('none.sock') } }
  for (const proxyProtocol of ['HTTPConnect', 'GRPC'])
    expect(await complaint(() => dialOf({ proxyProtocol, transport })('a', 1))).not.toBe('')
  expect(dialerOf({ proxyProtocol: 'Direct' }, { ...ports, readFile: () => '' })).toBeUndefined()
}, 60_000)

const configured = (selections: string) =>
  readEgressConfiguration(
    `apiVersion: apiserver.k8s.io/v1beta1\nkind: EgressSelectorConfiguration\negressSelections:\n${selections}`,
    path => path === '/there',
  )
const one = (connection: string) => `- {name: Cluster, connection: ${connection}}\n`

test('a configuration names ways by upstream names', () => {
  const found = configured(
    `${one('{proxyProtocol: Direct}')}- {name: etcd, connection: {proxyProtocol: GRPC, transport: {uds: {udsName: /s}}}}\n`,
  )
  expect([...found.keys()]).toEqual(['cluster', 'etcd'])
  expect(found.get('etcd')?.transport?.uds?.udsName).toBe('/s')
})

test.each([
  [one('{proxyProtocol: SOCKS}'), 'service.connection.protocol: Unsupported value: "SOCKS"'],
  [one('{proxyProtocol: Direct, transport: {}}'), 'config must be absent for direct connect'],
  [
    one('{proxyProtocol: GRPC}'),
    'service.connection.transport: Required value: transport must be set for GRPC',
  ],
  [
    one('{proxyProtocol: GRPC, transport: {tcp: {url: "https://a"}}}'),
    'service.connection.uds: Required value: UDS must be set with GRPC',
  ],
  [one('{proxyProtocol: GRPC, transport: {uds: {}}}'), 'must be present for UDS connections'],
  [
    one('{proxyProtocol: HTTPConnect, transport: {}}'),
    'service.connection.tcp: Required value: One of TCP or UDS must be set',
  ],
  [
    one('{proxyProtocol: HTTPConnect, transport: {tcp: {url: "ftp://a"}}}'),
    'supported connection protocols are http:// and https://',
  ],
  [
    one('{proxyProtocol: HTTPConnect, transport: {tcp: {url: "https://a"}}}'),
    'TLSConfig must be present when using HTTPS',
  ],
  [
    one(
      '{proxyProtocol: HTTPConnect, transport: {tcp: {url: "https://a", tlsConfig: {clientCert: /gone, clientKey: /there}}}}',
    ),
    'service.connection.tlsConfig.clientCert: Invalid value: "/gone": TLS client cert does not exist',
  ],
  [`${one('{proxyProtocol: Direct}')}${one('{proxyProtocol: Direct}')}`, 'Duplicate value: "cluster"'],
  ['- {name: moon, connection: {proxyProtocol: Direct}}\n', 'Unsupported value: "moon"'],
])('%j is refused', (selections, why) => {
  expect(() => configured(selections)).toThrow(why)
})
