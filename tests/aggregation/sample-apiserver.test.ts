/** The sample API server of upstream, over a real etcd, behind Hutch: what its users see through kubectl. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import { tied } from '../tied.ts'

const root = join(import.meta.dir, '../..')
const cache =
  process.env.HUTCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')
const sample = join(cache, 'conformance/bin/sample-apiserver')
const etcd = join(cache, 'stock/bin/etcd')
const kubectl = join(cache, 'stock/bin/kubectl')
const missing = [sample, etcd, kubectl].find(path => !existsSync(path))
if (missing)
  console.log(`SKIP sample-apiserver behind Hutch: no ${missing}; conformance/ and scripts/stock build it`)

const group = 'wardle.example.com'
const directory = missing ? '' : mkdtempSync(join(tmpdir(), 'hutch-aggregation-'))
const kubeconfig = join(directory, 'kubeconfig')
const children: Bun.Subprocess[] = []

function spawn(...command: string[]): void {
  children.push(Bun.spawn([...tied, ...command], { stdout: 'ignore', stderr: 'ignore', cwd: directory }))
}

async function run(input: string | undefined, ...words: string[]) {
  const child = Bun.spawn([kubectl, '--kubeconfig', kubeconfig, ...words], {
    stdin: input === undefined ? 'ignore' : Buffer.from(input),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err] = await Promise.all(
    [child.stdout, child.stderr].map(stream => new Response(stream).text()),
  )
  return { code: await child.exited, out: out!, err: err! }
}

const apply = (object: object) => run(JSON.stringify(object), 'apply', '-f', '-')

beforeAll(async () => {
  if (missing) return
  const [port, etcdPort, peerPort, samplePort] = await Promise.all([1, 2, 3, 4].map(freePort))
  spawn(
    ...['bun', 'run', join(root, 'src/cmd/hutch.ts'), 'server', '--disable-agent'],
    ...['--disable', 'scheduler,dns,proxy', '--datastore-endpoint', 'memory'],
    ...['--data-dir', join(directory, 'data'), '--write-kubeconfig', kubeconfig],
    ...['--bind-address', '127.0.0.1', '--https-listen-port', String(port), '--log-level', 'warn'],
  )
  const client = `http://127.0.0.1:${etcdPort}`
  const peer = `http://127.0.0.1:${peerPort}`
  spawn(
    ...[etcd, '--data-dir', join(directory, 'etcd'), '--unsafe-no-fsync', '--name', 'e'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `e=${peer}`],
  )
  while (!existsSync(kubeconfig)) await Bun.sleep(100)
  const kubeconfigs = ['kubeconfig', 'authentication-kubeconfig', 'authorization-kubeconfig']
  spawn(
    ...[sample, '--etcd-servers', client, '--secure-port', String(samplePort), '--bind-address', '127.0.0.1'],
    ...['--cert-dir', join(directory, 'certs')],
    ...kubeconfigs.map(name => `--${name}=${kubeconfig}`),
  )
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'wardle' } })
  await apply({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'wardle' },
    spec: { type: 'ExternalName', externalName: 'localhost' },
  })
  await apply({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1alpha1.${group}` },
    spec: {
      group,
      version: 'v1alpha1',
      groupPriorityMinimum: 1000,
      versionPriority: 15,
      insecureSkipTLSVerify: true,
      service: { name: 'api', namespace: 'wardle', port: samplePort },
    },
  })
  const path = '{.status.conditions[0].status}'
  while (
    (await run(undefined, 'get', 'apiservice', `v1alpha1.${group}`, '-o', `jsonpath=${path}`)).out !== 'True'
  )
    await Bun.sleep(300)
}, 300_000)

afterAll(async () => {
  for (const child of children) child.kill()
  await Promise.all(children.map(child => child.exited))
  if (directory) rmSync(directory, { recursive: true, force: true })
}, 240_000)

const flunder = (name: string, reference: string) => ({
  apiVersion: `${group}/v1alpha1`,
  kind: 'Flunder',
  metadata: { name },
  spec: { reference },
})

test.skipIf(!!missing)(
  'kubectl finds its kinds and keeps objects in it',
  async () => {
    const { out } = await run(undefined, 'api-resources', '--api-group', group, '-o', 'name')
    expect(out.trim().split('\n').toSorted()).toEqual([`fischers.${group}`, `flunders.${group}`])
    const made = await run(JSON.stringify(flunder('one', '')), 'create', '-f', '-')
    expect(made.out).toBe(`flunder.${group}/one created\n`)
    expect((await run(undefined, 'get', 'flunders', '-o', 'name')).out).toBe(`flunder.${group}/one\n`)
    const patched = await run(
      undefined,
      'patch',
      'flunder',
      'one',
      '--type=merge',
      '-p',
      '{"metadata":{"labels":{"a":"b"}}}',
    )
    expect(patched.code).toBe(0)
    expect((await run(undefined, 'get', 'flunders', '-l', 'a=b', '-o', 'name')).out).toContain('one')
    expect((await run(undefined, 'delete', 'flunder', 'one')).code).toBe(0)
  },
  120_000,
)

test.skipIf(!!missing)(
  'users are known there, and may there what they may here',
  async () => {
    const refused = await run(undefined, 'get', 'flunders', '--as', 'ann', '--as-group', 'crew')
    expect(refused.err).toContain(
      `flunders.${group} is forbidden: User "ann" cannot list resource "flunders" in API group "${group}" in the namespace "default"`,
    )
    await run(undefined, 'create', 'clusterrole', 'sees', '--verb=list', `--resource=flunders.${group}`)
    await run(undefined, 'create', 'clusterrolebinding', 'sees', '--clusterrole=sees', '--group=crew')
    const seen = await run(undefined, 'get', 'flunders', '--as', 'ann', '--as-group', 'crew')
    expect(seen.err).toContain('No resources found')
  },
  120_000,
)

test.skipIf(!!missing)(
  'its objects can be watched, and its kinds explained',
  async () => {
    const watching = Bun.spawn([kubectl, '--kubeconfig', kubeconfig, 'get', 'flunders', '-w', '-o', 'name'], {
      stdout: 'pipe',
      stderr: 'ignore',
    })
    children.push(watching)
    const reader = watching.stdout.getReader()
    await run(JSON.stringify(flunder('seen', '')), 'create', '-f', '-')
    const { value } = await reader.read()
    // kubectl may write the end of the line by itself.
    expect(new TextDecoder().decode(value).trimEnd()).toBe(`flunder.${group}/seen`)
    watching.kill()
    expect((await run(undefined, 'explain', 'flunder.spec')).out).toContain('reference')
  },
  120_000,
)

test.skipIf(!!missing)(
  'what nobody owns any more goes, and what is in a namespace goes with it',
  async () => {
    await run(undefined, 'create', 'configmap', 'owner')
    const { out: uid } = await run(undefined, 'get', 'configmap', 'owner', '-o', 'jsonpath={.metadata.uid}')
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid }]
    const owned = { ...flunder('owned', ''), metadata: { name: 'owned', ownerReferences } }
    expect((await run(JSON.stringify(owned), 'create', '-f', '-')).code).toBe(0)
    await run(undefined, 'delete', 'configmap', 'owner')
    const gone = async () => (await run(undefined, 'get', 'flunder', 'owned')).err.includes('NotFound')
    while (!(await gone())) await Bun.sleep(200)
    await run(undefined, 'create', 'namespace', 'brief')
    const made = await run(JSON.stringify(flunder('inside', '')), '-n', 'brief', 'create', '-f', '-')
    expect(made.code).toBe(0)
    expect((await run(undefined, 'delete', 'namespace', 'brief', '--timeout=100s')).code).toBe(0)
    const left = await run(undefined, '-n', 'brief', 'get', 'flunders', '-o', 'name')
    expect(left.out).toBe('')
  },
  240_000,
)
