/** Upstream's example controller, its kind defined by its own manifest, as a ServiceAccount with few rights. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { missingKubectl, startCluster, type TestCluster, until } from '../kubectl/cluster.ts'

const cache =
  process.env.HUTCH_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'hutch')
const module = 'k8s.io/sample-controller'
const program = join(cache, 'witness/sample-controller')
const reason = missingKubectl() ?? (Bun.which('go') ? undefined : 'Go is not installed')
if (reason) console.log(`SKIP tests/witness/sample-controller: ${reason}`)

function go(...words: string[]): string {
  const run = Bun.spawnSync(['go', ...words], {
    cwd: import.meta.dir,
    env: { ...process.env, CGO_ENABLED: '0' },
  })
  if (run.exitCode !== 0) throw new Error(`go ${words.join(' ')}: ${run.stderr}`)
  return run.stdout.toString().trim()
}

const rights = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: sample-controller}
rules:
  - {apiGroups: [samplecontroller.k8s.io], resources: [foos], verbs: [list, watch]}
  - {apiGroups: [samplecontroller.k8s.io], resources: [foos/status], verbs: [update]}
  - {apiGroups: [apps], resources: [deployments], verbs: [list, watch, create, update]}
  - {apiGroups: [''], resources: [events], verbs: [create, patch]}
`

const foo = (replicas: number) => `
apiVersion: samplecontroller.k8s.io/v1alpha1
kind: Foo
metadata: {name: example}
spec: {deploymentName: example, replicas: ${replicas}}
`

let cluster: TestCluster
let controller: Bun.Subprocess
const k = (line: string, options?: Parameters<TestCluster['kubectl']>[1]) => cluster.kubectl(line, options)
const apply = (input: string) => k('apply -f -', { input })
const says = (line: string, text: string) =>
  until(async () => (await k(line, { mayFail: true })) === text, `${cluster.directory}/controller.log`)

/** Whoever holds it is the ServiceAccount and nobody else. */
async function accountKubeconfig(): Promise<string> {
  const config = parse(readFileSync(cluster.kubeconfig, 'utf8')) as { users: { user: object }[] }
  config.users[0]!.user = { token: await k('create token sample-controller') }
  const path = join(cluster.directory, 'account')
  writeFileSync(path, stringify(config), { mode: 0o600 })
  return path
}

describe.skipIf(reason !== undefined)('the sample controller', () => {
  beforeAll(async () => {
    mkdirSync(join(cache, 'witness'), { recursive: true })
    if (!existsSync(program)) go('build', '-ldflags=-s -w', '-o', program, module)
    cluster = await startCluster(['--simulated-node=1'])
    const folder = join(go('list', '-m', '-f', '{{.Dir}}', module), 'artifacts/examples')
    await k(`apply -f ${join(folder, 'crd-status-subresource.yaml')}`)
    await k('wait --for=condition=established crd/foos.samplecontroller.k8s.io --timeout=60s')
    await k('create serviceaccount sample-controller')
    await apply(rights)
    await k(
      'create clusterrolebinding sample-controller --clusterrole=sample-controller --serviceaccount=default:sample-controller',
    )
    const log = Bun.file(join(cluster.directory, 'controller.log'))
    const words = ['-kubeconfig', await accountKubeconfig(), '-v=4']
    controller = Bun.spawn([program, ...words], { stdout: log, stderr: log })
  }, 20 * 60_000)
  afterAll(async () => {
    controller?.kill()
    await controller?.exited
    await cluster?.stop()
    if (cluster) rmSync(cluster.directory, { recursive: true, force: true })
  }, 240_000)

  test('a Foo becomes a Deployment, and its status tells how many are there', async () => {
    await apply(foo(1))
    await says("get deployment example -o jsonpath='{.metadata.ownerReferences[0].kind}'", 'Foo')
    await says("get foo example -o jsonpath='{.status.availableReplicas}'", '1')
    expect(await k('describe foo example')).toContain('Foo synced successfully')
  }, 240_000)

  test('what is changed or deleted behind its back is put right', async () => {
    await apply(foo(2))
    await says("get foo example -o jsonpath='{.status.availableReplicas}'", '2')
    await k('scale deployment example --replicas=5')
    await says("get deployment example -o jsonpath='{.spec.replicas}'", '2')
    const uid = await k("get deployment example -o jsonpath='{.metadata.uid}'")
    await k('delete deployment example')
    await until(async () => {
      const now = await k("get deployment example -o jsonpath='{.metadata.uid}'", { mayFail: true })
      return /^[0-9a-f-]{36}$/.test(now) && now !== uid
    }, 'a new deployment')
  }, 240_000)

  test('a Deployment of somebody else is left alone, and said so', async () => {
    await k('create deployment taken --image=image:1')
    await apply(foo(1).replaceAll('example', 'taken'))
    await until(
      async () => (await k('describe foo taken')).includes('already exists and is not managed by Foo'),
      'the event ErrResourceExists',
    )
    expect(await k("get deployment taken -o jsonpath='{.metadata.ownerReferences}'")).toBe('')
  }, 240_000)

  test('nothing was refused that its rights allow, and its Deployment goes with the Foo', async () => {
    await k('delete foo example taken')
    await until(
      async () => (await k('get deployment example', { mayFail: true })).includes('not found'),
      'the collector',
    )
    const log = readFileSync(join(cluster.directory, 'controller.log'), 'utf8')
    expect(log).not.toMatch(/forbidden|Unauthorized|failed to (?:list|watch)/i)
  }, 240_000)
})
