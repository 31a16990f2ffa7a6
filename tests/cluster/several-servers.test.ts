import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { etcdMissing, startEtcd, type TestEtcd } from '../../src/storage/etcd/testing.ts'
import { missingKubectl, startCluster, type TestCluster, until } from '../kubectl/cluster.ts'

const missing = etcdMissing() ?? missingKubectl()
if (missing) console.warn(`SKIP several servers on one etcd: ${missing}`)

const token = 'abcdef.0123456789abcdef'
const addresses = ['192.0.2.1', '192.0.2.2'] as const

/** A name of its own for a server's machine, where the system lets us. */
function machine(name: string): readonly string[] {
  const enter = ['unshare', '--uts', 'sh', '-c', `hostname ${name} && exec "$@"`, 'sh']
  return Bun.spawnSync([...enter, 'true']).success ? enter : []
}

const widgets = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.org' },
  spec: {
    group: 'example.org',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
})

const nodePortService = (name: string, port: number) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { type: 'NodePort', ports: [{ port: 80, nodePort: port }], selector: { app: name } },
  })

describe.skipIf(missing !== undefined)('two servers on one etcd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'hutch-several-'))
  let etcd: TestEtcd
  let servers: TestCluster[] = []
  const start = (index: 0 | 1) =>
    startCluster(
      [
        `--datastore-endpoint=${etcd.endpoint}`,
        `--advertise-address=${addresses[index]}`,
        `--token=${token}`,
        `--node-name=${'ab'[index]}`,
        '--simulated-node=1',
      ],
      { directory: mkdtempSync(join(folder, `${'ab'[index]}-`)), enter: machine(`machine-${'ab'[index]}`) },
    )
  beforeAll(async () => {
    etcd = await startEtcd()
    servers = [await start(0)]
    servers.push(await start(1))
  }, 300_000)
  afterAll(async () => {
    for (const { child } of servers) child.kill('SIGKILL')
    for (const { child } of servers) await child.exited
    await etcd.remove()
    rmSync(folder, { recursive: true, force: true })
  }, 120_000)

  /** Below the warning that the kind is deprecated. */
  const endpoints = async (server: TestCluster) => {
    const told = await server.kubectl("get endpoints kubernetes -o jsonpath='{.subsets[*].addresses[*].ip}'")
    return told.split('\n').at(-1)
  }
  const slice = (server: TestCluster) =>
    server.kubectl("get endpointslice kubernetes -o jsonpath='{.endpoints[*].addresses[*]}'")
  const holder = (server: TestCluster, name: string) =>
    server.kubectl(`-n kube-system get lease ${name} -o jsonpath='{.spec.holderIdentity}'`)

  test('what is written on one is read at once on the other', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    for (let n = 0; n < 5; n++) {
      await one.kubectl(`create configmap from-one-${n} --from-literal=n=${n}`)
      expect(await other.kubectl(`get configmap from-one-${n} -o jsonpath='{.data.n}'`)).toBe(String(n))
      await other.kubectl(`patch configmap from-one-${n} -p '{"data":{"n":"x"}}'`)
      expect(await one.kubectl(`get configmap from-one-${n} -o jsonpath='{.data.n}'`)).toBe('x')
      await one.kubectl(`delete configmap from-one-${n}`)
      expect(await other.kubectl(`get configmap from-one-${n}`, { mayFail: true })).toContain('NotFound')
    }
  }, 300_000)

  test('a watch on one tells what is written on the other', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    const watching = other.kubectl('wait --for=create configmap/awaited --timeout=120s')
    await one.kubectl('create configmap awaited --from-literal=n=1')
    expect(await watching).toContain('condition met')
    const last = other.kubectl("wait --for=jsonpath='{.data.n}'=2 configmap/awaited --timeout=120s")
    await one.kubectl(`patch configmap awaited -p '{"data":{"n":"2"}}'`)
    expect(await last).toContain('condition met')
  }, 300_000)

  test('a definition made on one is served by the other, with Secrets that both can read', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    await one.kubectl('create -f -', { input: widgets })
    const widget = JSON.stringify({ apiVersion: 'example.org/v1', kind: 'Widget', metadata: { name: 'w' } })
    await until(
      async () =>
        !(await other.kubectl('create -f -', { input: widget, mayFail: true })).includes('no matches'),
      other.directory,
    )
    expect(await one.kubectl('get widgets -o name')).toBe('widget.example.org/w')
    await one.kubectl('create secret generic shared --from-literal=word=open')
    expect(await other.kubectl("get secret shared -o jsonpath='{.data.word}'")).toBe('b3Blbg==')
    const account = await one.kubectl('create token default')
    const kind = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview' }
    const review = JSON.stringify({ ...kind, spec: { token: account } })
    const verdict = await other.kubectl("create -f - -o jsonpath='{.status.user.username}'", {
      input: review,
    })
    expect(verdict).toBe('system:serviceaccount:default:default')
  }, 300_000)

  test('a right given on one holds on the other', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    const ask = () => other.kubectl('auth can-i list pods --as=ada', { mayFail: true })
    expect(await ask()).toContain('no')
    await one.kubectl('create clusterrolebinding ada --clusterrole=view --user=ada')
    await until(async () => (await ask()) === 'yes', other.directory)
  }, 300_000)

  test('a node port is given to one Service, whichever server is asked', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    for (let n = 0; n < 5; n++) {
      const port = 30_100 + n
      const answers = await Promise.all([
        one.kubectl('create -f -', { input: nodePortService(`here-${n}`, port), mayFail: true }),
        other.kubectl('create -f -', { input: nodePortService(`there-${n}`, port), mayFail: true }),
      ])
      expect(answers.filter(answer => answer.includes('created'))).toHaveLength(1)
      expect(answers.filter(answer => answer.includes('already allocated'))).toHaveLength(1)
    }
  }, 300_000)

  test('a quota is not exceeded, whichever server is asked', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    await one.kubectl('create namespace narrow')
    await one.kubectl('-n narrow create quota few --hard=count/configmaps=4')
    const before = (await one.kubectl('-n narrow get configmaps -o name')).split('\n').filter(Boolean)
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        (n % 2 ? one : other).kubectl(`-n narrow create configmap racing-${n}`, { mayFail: true }),
      ),
    )
    const made = answers.filter(answer => answer.includes('created'))
    expect(answers.filter(answer => answer.includes('exceeded quota'))).toHaveLength(10 - made.length)
    const after = (await other.kubectl('-n narrow get configmaps -o name')).split('\n').filter(Boolean)
    expect(after.length).toBeLessThanOrEqual(4)
    expect(after.length).toBeGreaterThanOrEqual(before.length + made.length)
  }, 300_000)

  test('an etcd that is killed and comes back is used again, and what was told before is there', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    await one.kubectl('create configmap before-the-end')
    await etcd.kill()
    const refused = await other.kubectl('get configmap before-the-end --request-timeout=20s', {
      mayFail: true,
    })
    expect(refused).not.toContain('NotFound')
    await etcd.start()
    await until(
      async () => (await other.kubectl('create configmap after-it', { mayFail: true })).includes('after-it'),
      other.directory,
    )
    for (const name of ['before-the-end', 'after-it'])
      expect(await one.kubectl(`get configmap ${name} -o name`)).toBe(`configmap/${name}`)
    for (const server of servers)
      await until(
        async () => (await server.kubectl('get --raw /readyz', { mayFail: true })) === 'ok',
        server.directory,
      )
  }, 300_000)

  test('both are endpoints of the kubernetes Service, and each has a lease that says who it is', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    await until(async () => (await endpoints(one)) === addresses.join(' '), one.directory)
    await until(async () => (await slice(other)) === addresses.join(' '), other.directory)
    const leases = await one.kubectl(
      '-n kube-system get leases -l apiserver.kubernetes.io/identity=kube-apiserver -o name',
    )
    expect(leases.split('\n')).toHaveLength(machine('any').length > 0 ? 2 : 1)
  }, 300_000)

  test('a server of another cluster, or without its token, is refused with what to do', async () => {
    const directory = mkdtempSync(join(folder, 'stranger-'))
    const strange = (flags: readonly string[]) =>
      startCluster([`--datastore-endpoint=${etcd.endpoint}`, '--disable-agent', ...flags], {
        directory,
      }).then(
        () => 'it runs',
        error => String(error),
      )
    expect(await strange([])).toContain('share their keys by its join token')
    expect(await strange(['--token=abcdef.0000000000000000'])).toContain('does not open')
  }, 300_000)

  test('the leader of the controllers is killed: the other takes over, and the dead one’s address goes', async () => {
    const [one, other] = servers as [TestCluster, TestCluster]
    await until(async () => (await holder(one, 'kube-controller-manager')) !== '', one.directory)
    const leader = await holder(one, 'kube-controller-manager')
    await other.kubectl('create deployment before --image=none --replicas=1')
    await until(
      async () =>
        (await other.kubectl("get deployment before -o jsonpath='{.status.readyReplicas}'")) === '1',
      other.directory,
    )
    one.child.kill('SIGKILL')
    await one.child.exited
    await other.kubectl('create configmap meanwhile')
    await until(async () => (await holder(other, 'kube-controller-manager')) !== leader, other.directory)
    await other.kubectl('create deployment after --image=none --replicas=2')
    await until(
      async () => (await other.kubectl("get deployment after -o jsonpath='{.status.replicas}'")) === '2',
      other.directory,
    )
    await until(async () => (await endpoints(other)) === addresses[1], other.directory)
    await until(async () => (await slice(other)) === addresses[1], other.directory)
  }, 300_000)

  test('one that comes back sees everything, and its address goes at once when it is stopped', async () => {
    const other = servers[1]!
    const back = await start(0)
    servers[0] = back
    expect(await back.kubectl('get configmap meanwhile -o name')).toBe('configmap/meanwhile')
    await until(async () => (await endpoints(other)) === addresses.join(' '), other.directory)
    await back.stop()
    expect(await endpoints(other)).toBe(addresses[1])
    expect(await other.kubectl('get --raw /readyz')).toBe('ok')
  }, 300_000)
})
