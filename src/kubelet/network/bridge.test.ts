import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import { openAddressBook } from './address-book.ts'
import { createBridgeNetwork } from './bridge.ts'
import { createNetworkShell } from './shell.ts'

const possible =
  process.getuid?.() === 0 &&
  Bun.which('nft') !== null &&
  Bun.which('ip') !== null &&
  Bun.which('busybox') !== null
if (!possible) console.log('SKIP src/kubelet/network: needs root, nft, ip and busybox for network namespaces')
const kernel = possible ? test : test.skip

const node = `hutch-node-${process.pid}`
const enter = ['nsenter', `--net=/var/run/netns/${node}`]
const directory = mkdtempSync(join(tmpdir(), 'hutch-network-'))
const holders: Bun.Subprocess[] = []

beforeAll(() => possible && Bun.spawnSync(['ip', 'netns', 'add', node]))
afterAll(() => {
  for (const holder of holders) holder.kill('SIGKILL')
  if (possible) Bun.spawnSync(['ip', 'netns', 'del', node])
  rmSync(directory, { recursive: true, force: true })
})

/** A process that holds an empty network namespace, as a pause container does. */
async function sandbox(id: string) {
  const words = ['unshare', '--net', 'sh', '-c', 'echo ready; exec sleep infinity']
  const holder = Bun.spawn([...enter, ...words], { stdout: 'pipe' })
  holders.push(holder)
  await holder.stdout.getReader().read()
  return { sandboxId: id, podUid: `uid-${id}`, pid: holder.pid, path: `/proc/${holder.pid}/ns/net` }
}

function ping(from: string, to: string, timeout = patienceMs): boolean {
  const words = ['nsenter', `--net=${from}`, 'bash', '-c', `exec 3<>/dev/tcp/${to}/7000`]
  return Bun.spawnSync(words, { timeout, stderr: 'ignore' }).exitCode === 0
}

/** Long enough for a busy machine. */
const patienceMs = 20_000

/** Resolves when the port is listened on there. */
async function serve(path: string, port = 7000): Promise<void> {
  const words = ['busybox', 'httpd', '-f', '-p', String(port), '-h', directory]
  const server = Bun.spawn(['nsenter', `--net=${path}`, ...words])
  holders.push(server)
  const listens = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} \\S+ 0A `)
  const sockets = () => ['tcp', 'tcp6'].map(name => readFileSync(`/proc/${server.pid}/net/${name}`, 'utf8'))
  while (!sockets().some(text => listens.test(text))) await Bun.sleep(20)
}

kernel('pods reach each other and their node, and a host port leads to its pod', async () => {
  const network = createBridgeNetwork({
    shell: createNetworkShell(enter),
    directory,
    clusterCidr: '10.42.0.0/16',
    serviceCidr: '10.43.0.0/16',
  })
  expect(network.notReady()).toBe('the node has no pod CIDR yet')
  await network.open('10.42.7.0/24')
  expect(network.notReady()).toBeUndefined()
  const [a, b] = [await sandbox('a'), await sandbox('b')]
  const hostPortPod: Pod = {
    metadata: { uid: 'uid-b' },
    spec: { containers: [{ name: 'm', ports: [{ containerPort: 7000, hostPort: 8000 }] }] },
  }
  const first = await network.setup(a, { metadata: {} })
  const second = await network.setup(b, hostPortPod)
  expect([first, second]).toEqual([{ ips: ['10.42.7.2'] }, { ips: ['10.42.7.3'] }])
  expect(await network.setup(a, { metadata: {} })).toEqual(first)
  await serve(b.path)
  expect(ping(a.path, '10.42.7.3')).toBe(true)
  expect(ping(`/var/run/netns/${node}`, '10.42.7.3')).toBe(true)
  const viaHostPort = ['nsenter', `--net=${a.path}`, 'bash', '-c', 'exec 3<>/dev/tcp/10.42.7.1/8000']
  expect(Bun.spawnSync(viaHostPort, { timeout: patienceMs }).exitCode).toBe(0)
  await network.teardown(b)
  expect(await network.addresses('b')).toBeUndefined()
  expect(ping(a.path, '10.42.7.3', 2_000)).toBe(false)
  await network.teardown(b)
})

kernel('one host port at two addresses leads to two pods, at the loopback of the node too', async () => {
  const network = createBridgeNetwork({
    shell: createNetworkShell(enter),
    directory: join(directory, 'ports'),
    ...{ clusterCidr: '10.42.0.0/16', serviceCidr: '10.43.0.0/16' },
  })
  await network.open('10.42.8.0/24')
  await createNetworkShell(enter).ip(['link set lo up', 'address replace 192.0.2.9/32 dev lo'])
  const answers: string[] = []
  for (const [index, hostIP] of ['127.0.0.1', '192.0.2.9'].entries()) {
    const own = await sandbox(`at-${index}`)
    const port = { containerPort: 7000 + index, hostPort: 8001, hostIP }
    await network.setup(own, {
      metadata: { uid: own.podUid },
      spec: { containers: [{ name: 'm', ports: [port] }] },
    })
    await serve(own.path, port.containerPort)
  }
  await serve(`/var/run/netns/${node}`, 8002)
  const here = `/var/run/netns/${node}`
  const reaches = (from: string, ip: string, port: number) => {
    const words = ['nsenter', `--net=${from}`, 'bash', '-c', `exec 3<>/dev/tcp/${ip}/${port}`]
    return Bun.spawnSync(words, { timeout: patienceMs, stderr: 'ignore' }).exitCode === 0
  }
  for (const ip of ['127.0.0.1', '192.0.2.9', '10.42.8.1']) answers.push(`${ip} ${reaches(here, ip, 8001)}`)
  expect(answers).toEqual(['127.0.0.1 true', '192.0.2.9 true', '10.42.8.1 false'])
  expect(reaches(here, '127.0.0.1', 8002)).toBe(true)
})

test('addresses survive a restart, are never given twice, and run out with a clear word', () => {
  const place = join(directory, 'book')
  const book = openAddressBook(place, '10.42.9.0/29')
  expect(['a', 'b', 'a'].map(id => book.take(id))).toEqual(['10.42.9.2', '10.42.9.3', '10.42.9.2'])
  const again = openAddressBook(place, '10.42.9.0/29')
  expect(again.of('b')).toBe('10.42.9.3')
  expect(['c', 'd', 'e'].map(id => again.take(id))).toEqual(['10.42.9.4', '10.42.9.5', '10.42.9.6'])
  expect(() => again.take('f')).toThrow('no free address left in 10.42.9.0/29: 5 pods have one')
  again.give('a')
  expect(again.take('f')).toBe('10.42.9.2')
})
