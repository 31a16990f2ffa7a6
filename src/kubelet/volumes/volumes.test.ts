import { afterEach, beforeEach, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Node } from '../../api/types/core-v1.gen.ts'
import { createClient } from '../../client/client.ts'
import { FakeTransport } from '../../client/testing.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { simPorts } from '../../std/sim-ports.ts'
import { safeSubPath } from '../container/sub-path.ts'
import { createReferences } from '../references.ts'
import { testConfig, testPod } from '../testing.ts'
import { createVolumes } from './volumes.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hutch-volumes-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function set() {
  const ports = simPorts()
  const api = new FakeTransport()
  const client = createClient(api)
  const references = createReferences({ client, ports })
  const volumes = createVolumes({
    events: () => {},
    client,
    references,
    ports,
    config: { ...testConfig, dataDir: dir },
    node: () => ({ metadata: { name: 'n1', uid: 'uid-of-n1' } }) as Node,
  })
  const put = (data: Record<string, string>) =>
    api.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'default' },
      data,
    } as never)
  return { api, ports, volumes, put, signal: new AbortController().signal }
}

test('a configMap volume follows its object as one step and drops what is gone', async () => {
  const { ports, volumes, put, signal } = set()
  put({ a: '1', b: '2' })
  const pod = testPod('web', { volumes: [{ name: 'v', configMap: { name: 'c', defaultMode: 0o440 } }] })
  const setUp = volumes.setUp(pod, signal)
  await ports.clock.advance(10)
  const at = (await setUp).get('v')!
  expect(readFileSync(path.join(at, 'a'), 'utf8')).toBe('1')
  expect(statSync(path.join(at, 'a')).mode & 0o777).toBe(0o440)
  expect(readlinkSync(path.join(at, 'a'))).toBe('..data/a')
  const before = readlinkSync(path.join(at, '..data'))
  put({ a: 'new' })
  while (readlinkSync(path.join(at, '..data')) === before) {
    await ports.clock.advance(1)
    await Bun.sleep(5)
  }
  expect(readFileSync(path.join(at, 'a'), 'utf8')).toBe('new')
  while (statSync(path.join(at, 'b'), { throwIfNoEntry: false })) await Bun.sleep(5)
  await volumes.tearDown(pod.metadata.uid!)
  expect(() => statSync(at)).toThrow()
})

test('a volume that names what is not there is refused with its name; an optional one is empty', async () => {
  const { ports, volumes, signal } = set()
  const missing = volumes.setUp(
    testPod('a', { volumes: [{ name: 'v', secret: { secretName: 'none' } }] }),
    signal,
  )
  const refused = expect(missing).rejects.toThrow(
    'MountVolume.SetUp failed for volume "v" : secret "none" not found',
  )
  await ports.clock.advance(10)
  await refused
  const optional = volumes.setUp(
    testPod('b', { volumes: [{ name: 'v', configMap: { name: 'none', optional: true } }] }),
    signal,
  )
  await ports.clock.advance(10)
  expect(statSync((await optional).get('v')!).isDirectory()).toBe(true)
  const foreign = volumes.setUp(
    testPod('d', { volumes: [{ name: 'v', nfs: { server: 's', path: '/' } }] }),
    signal,
  )
  await expect(foreign).rejects.toThrow('nfs')
})

test('a subPath is made inside its volume and never leads out of it', async () => {
  expect(await safeSubPath(dir, 'a/b')).toBe(path.join(dir, 'a/b'))
  await expect(safeSubPath(dir, '../x')).rejects.toThrow('..')
  await expect(safeSubPath(dir, '/etc')).rejects.toThrow('relative')
  const { symlinkSync } = await import('node:fs')
  symlinkSync('/etc', path.join(dir, 'out'))
  await expect(safeSubPath(dir, 'out/passwd')).rejects.toThrow('not within volume path')
  symlinkSync('a', path.join(dir, 'in'))
  expect(await safeSubPath(dir, 'in/b')).toBe(path.join(dir, 'a/b'))
})

const pem = (body: string) => `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`

test('trust bundles of a signer are one file, each certificate once, and follow their objects', async () => {
  const { api, ports, volumes, signal } = set()
  const bundle = (name: string, trustBundle: string, labels: Record<string, string>) =>
    api.put('clustertrustbundles', {
      ...{
        apiVersion: 'certificates.k8s.io/v1beta1',
        kind: 'ClusterTrustBundle',
        metadata: { name, labels },
      },
      spec: { signerName: 'example.com/s', trustBundle },
    } as never)
  bundle('example.com:s:one', `note\n${pem('QUFB')}${pem('QkJC')}`, { use: 'yes' })
  bundle('example.com:s:two', pem('QUFB'), { use: 'yes' })
  bundle('example.com:s:other', pem('Q0ND'), { use: 'no' })
  const clusterTrustBundle = {
    signerName: 'example.com/s',
    labelSelector: { matchLabels: { use: 'yes' } },
    path: 'ca.pem',
  }
  const volume = { name: 'v', projected: { sources: [{ clusterTrustBundle }] } }
  const pod = testPod('web', { volumes: [volume] })
  const setUp = volumes.setUp(pod, signal)
  await ports.clock.advance(10)
  const file = path.join((await setUp).get('v')!, 'ca.pem')
  expect(readFileSync(file, 'utf8')).toBe(pem('QUFB') + pem('QkJC'))
  bundle('example.com:s:two', pem('RERE'), { use: 'yes' })
  while (!readFileSync(file, 'utf8').includes('RERE')) {
    await ports.clock.advance(1)
    await Bun.sleep(5)
  }
  await volumes.tearDown(pod.metadata.uid!)
})

test('a trust bundle that is not there holds its pod up, unless it is optional', async () => {
  const { ports, volumes, signal } = set()
  const podOf = (optional: boolean) =>
    testPod(`p-${optional}`, {
      volumes: [
        {
          name: 'v',
          projected: { sources: [{ clusterTrustBundle: { name: 'none', path: 'ca.pem', optional } }] },
        },
      ],
    })
  const missing = volumes.setUp(podOf(false), signal)
  const refused = expect(missing).rejects.toThrow(
    'while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io "none" not found',
  )
  await ports.clock.advance(10)
  await refused
  const there = volumes.setUp(podOf(true), signal)
  await ports.clock.advance(10)
  expect(readFileSync(path.join((await there).get('v')!, 'ca.pem'), 'utf8')).toBe('')
  await volumes.tearDown(podOf(false).metadata.uid!)
  await volumes.tearDown(podOf(true).metadata.uid!)
})

test('tokens of a volume are written anew when they got old, and soon again where none could be had', async () => {
  const { api, ports, volumes, signal } = set()
  let given = 0
  let down = false
  api.call = async ({ body }) => {
    if (down) throw new Error('no connection')
    return { ...(body as KubeObject), status: { token: `t${++given}` } }
  }
  const sources = [{ serviceAccountToken: { path: 'token', expirationSeconds: 600 } }]
  const pod = testPod('web', { volumes: [{ name: 'v', projected: { sources } }] })
  const at = path.join((await volumes.setUp(pod, signal)).get('v')!, 'token')
  const read = () => readFileSync(at, 'utf8')
  expect(read()).toBe('t1')
  down = true
  await ports.clock.advance(660_000)
  expect(read()).toBe('t1')
  down = false
  await ports.clock.advance(60_000)
  while (read() !== 't2') await Bun.sleep(5)
  await volumes.tearDown(pod.metadata.uid!)
})
