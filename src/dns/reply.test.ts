import { describe, expect, test } from 'bun:test'
import { decode, encode, type RecordType } from 'dns-packet'
import type { Service } from '../api/types/core-v1.gen.ts'
import type { EndpointSlice } from '../api/types/discovery-v1.gen.ts'
import { silentLogger } from '../std/log.ts'
import { realClock } from '../std/real-ports.ts'
import { listenDns } from './listen.ts'
import type { DnsView } from './records.ts'
import { replyTo } from './reply.ts'
import { forwardTo } from './upstream.ts'
import { answerFromZone } from './zone.ts'

const web: Service = {
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    clusterIP: '10.43.0.5',
    clusterIPs: ['10.43.0.5'],
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
  },
}
const db: Service = {
  metadata: { name: 'db', namespace: 'default' },
  spec: { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }] },
}
const out: Service = {
  metadata: { name: 'out', namespace: 'default' },
  spec: { type: 'ExternalName', externalName: 'example.org' },
}
const dbSlice: EndpointSlice = {
  metadata: { name: 'db-1', namespace: 'default' },
  addressType: 'IPv4',
  ports: [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  endpoints: [
    { addresses: ['10.42.0.7'], hostname: 'db-0', conditions: { ready: true } },
    { addresses: ['10.42.0.8'], conditions: { ready: true } },
    { addresses: ['10.42.0.9'], conditions: { ready: false } },
  ],
}
const all = [web, db, out]
const view: DnsView = {
  service: (namespace, name) =>
    all.find(service => service.metadata.namespace === namespace && service.metadata.name === name),
  slices: (_, name) => (name === 'db' ? [dbSlice] : []),
  namespaceExists: name => name === 'default',
  serviceWithIp: ip => (ip === '10.43.0.5' ? web : undefined),
  endpointWithIp: ip =>
    ip === '10.42.0.7'
      ? { namespace: 'default', service: 'db', endpoint: dbSlice.endpoints![0]! }
      : undefined,
}
const replier = {
  zone: (type: string, name: string) => answerFromZone(view, 'cluster.local', type, name),
  forward: async () => undefined,
}

async function ask(type: RecordType, name: string): Promise<string> {
  const reply = await replyTo(encode({ type: 'query', id: 7, questions: [{ type, name }] }), replier)
  const packet = decode(Buffer.from(reply!)) as ReturnType<typeof decode> & { rcode: string }
  const shown = (packet.answers ?? []).map(answer =>
    'data' in answer ? (typeof answer.data === 'string' ? answer.data : JSON.stringify(answer.data)) : '',
  )
  return `${packet.rcode} ${shown.sort().join(' ')}`.trim()
}

describe('the zone', () => {
  const cases: [RecordType, string, string][] = [
    ['A', 'web.default.svc.cluster.local', 'NOERROR 10.43.0.5'],
    ['A', 'WEB.Default.svc.cluster.local', 'NOERROR 10.43.0.5'],
    ['AAAA', 'web.default.svc.cluster.local', 'NOERROR'],
    [
      'SRV',
      '_http._tcp.web.default.svc.cluster.local',
      'NOERROR {"priority":0,"weight":100,"port":80,"target":"web.default.svc.cluster.local"}',
    ],
    ['A', 'db.default.svc.cluster.local', 'NOERROR 10.42.0.7 10.42.0.8'],
    ['A', 'db-0.db.default.svc.cluster.local', 'NOERROR 10.42.0.7'],
    ['A', '10-42-0-8.db.default.svc.cluster.local', 'NOERROR 10.42.0.8'],
    ['A', 'nobody.db.default.svc.cluster.local', 'NXDOMAIN'],
    ['A', 'absent.default.svc.cluster.local', 'NXDOMAIN'],
    ['A', 'web.absent.svc.cluster.local', 'NXDOMAIN'],
    ['A', '10-1-2-3.default.pod.cluster.local', 'NOERROR 10.1.2.3'],
    ['A', 'default.svc.cluster.local', 'NOERROR'],
    ['CNAME', 'out.default.svc.cluster.local', 'NOERROR example.org'],
    ['PTR', '5.0.43.10.in-addr.arpa', 'NOERROR web.default.svc.cluster.local'],
    ['PTR', '7.0.42.10.in-addr.arpa', 'NOERROR db-0.db.default.svc.cluster.local'],
    ['A', 'outside.example.org', 'SERVFAIL'],
  ]
  test.each(cases)('%s %s', async (type, name, expected) => {
    expect(await ask(type, name).catch(error => String(error))).toBe(expected)
  })
  test('the specification version is told', async () => {
    const reply = await replyTo(
      encode({ type: 'query', id: 1, questions: [{ type: 'TXT', name: 'dns-version.cluster.local' }] }),
      replier,
    )
    expect(String((decode(Buffer.from(reply!)).answers![0] as { data?: unknown }).data)).toBe('1.1.0')
  })
})

test('damaged queries get FORMERR or nothing, never a throw', async () => {
  const good = encode({
    type: 'query',
    id: 7,
    questions: [{ type: 'A', name: 'web.default.svc.cluster.local' }],
  })
  for (let at = 0; at < good.length * 8; at++) {
    const bad = Uint8Array.from(good)
    bad[at >> 3]! ^= 1 << (at & 7)
    await replyTo(bad, replier)
  }
  expect(await replyTo(new Uint8Array(3), replier)).toBeUndefined()
})

test('over real sockets: UDP, and what is too large for a datagram over TCP through a forwarder', async () => {
  const many = {
    ...dbSlice,
    endpoints: Array.from({ length: 100 }, (_, i) => ({
      addresses: [`10.42.1.${i}`],
      conditions: { ready: true },
    })),
  }
  const zone = (type: string, name: string) =>
    answerFromZone({ ...view, slices: () => [many] }, 'cluster.local', type, name)
  const authority = await listenDns(
    '127.0.0.1',
    0,
    query => replyTo(query, { zone, forward: replier.forward }),
    silentLogger,
  )
  try {
    const forward = forwardTo(['127.0.0.1'], realClock, authority.port)
    const reply = await forward(
      encode({ type: 'query', id: 9, questions: [{ type: 'A', name: 'db.default.svc.cluster.local' }] }),
    )
    expect(decode(Buffer.from(reply!)).answers).toHaveLength(100)
  } finally {
    await authority.close()
  }
})
