import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { missingKubectl, startCluster, type TestCluster, until } from './cluster.ts'

const reason = missingKubectl()
if (reason) console.log(`SKIP tests/kubectl/simulated: ${reason}`)

setDefaultTimeout(240_000)

let cluster: TestCluster
const k = (line: string, options?: Parameters<TestCluster['kubectl']>[1]) => cluster.kubectl(line, options)
const column = async (line: string, path: string) => k(`${line} -o jsonpath='{${path}}'`)

/** What people try first on a laptop: nodes that only pretend, no root, no Podman, the unmodified kubectl. */
describe.skipIf(reason !== undefined)('a simulated cluster', () => {
  beforeAll(async () => {
    cluster = await startCluster(['--simulated-node=3'])
  }, 240_000)
  afterAll(async () => {
    await cluster?.stop()
    if (cluster) rmSync(cluster.directory, { recursive: true, force: true })
  }, 240_000)

  test('nodes become ready', async () => {
    await until(
      async () => (await k('get nodes --no-headers')).match(/ Ready /g)?.length === 3,
      'kubectl get nodes',
    )
    expect(await k('get nodes -o wide')).toContain('v1.35.4+hutch')
  })

  test('a deployment rolls out and is exposed', async () => {
    await k('create deployment web --image=image:1 --replicas=3')
    expect(await k('rollout status deployment/web --timeout=120s')).toContain('successfully rolled out')
    await k('expose deployment web --port=80 --target-port=8080')
    await until(
      async () =>
        (
          await column(
            'get endpointslices -l kubernetes.io/service-name=web',
            '.items[*].endpoints[*].addresses[0]',
          )
        ).split(' ').length === 3,
      'endpoints',
    )
    expect(await k('get deploy,rs,pods,svc,endpointslices -o wide')).toMatch(
      /deployment.apps\/web +3\/3 +3 +3/,
    )
    expect(await k('describe pod -l app=web')).toMatch(/Successfully assigned default\/web-\S+ to /)
    expect(await k('get events')).toContain('ScalingReplicaSet')
  })

  test('it is scaled, changed and rolled back', async () => {
    await k('scale deployment/web --replicas=5')
    await k('rollout status deployment/web --timeout=120s')
    await k('set image deployment/web image=image:2')
    await k('rollout status deployment/web --timeout=120s')
    expect(await column('get deployment web', '.spec.template.spec.containers[0].image')).toBe('image:2')
    await k('rollout undo deployment/web')
    await k('rollout status deployment/web --timeout=120s')
    expect(await column('get deployment web', '.spec.template.spec.containers[0].image')).toBe('image:1')
    expect(await k('rollout history deployment/web')).toContain('3')
    await k('wait --for=condition=Available deployment/web --timeout=120s')
  })

  test('label, annotate, edit and the three patches', async () => {
    await k('label deployment/web stage=one')
    await k('annotate deployment/web note=yes')
    await k('edit deployment/web', { env: { EDITOR: "sed -i 's/stage: one/stage: two/'" } })
    expect(await column('get deployment web', '.metadata.labels.stage')).toBe('two')
    await k(
      `patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"image","env":[{"name":"A","value":"1"}]}]}}}}'`,
    )
    expect(await column('get deployment web', '.spec.template.spec.containers[0].image')).toBe('image:1')
    await k(`patch deployment web --type merge -p '{"metadata":{"labels":{"m":"1"}}}'`)
    await k(`patch deployment web --type json -p '[{"op":"remove","path":"/metadata/labels/m"}]'`)
    expect(await column('get deployment web', '.metadata.labels.m')).toBe('')
  })

  test('apply, diff, server-side apply and its conflicts', async () => {
    const map = (value: string) =>
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: "${value}"}\n`
    expect(await k('apply -f -', { input: map('1') })).toBe('configmap/c created')
    expect(await k('diff -f -', { input: map('2'), mayFail: true })).toContain('+  a: "2"')
    expect(await k('apply -f -', { input: map('2') })).toBe('configmap/c configured')
    await k('apply --server-side --field-manager=one --force-conflicts -f -', { input: map('3') })
    const refused = await k('apply --server-side --field-manager=two -f -', {
      input: map('4'),
      mayFail: true,
    })
    expect(refused).toContain('Apply failed with 1 conflict: conflict with "one": .data.a')
    await k('apply --server-side --field-manager=two --force-conflicts -f -', { input: map('4') })
    expect(await column('get configmap c', '.data.a')).toBe('4')
  })

  test('who may do what, and what is not there', async () => {
    expect(await k('auth can-i create pods')).toBe('yes')
    expect(await k('auth can-i create pods --as=nobody', { mayFail: true })).toBe('no')
    expect(await k('get pods --as=nobody', { mayFail: true })).toContain(
      'User "nobody" cannot list resource "pods" in API group "" in the namespace "default"',
    )
    // Simulated nodes use nothing that could be measured: nothing is told, no zeros.
    expect(await k('top nodes', { mayFail: true })).toContain('metrics not available yet')
    expect(await column('get apiservice v1beta1.metrics.k8s.io', '.status.conditions[0].reason')).toBe(
      'Local',
    )
  })

  test('what a simulated pod cannot do is refused by name', async () => {
    const refused = /reaching into pods of the simulated node "\S+" is not implemented/
    for (const line of [
      'logs deployment/web',
      'exec deployment/web -- true',
      'attach deployment/web',
      'port-forward deployment/web 0:80',
    ])
      expect(await k(line, { mayFail: true })).toMatch(refused)
  })

  test('a wrong manifest is told what is wrong with it', async () => {
    const pod = '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[]}}'
    expect(await k('create -f -', { input: pod, mayFail: true })).toContain(
      'The Pod "p" is invalid: spec.containers: Required value',
    )
    const unknown = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"bogus":1}'
    expect(await k('create -f -', { input: unknown, mayFail: true })).toContain(
      'strict decoding error: unknown field "bogus"',
    )
  })

  test('deleting takes everything along', async () => {
    await k('delete deployment web')
    await until(
      async () => (await k('get pods,rs')) === 'No resources found in default namespace.',
      'kubectl get pods,rs',
    )
    await k('create namespace gone')
    await k('-n gone create deployment web --image=image:1')
    await k('delete namespace gone --timeout=120s')
    expect(await k('get namespace gone', { mayFail: true })).toContain('namespaces "gone" not found')
  })

  test('stopped and started again, everything is still there', async () => {
    await k('create deployment stays --image=image:1 --replicas=2')
    await k('rollout status deployment/stays --timeout=120s')
    const uid = await column('get deployment stays', '.metadata.uid')
    await cluster.stop()
    cluster = await startCluster(['--simulated-node=3'], { directory: cluster.directory })
    expect(await column('get deployment stays', '.metadata.uid')).toBe(uid)
    await k('rollout status deployment/stays --timeout=120s')
  })
})
