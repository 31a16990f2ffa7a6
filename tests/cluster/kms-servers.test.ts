import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesAt, encodeMessage, textAt } from '../../src/server/local-grpc/message.ts'
import { serveLocalGrpc } from '../../src/server/local-grpc/testing.ts'
import { silentLogger } from '../../src/std/log.ts'
import { realPorts } from '../../src/std/real-ports.ts'
import { openEtcdStore } from '../../src/storage/etcd/etcd-store.ts'
import { etcdMissing, startEtcd, type TestEtcd } from '../../src/storage/etcd/testing.ts'
import { missingKubectl, startCluster, type TestCluster, until } from '../kubectl/cluster.ts'

const missing = etcdMissing() ?? missingKubectl()
if (missing) console.warn(`SKIP a key management plugin for several servers on one etcd: ${missing}`)

const token = 'abcdef.0123456789abcdef'
const xor = (value: Uint8Array) => Buffer.from(value.map(byte => byte ^ 0x5a))

describe.skipIf(missing !== undefined)('two servers on one etcd with a key management plugin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-kms-'))
  const config = join(folder, 'encryption.yaml')
  const aes = `{ aescbc: { keys: [{ name: key1, secret: ${Buffer.alloc(32, 7).toString('base64')} }] } }`
  const kms = `{ kms: { apiVersion: v2, name: vault, endpoint: "unix://${folder}/kms.sock" } }`
  const configure = (providers: string) =>
    writeFileSync(
      config,
      `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers: [${providers}]\n`,
    )
  let etcd: TestEtcd
  let plugin: Awaited<ReturnType<typeof serveLocalGrpc>>
  let servers: TestCluster[] = []
  let keyId = 'k1'
  const start = (name: string) =>
    startCluster(
      [
        ...[`--datastore-endpoint=${etcd.endpoint}`, `--encryption-provider-config=${config}`],
        ...['--advertise-address=192.0.2.1', `--token=${token}`, `--node-name=${name}`, '--disable-agent'],
      ],
      { directory: mkdtempSync(join(folder, `${name}-`)) },
    )
  beforeAll(async () => {
    plugin = await serveLocalGrpc(`${folder}/kms.sock`, 'v2.KeyManagementService', {
      Status: () => encodeMessage({ 1: 'v2', 2: 'ok', 3: keyId }),
      Encrypt: request =>
        encodeMessage({ 1: Buffer.concat([Buffer.from(keyId), xor(bytesAt(request, 1))]), 2: keyId }),
      Decrypt: request => encodeMessage({ 1: xor(bytesAt(request, 1).subarray(textAt(request, 3).length)) }),
    })
    configure(kms)
    etcd = await startEtcd()
    servers = [await start('a')]
    servers.push(await start('b'))
  }, 300_000)
  afterAll(async () => {
    for (const { child } of servers) child.kill('SIGKILL')
    for (const { child } of servers) await child.exited
    await etcd?.remove()
    plugin?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 120_000)

  /** How a Secret lies in etcd. */
  async function stored(name: string): Promise<string> {
    const store = await openEtcdStore({
      ...{
        endpoints: [etcd.endpoint],
        ports: realPorts(silentLogger),
        root: '/registry',
        prefix: '/registry/',
      },
    })
    const { entries } = await store.range('')
    await store.close()
    const found = entries.find(({ key }) => key.endsWith(`/secrets/default/${name}`))
    return Buffer.from(found?.value ?? []).toString('latin1')
  }
  const word = (server: TestCluster, name: string) =>
    server.kubectl(`get secret ${name} -o jsonpath='{.data.word}'`, { mayFail: true })

  test('each reads what the other wrote, and etcd holds nothing plain', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    await one.kubectl('create secret generic first --from-literal=word=open')
    expect(await word(other, 'first')).toBe('b3Blbg==')
    await other.kubectl('create secret generic second --from-literal=word=open')
    expect(await word(one, 'second')).toBe('b3Blbg==')
    expect(await stored('first')).toStartWith('k8s:enc:kms:v2:vault:')
  }, 300_000)

  test('another key of the plugin, and another provider before it, are taken without a restart', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    keyId = 'k2'
    configure(`${kms}, ${aes}`)
    configure(`${aes}, ${kms}`)
    let made = 0
    await until(async () => {
      made++
      await one.kubectl(`create secret generic turned-${made} --from-literal=word=open`)
      return (await stored(`turned-${made}`)).startsWith('k8s:enc:aescbc:v1:key1:')
    }, one.directory)
    for (let n = 1; n <= made; n++)
      await until(async () => (await word(other, `turned-${n}`)) === 'b3Blbg==', other.directory)
    expect(await word(other, 'first')).toBe('b3Blbg==')
  }, 300_000)
})
