import { afterAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dialerOf } from '../../server/egress/dialer.ts'
import { serveConnect } from '../../server/egress/testing.ts'
import { issueCa, issueLeaf } from '../../server/pki/issue.ts'
import { silentLogger } from '../../std/log.ts'
import { createMetrics } from '../../std/metrics.ts'
import { realPorts } from '../../std/real-ports.ts'
import { etcdMissing, startEtcd } from '../../storage/etcd/testing.ts'
import { openEtcd } from './datastore.ts'

const missing = etcdMissing()
if (missing) console.warn(`SKIP an etcd behind a proxy: ${missing}`)

const folder = mkdtempSync(join(tmpdir(), 'hutch-datastore-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const ports = realPorts(silentLogger)
const bytes = (text: string) => new TextEncoder().encode(text)

async function tlsFiles() {
  const context = { nowMs: Date.now(), random: ports.random }
  const ca = await issueCa('etcd', context)
  const leaf = await issueLeaf(
    ca,
    {
      ...{ commonName: 'etcd', organizations: [], names: ['etcd.test', '127.0.0.1'] },
      uses: ['serverAuth', 'clientAuth'],
    },
    context,
  )
  const path = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  return {
    ca: path('ca.crt', ca.certificate),
    certificate: path('etcd.crt', leaf.certificate),
    key: path('etcd.key', leaf.key),
  }
}

describe.skipIf(missing !== undefined)('an etcd behind a proxy', () => {
  test.each([false, true])(
    'is read, written and followed by the name that it has there, TLS %p',
    async isSecured => {
      const tls = isSecured ? await tlsFiles() : undefined
      const etcd = await startEtcd(tls)
      const proxy = await serveConnect(() => Number(new URL(etcd.endpoint).port))
      const url = `http://127.0.0.1:${proxy.port}`
      const dial = dialerOf(
        { proxyProtocol: 'HTTPConnect', transport: { tcp: { url } } },
        { ...ports, readFile: () => '' },
      )
      const source = {
        endpoints: [`${isSecured ? 'https' : 'http'}://etcd.test:2379`],
        ...{ caFile: tls?.ca, certificateFile: tls?.certificate, keyFile: tls?.key },
        ...{ prefix: '/registry', compactionIntervalMs: 0 },
      }
      const metrics = createMetrics()
      const store = await openEtcd(source, { ports: { ...ports, metrics }, dial })
      const seen: string[] = []
      const stop = new AbortController()
      const watching = store.watch(
        '/registry/',
        store.revision(),
        events => void seen.push(...events.map(({ key }) => key)),
        stop.signal,
      )
      await store.write({ key: '/registry/a', value: bytes('1'), expected: 0 })
      expect((await store.get('/registry/a'))?.value).toEqual(bytes('1'))
      await store.freshRevision!()
      expect(seen).toEqual(['/registry/a'])
      await metrics.prepare()
      const told = metrics.text()
      expect(told).toMatch(/^apiserver_storage_size_bytes\{storage_cluster_id="etcd-0"\} [1-9]\d+$/m)
      const of = (service: string, method: string, type: string) =>
        `{grpc_method="${method}",grpc_service="etcdserverpb.${service}",grpc_type="${type}"}`
      expect(told).toContain(`grpc_client_started_total${of('KV', 'Txn', 'unary')} 1\n`)
      expect(told).toContain(
        'grpc_client_handled_total{grpc_code="OK",grpc_method="Txn",grpc_service="etcdserverpb.KV",grpc_type="unary"} 1\n',
      )
      expect(told).toContain(`grpc_client_msg_sent_total${of('KV', 'Txn', 'unary')} 1\n`)
      expect(told).toMatch(/^grpc_client_msg_received_total\{[^}]*grpc_type="bidi_stream"\} [1-9]/m)
      expect(new Set(proxy.asked)).toEqual(new Set(['etcd.test:2379']))
      stop.abort()
      await watching
      await store.close()
      proxy.stop()
      await etcd.remove()
    },
    120_000,
  )
})
