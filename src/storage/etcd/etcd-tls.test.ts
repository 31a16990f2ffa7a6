import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../std/log.ts'
import { realPorts } from '../../std/real-ports.ts'
import { StoreUnavailableError } from '../store.ts'
import type { EtcdTls } from './connection.ts'
import { openEtcdStore } from './etcd-store.ts'
import { etcdMissing, startEtcd, type TestEtcd } from './testing.ts'

const missing = etcdMissing() ?? (Bun.which('openssl') ? undefined : 'openssl is not installed')
if (missing) console.warn(`SKIP etcd over TLS: ${missing}`)

const ports = realPorts(silentLogger)

describe.skipIf(missing !== undefined)('an etcd that wants certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-etcd-tls-'))
  const path = (name: string) => join(folder, name)
  const pem = (name: string) => readFileSync(path(name))
  const openssl = (...words: string[]) => {
    const { exitCode, stderr } = Bun.spawnSync(['openssl', ...words], { cwd: folder })
    if (exitCode !== 0) throw new Error(stderr.toString())
  }
  /** A certificate of the authority for these names. */
  const issue = (name: string, names: string) => {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']
    openssl(
      'req',
      ...curve,
      '-nodes',
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
    )
    writeFileSync(path(`${name}.ext`), `subjectAltName=${names}\nextendedKeyUsage=serverAuth,clientAuth\n`)
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-extfile', `${name}.ext`, '-out', `${name}.crt`)
  }
  const etcds: TestEtcd[] = []
  const start = async (name: string) => {
    const files = { ca: path('ca.crt'), certificate: path(`${name}.crt`), key: path(`${name}.key`) }
    const etcd = await startEtcd(files)
    etcds.push(etcd)
    return etcd.endpoint
  }
  const open = (endpoint: string, tls: EtcdTls) => openEtcdStore({ endpoints: [endpoint], tls, ports })
  beforeAll(() => {
    const authority = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl('req', ...authority, '-keyout', 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '2')
    issue('etcd', 'IP:127.0.0.1,DNS:localhost')
  }, 60_000)
  afterAll(async () => {
    for (const etcd of etcds) await etcd.remove()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  test('is used with one, by its address and by its name, and not without', async () => {
    const endpoint = await start('etcd')
    const ca = pem('ca.crt')
    const own = { ca, certificate: pem('etcd.crt'), key: pem('etcd.key') }
    for (const each of [endpoint, endpoint.replace('127.0.0.1', 'localhost')]) {
      const store = await open(each, own)
      expect(await store.freshRevision!()).toBeGreaterThan(0)
      await store.close()
    }
    const { certificate, key } = own
    for (const lacking of [{ ca }, { certificate, key }]) {
      const refused = await open(endpoint, lacking).catch((error: unknown) => error)
      expect(refused).toBeInstanceOf(StoreUnavailableError)
    }
  }, 120_000)

  test('is not believed with the certificate of another', async () => {
    issue('elsewhere', 'DNS:elsewhere,IP:192.0.2.1')
    const endpoint = await start('elsewhere')
    const own = { ca: pem('ca.crt'), certificate: pem('etcd.crt'), key: pem('etcd.key') }
    const refused = await open(endpoint, own).catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(StoreUnavailableError)
  }, 120_000)
})
