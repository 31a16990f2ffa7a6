import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Lan, lanMissing, type Machine, must, openLan } from '../cluster/lan.ts'
import { startCluster, type TestCluster, until } from './cluster.ts'

const reason = lanMissing()
if (reason) console.log(`SKIP tests/kubectl/podman: ${reason}`)

const image = 'hutch.local/busybox:1'

let lan: Lan
let cluster: TestCluster
const top = (line: string) => k(`top ${line}`, { mayFail: true })
const k = (line: string, options?: Parameters<TestCluster['kubectl']>[1]) => cluster.kubectl(line, options)

async function start(): Promise<void> {
  const [{ name, address, dir, enter, podmanArgs }] = lan.machines as [Machine]
  const directory = join(dir, 'data')
  mkdirSync(directory, { recursive: true })
  const flags = [`--node-name=${name}`, `--node-ip=${address}`]
  const podman = podmanArgs.map(argument => `--podman-arg=${argument}`)
  cluster = await startCluster([...flags, ...podman], { directory, enter })
  await until(async () => (await k('get nodes')).includes(' Ready '), 'kubectl get nodes')
}

/** A machine of its own as far as the network goes, with a Podman storage of its own. */
describe.skipIf(reason !== undefined)('real pods', () => {
  beforeAll(async () => {
    lan = await openLan(['real'])
    const [{ enter, podmanArgs }] = lan.machines as [Machine]
    await must([...enter, join(import.meta.dir, '../../scripts/image'), ...podmanArgs])
    await start()
  }, 300_000)

  afterAll(async () => {
    await cluster?.stop()
    await lan?.close()
  }, 300_000)

  test('a deployment serves behind its service, by name', async () => {
    await k(`create deployment web --image=${image} --replicas=2`)
    expect(await k('rollout status deployment/web --timeout=120s')).toContain('successfully rolled out')
    await k('expose deployment web --port=80 --target-port=8080')
    await k(`run client --image=${image} --restart=Never -- sleep 1000`)
    await k('wait --for=condition=Ready pod/client --timeout=120s')
    const fetched = async () =>
      k('exec client -- wget -qO- http://web.default.svc.cluster.local', { mayFail: true })
    await until(async () => (await fetched()) === 'Hutch', 'the service')
    expect(await k('exec client -- nslookup kubernetes.default.svc.cluster.local')).toContain('10.43.0.1')
  }, 240_000)

  test('exec, its exit code, standard input and copied files', async () => {
    expect(await k('exec client -- hostname')).toBe('client')
    expect(await k('exec client -- sh -c "exit 3"', { mayFail: true })).toContain(
      'command terminated with exit code 3',
    )
    expect(await k('exec -i client -- cat', { input: 'through' })).toBe('through')
    const file = join(lan.dir, 'copied')
    writeFileSync(file, 'x'.repeat(200_000))
    await k(`cp ${file} client:/tmp/copied`)
    await k(`cp client:/tmp/copied ${file}.back`)
    expect(readFileSync(`${file}.back`, 'utf8')).toHaveLength(200_000)
  })

  test('logs, of now, followed, and of the container before', async () => {
    await k(`run talker --image=${image} -- sh -c 'echo one; sleep 2; echo two; exit 1'`)
    await until(async () => (await k('logs talker', { mayFail: true })).includes('one'), 'kubectl logs')
    expect(await k('logs -f talker')).toContain('one\ntwo')
    await until(
      async () => (await k('get pod talker -o jsonpath={.status.containerStatuses[0].restartCount}')) !== '0',
      'a restart',
    )
    expect(await k('logs --previous talker')).toBe('one\ntwo')
  }, 240_000)

  test.each(['true', 'false'])(
    'streams to the node, with KUBECTL_*_WEBSOCKETS=%s',
    async word => {
      const env = { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: word, KUBECTL_PORT_FORWARD_WEBSOCKETS: word }
      const sh = async (script: string) => {
        const [{ enter }] = lan.machines as [Machine]
        const child = Bun.spawn([...enter, 'sh', '-c', script], {
          env: { ...process.env, KUBECONFIG: cluster.kubeconfig, ...env },
          stdout: 'pipe',
        })
        return new Response(child.stdout).text()
      }
      const exec = await k('exec -v=4 -i client -- sh -c "cat; echo told >&2; exit 7"', {
        ...{ input: 'x'.repeat(50_000), env, mayFail: true },
      })
      // A client that was refused one protocol would say that it falls back to the other.
      expect(exec).not.toContain('allback')
      // What is said on the way of errors may come anywhere in between.
      expect(exec.replace(/told\s/, '').includes('x'.repeat(50_000))).toBeTrue()
      expect(exec.includes('told')).toBeTrue()
      expect(exec).toContain('command terminated with exit code 7')
      const file = join(lan.dir, `streamed-${word}`)
      writeFileSync(file, 'y'.repeat(300_000))
      await k(`cp ${file} client:/tmp/streamed`, { env })
      await k(`cp client:/tmp/streamed ${file}.back`, { env })
      expect(readFileSync(`${file}.back`, 'utf8')).toBe('y'.repeat(300_000))
      const looping = 'while read -r line; do echo "heard $line"; [ "$line" = end ] && exit 0; done'
      const pod = `reader-${word}`
      const spec = {
        containers: [
          { name: 'main', image, stdin: true, tty: true, command: ['sh', '-c', `echo up; ${looping}`] },
        ],
        restartPolicy: 'Never',
      }
      const made = { apiVersion: 'v1', kind: 'Pod', metadata: { name: pod }, spec }
      await k('apply -f -', { input: JSON.stringify(made) })
      await k(`wait --for=condition=Ready pod/${pod} --timeout=120s`)
      const typed = await sh(
        `(sleep 3; echo one; sleep 1; echo end; sleep 3) | script -qec "kubectl attach -it ${pod}" /dev/null`,
      )
      expect(typed).toContain('heard one')
      expect(typed).toContain('heard end')
      const forwarded = await sh(
        'kubectl port-forward -v=4 service/web 18080:80 >/tmp/forwarded 2>&1 & pid=$!; ' +
          'for try in $(seq 60); do grep -q Forwarding /tmp/forwarded && break; sleep 0.2; done; ' +
          'for n in 1 2 3; do curl -sS http://127.0.0.1:18080/; done; kill $pid; cat /tmp/forwarded',
      )
      expect(forwarded).toStartWith('Hutch\nHutch\nHutch\n')
      expect(forwarded).not.toContain('allback')
      await k(`delete pod ${pod} --wait=false`)
    },
    240_000,
  )

  test('logs by every flag, and services through the proxy by scheme and name of the port', async () => {
    await k(`run counter --image=${image} --restart=Never -- sh -c 'seq 1 100; sleep 1000'`)
    await until(async () => (await k('logs counter', { mayFail: true })).includes('100'), 'kubectl logs')
    expect(await k('logs counter --tail=3')).toBe('98\n99\n100')
    expect(await k('logs counter --tail=0')).toBe('')
    expect(await k('logs counter --limit-bytes=5')).toBe('1\n2\n3')
    expect(await k('logs counter --timestamps --tail=1')).toMatch(/^\d{4}-\d\d-\d\dT\S+Z 100$/)
    expect((await k('logs counter --since=10m')).split('\n')).toHaveLength(100)
    expect(await k('logs counter --since-time=2100-01-01T00:00:00Z')).toBe('')
    expect(await k('logs counter --previous', { mayFail: true })).toContain(
      'previous terminated container "counter" in pod "counter" not found',
    )
    expect(await k('logs counter -c nobody', { mayFail: true })).toContain('nobody')
    await k('delete pod counter --wait=false')
    await k(`patch service web --type=json -p '[{"op":"add","path":"/spec/ports/0/name","value":"web"}]'`)
    const proxied = (name: string) =>
      k(`get --raw /api/v1/namespaces/default/services/${name}/proxy/`, { mayFail: true })
    for (const name of ['web:web', 'web:80', 'http:web:web', 'http:web:80'])
      await until(async () => (await proxied(name)) === 'Hutch', name)
    expect(await proxied('web')).toContain('no endpoints available for service "web"')
    expect(await proxied('web:81')).toContain('no service port 81 found for service "web"')
    expect(await proxied('https:web:web')).not.toBe('Hutch')
  }, 240_000)

  test('exec, logs -f, attach and the proxy reach a pod that terminates', async () => {
    const goodbye = 'echo asked; touch /tmp/asked; read -r word; exit 0'
    const serve = 'httpd -p 8080 -h /var/www'
    const args = [`${serve}; trap "${goodbye}" TERM; echo up; while true; do sleep 0.2; done`]
    const containers = [{ name: 'main', image, command: ['sh', '-c'], args, stdin: true }]
    const spec = { containers, terminationGracePeriodSeconds: 600, restartPolicy: 'Never' }
    const metadata = { name: 'leaving', finalizers: ['tests.example/seen'] }
    await k('apply -f -', { input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec }) })
    await until(async () => (await k('logs leaving', { mayFail: true })).includes('up'), 'the container')
    await k('delete pod leaving --wait=false')
    await k('exec leaving -- sh -c "until [ -e /tmp/asked ]; do sleep 0.2; done"')
    expect(await k('get pod leaving')).toMatch(/leaving +1\/1 +Terminating/)
    expect(await k('logs -f leaving --limit-bytes=9')).toBe('up\nasked')
    expect(await k('get --raw /api/v1/namespaces/default/pods/leaving:8080/proxy/')).toBe('Hutch')
    await k('attach -i leaving', { input: 'now\n' })
    const state = 'jsonpath={.status.containerStatuses[0].state.terminated.exitCode}'
    await until(async () => (await k(`get pod leaving -o ${state}`)) === '0', 'its own end')
    await k(`patch pod leaving --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`)
    await k('wait --for=delete pod/leaving --timeout=120s')
  }, 240_000)

  test('a command that is not there: StartError, the words of the runtime, and back-off', async () => {
    await k(`run absent --image=${image} -- /bin/nope`)
    const status = (path: string) => k(`get pod absent -o jsonpath={.status.containerStatuses[0].${path}}`)
    await until(async () => (await status('lastState.terminated.reason')) === 'StartError', 'its end')
    expect(await status('lastState.terminated.exitCode')).toBe('128')
    expect(await status('lastState.terminated.message')).toContain('/bin/nope')
    await until(async () => (await status('state.waiting.reason')) === 'CrashLoopBackOff', 'its back-off')
    expect(await k('describe pod absent')).toMatch(
      /Warning +BackOff .*Back-off restarting failed container absent/,
    )
    await k('delete pod absent --timeout=120s')
  }, 240_000)

  test('what the node and its proxy count is told where Prometheus looks for it', async () => {
    const [{ name, enter }] = lan.machines as [Machine]
    const counts = (text: string, series: string) =>
      expect(text).toMatch(new RegExp(`^${series}(_count)?(\\{.*\\})? [1-9]`, 'm'))
    const kubelet = await k(`get --raw /api/v1/nodes/${name}/proxy/metrics`)
    for (const series of [
      'kubelet_running_pods',
      'kubelet_pod_start_sli_duration_seconds',
      'kubelet_pod_worker_duration_seconds',
      'kubelet_runtime_operations_total',
      'kubelet_runtime_operations_errors_total',
      'kubelet_started_containers_errors_total',
      'kubelet_certificate_manager_server_ttl_seconds',
      'storage_operation_duration_seconds',
      'volume_manager_total_volumes',
      'process_resident_memory_bytes',
    ])
      counts(kubelet, series)
    const cadvisor = await k(`get --raw /api/v1/nodes/${name}/proxy/metrics/cadvisor`)
    counts(cadvisor, 'container_network_receive_packets_total')
    const ask = "console.log(await (await fetch('http://127.0.0.1:10249/metrics')).text())"
    const proxy = Bun.spawnSync([...enter, 'bun', '-e', ask]).stdout.toString()
    counts(proxy, 'kubeproxy_sync_proxy_rules_duration_seconds')
    counts(proxy, 'kubeproxy_sync_proxy_rules_endpoint_changes_total')
  }, 240_000)

  test('volumes: configMap that changes, secret, emptyDir, downward API, token', async () => {
    await k('create configmap settings --from-literal=mode=one')
    await k('create secret generic hidden --from-literal=word=abc')
    const volumes = [
      { name: 'settings', configMap: { name: 'settings' } },
      { name: 'hidden', secret: { secretName: 'hidden' } },
      { name: 'scratch', emptyDir: {} },
      {
        name: 'about',
        downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
      },
    ]
    const volumeMounts = volumes.map(({ name }) => ({ name, mountPath: `/${name}` }))
    const env = [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }]
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'files', labels: { app: 'files' } },
      spec: { volumes, containers: [{ name: 'main', image, command: ['sleep', '1000'], volumeMounts, env }] },
    }
    await k('apply -f -', { input: JSON.stringify(pod) })
    await k('wait --for=condition=Ready pod/files --timeout=120s')
    const read = (path: string) => k(`exec files -- cat ${path}`)
    expect(await read('/settings/mode')).toBe('one')
    expect(await read('/hidden/word')).toBe('abc')
    expect(await read('/about/labels')).toBe('app="files"')
    expect(await k("exec files -- sh -c 'echo x > /scratch/f; cat /scratch/f; echo $NODE'")).toBe('x\nreal')
    expect((await read('/var/run/secrets/kubernetes.io/serviceaccount/token')).split('.')).toHaveLength(3)
    await k(`patch configmap settings -p '{"data":{"mode":"two"}}'`)
    await until(async () => (await read('/settings/mode')) === 'two', 'the changed configMap')
  }, 240_000)

  test('a liveness probe restarts, a readiness probe keeps traffic away', async () => {
    const probe = { exec: { command: ['test', '-f', '/tmp/ok'] }, periodSeconds: 1, failureThreshold: 1 }
    const containers = [
      { name: 'unready', image, command: ['sleep', '1000'], readinessProbe: probe },
      { name: 'dying', image, command: ['sleep', '1000'], livenessProbe: probe },
    ]
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'probed' },
      spec: { containers, terminationGracePeriodSeconds: 1 },
    }
    await k('apply -f -', { input: JSON.stringify(pod) })
    const status = (path: string) =>
      k(
        `get pod probed -o jsonpath='{.status.containerStatuses[?(@.name=="${path.split('/')[0]}")].${path.split('/')[1]}}'`,
      )
    await until(async () => (await status('dying/restartCount')) >= '1', 'a restart by the probe')
    expect(await status('unready/ready')).toBe('false')
    expect(await k('describe pod probed')).toContain('Liveness probe failed')
    await k('exec probed -c unready -- touch /tmp/ok')
    await until(async () => (await status('unready/ready')) === 'true', 'readiness')
  }, 240_000)

  test('top tells what is used, and the autoscaler acts on it', async () => {
    const spec = {
      containers: [
        {
          ...{ name: 'main', image, command: ['sh', '-c', 'while true; do :; done'] },
          resources: { requests: { cpu: '100m' }, limits: { cpu: '300m' } },
        },
      ],
      terminationGracePeriodSeconds: 0,
    }
    const labels = { app: 'busy' }
    const deployment = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'busy' } },
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    }
    await k('create -f -', { input: JSON.stringify(deployment) })
    await k('rollout status deployment/busy --timeout=120s')
    await k('autoscale deployment busy --cpu-percent=50 --min=1 --max=2')
    await until(
      async () => /busy-\S+ +main +[1-9]\d*m +\d+Mi/.test(await top('pods --containers -l app=busy')),
      'kubectl top pods',
    )
    expect(await top('nodes')).toMatch(/^real +[1-9]\d*m +\d+% +\d+Mi +\d+%$/m)
    expect(await top('pods -A --sort-by=cpu --no-headers')).toMatch(/^default +busy-/)
    expect(await k('get nodes.metrics.k8s.io real --no-headers')).toMatch(/^real +\d+[num] +\d+Ki +\S+s$/)
    await until(
      async () => (await k('get deployment busy -o jsonpath={.status.replicas}')) === '2',
      'the autoscaler',
    )
    const rules = await k('get clusterrole view -o yaml')
    expect(rules).toContain('metrics.k8s.io')
    await k('delete hpa,deployment busy --timeout=120s')
  }, 240_000)

  test('the server stops and starts again; the pods never notice', async () => {
    const ids = () =>
      k(
        'get pods -l app=web -o jsonpath=\'{range .items[*]}{.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{"\\n"}{end}\'',
      )
    const before = await ids()
    expect(before.split('\n')).toHaveLength(2)
    await cluster.stop()
    await start()
    // When a pod that has come since is ready, the kubelet has been through those that were there.
    await k(`run later --image=${image} -- sleep 1000`)
    await k('wait --for=condition=Ready pod/later --timeout=120s')
    expect(await ids()).toBe(before)
    expect(await k('exec client -- hostname')).toBe('client')
  }, 240_000)
})
