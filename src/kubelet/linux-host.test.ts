import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import { type AddressInfo, connect, createServer } from 'node:net'
import type { Pod, PodSpec } from '../api/types/core-v1.gen.ts'
import { createClient } from '../client/client.ts'
import { FakeTransport } from '../client/testing.ts'
import { silentLogger } from '../std/log.ts'
import { realPorts } from '../std/real-ports.ts'
import { apiFront } from './api/front.testing.ts'
import { KubeletApi } from './api/handlers.ts'
import type { KubeletConfig } from './config.ts'
import { createKubelet, type HostContext } from './kubelet.ts'
import { linuxHost } from './linux-host.ts'
import { podLogDir } from './logs/paths.ts'
import { linuxMachine } from './node/linux-machine.ts'
import { openTestPodman, podmanMissing, type TestPodman, testImage } from './runtime/podman/testing.ts'
import { simulatedNetwork } from './simulated-host.ts'
import { mergingConditions, testConfig, testPod } from './testing.ts'

const missing = podmanMissing() ?? (Bun.which('kubectl') ? undefined : 'kubectl is not installed')
if (missing) console.warn(`SKIPPED: tests of a kubelet on a real Podman (${missing})`)

const ports = realPorts(silentLogger)

describe.skipIf(missing !== undefined)('a kubelet on a real Podman', () => {
  const api = new FakeTransport()
  let podman: TestPodman
  let config: KubeletConfig
  let context: HostContext | undefined
  let front: Server
  let stop = new AbortController()
  let done: Promise<void> = Promise.resolve()

  const startKubelet = async () => {
    stop = new AbortController()
    const kubelet = createKubelet({
      client: createClient(mergingConditions(api)),
      runtime: podman.runtime,
      network: simulatedNetwork('10.42.0'),
      config,
      host: given => {
        context = given
        return linuxHost({ runtimeName: 'podman', api: undefined })(given)
      },
    })
    done = kubelet(ports, stop.signal)
  }

  beforeAll(async () => {
    podman = await openTestPodman()
    config = {
      ...testConfig,
      nodeIps: ['127.0.0.1'],
      dataDir: podman.dir,
      podLogsDir: `${podman.dir}/pod-logs`,
      podsMax: 1000,
    }
    await startKubelet()
    front = await apiFront(
      () =>
        new KubeletApi({
          ports,
          config,
          runtime: podman.runtime,
          machine: linuxMachine(podman.dir),
          workers: context!.workers,
          probeMetrics: context!.probeMetrics,
        }),
      api,
    )
  }, 120_000)
  afterAll(async () => {
    stop.abort()
    await done
    front.close()
    await podman.close()
  }, 120_000)

  const pod = (name: string) => api.object('pods', `default/${name}`) as Pod | undefined
  const until = async (what: () => boolean) => {
    while (!what()) await Bun.sleep(30)
  }
  const run = async (name: string, spec: Partial<PodSpec>) => {
    api.put('pods', testPod(name, spec))
    await until(() => pod(name)?.status?.phase !== 'Pending')
  }
  const says = async (args: string[], text: string) => {
    while (!(await kubectl(args)).stdout.includes(text)) await Bun.sleep(100)
  }
  const shell = (script: string, rest: object = {}) => ({
    containers: [{ name: 'main', image: testImage, command: ['/bin/sh', '-c', script], ...rest }],
  })
  /** Runs one that ends beside one that goes on, and waits for that end: the pod is still a running one. */
  const runBeside = async (name: string, { containers: [main] }: ReturnType<typeof shell>) => {
    const other = { ...shell('sleep 1000').containers[0]!, name: 'other' }
    await run(name, { restartPolicy: 'Never', containers: [main!, other] })
    const states = () => pod(name)?.status?.containerStatuses ?? []
    await until(() => states().some(({ name, state }) => name === 'main' && state?.terminated !== undefined))
  }
  const kubectl = async (args: string[], options: { stdin?: string; spdy?: boolean } = {}) => {
    const { port } = front.address() as AddressInfo
    const websockets = options.spdy ? 'false' : 'true'
    const child = Bun.spawn(
      ['kubectl', `--server=http://127.0.0.1:${port}`, '--kubeconfig=/dev/null', ...args],
      {
        stdin: new TextEncoder().encode(options.stdin ?? ''),
        stdout: 'pipe',
        stderr: 'pipe',
        env: {
          ...process.env,
          KUBECTL_REMOTE_COMMAND_WEBSOCKETS: websockets,
          KUBECTL_PORT_FORWARD_WEBSOCKETS: websockets,
        },
      },
    )
    const [stdout, stderr] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ])
    return { stdout, stderr, code: await child.exited }
  }

  test('environment, volumes, hosts and names are there when the container starts', async () => {
    api.put('configmaps', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'default' },
      data: { color: 'blue' },
    } as never)
    const script =
      'echo $COLOR $WHO; cat /etc/settings/color; echo; cat /etc/hosts | grep web-env; hostname; cat /scratch/x; echo done > /dev/termination-log'
    await run('web-env', {
      restartPolicy: 'Never',
      volumes: [
        { name: 'settings', configMap: { name: 'settings' } },
        { name: 'scratch', emptyDir: {} },
      ],
      initContainers: [
        {
          name: 'init',
          image: testImage,
          command: ['/bin/sh', '-c', 'echo made > /scratch/x'],
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        },
      ],
      ...shell(script, {
        env: [
          { name: 'COLOR', valueFrom: { configMapKeyRef: { name: 'settings', key: 'color' } } },
          { name: 'WHO', value: 'I am $(COLOR)' },
        ],
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/settings' },
          { name: 'scratch', mountPath: '/scratch' },
        ],
      }),
    })
    await until(() => pod('web-env')?.status?.phase === 'Succeeded')
    const terminated = pod('web-env')?.status?.containerStatuses?.[0]?.state?.terminated
    expect(terminated).toMatchObject({ exitCode: 0, reason: 'Completed', message: 'done\n' })
    const { stdout } = await kubectl(['logs', 'web-env'])
    const ip = pod('web-env')?.status?.podIP
    expect(stdout).toBe(`blue I am blue\nblue\n${ip}\tweb-env\nweb-env\nmade\n`)
  }, 120_000)

  test('kubectl exec carries input, both outputs and the exit code, over WebSocket and over SPDY', async () => {
    await run('shell', shell('sleep 1000'))
    for (const spdy of [false, true]) {
      const plain = await kubectl(
        ['exec', 'shell', '--', '/bin/sh', '-c', 'echo out; echo err >&2; exit 7'],
        { spdy },
      )
      expect(plain.stdout).toBe('out\n')
      expect(plain.stderr).toContain('err\n')
      expect(plain.code).toBe(7)
      const piped = await kubectl(['exec', '-i', 'shell', '--', '/bin/cat'], {
        spdy,
        stdin: 'x'.repeat(200_000),
      })
      expect(piped.stdout.length).toBe(200_000)
      expect(piped.code).toBe(0)
    }
  }, 120_000)

  test('who comes too late for exec or attach is told why, over WebSocket and over SPDY', async () => {
    await runBeside('brief', shell('echo done'))
    const attached = 'unable to upgrade connection: container main not found in pod brief_default'
    expect((await kubectl(['attach', 'brief'])).stderr).toContain(`Internal error occurred: ${attached}`)
    expect((await kubectl(['attach', 'brief'], { spdy: true })).stderr).toContain(attached)
    const entered = 'unable to upgrade connection: container not found ("main")'
    const late = ['exec', 'brief', '--', 'true']
    expect((await kubectl(late)).stderr).toContain(`Internal error occurred: ${entered}`)
    expect((await kubectl(late, { spdy: true })).stderr).toContain(entered)
  }, 120_000)

  test('who attaches first to a container for one client hears it from its start', async () => {
    const script = 'echo early; echo warning >&2; read line; echo "got $line"'
    const once = { restartPolicy: 'Never', ...shell(script, { stdin: true, stdinOnce: true }) }
    await run('once', once)
    const log = `${podLogDir(config.podLogsDir, pod('once')!)}/main/0.log`
    await until(() => existsSync(log) && readFileSync(log, 'utf8').includes('warning'))
    const { stdout, stderr } = await kubectl(['attach', '-i', 'once'], { stdin: 'this\n' })
    expect(stdout).toBe('early\ngot this\n')
    expect(stderr).toContain('warning\n')
    await runBeside('quick', shell('echo all', { stdin: true, stdinOnce: true }))
    expect((await kubectl(['attach', 'quick'])).stdout).toBe('all\n')
  }, 120_000)

  test('kubectl logs tails, follows to the end and shows the run before', async () => {
    await run('talk', shell('for i in 1 2 3 4 5; do echo line $i; done; sleep 1; echo last; exit 1'))
    await says(['logs', 'talk', '--tail=2'], 'line 5\n')
    const followed = await kubectl(['logs', '-f', 'talk', '--timestamps'])
    expect(followed.stdout).toMatch(/^\d{4}-\S+Z line 1\n/)
    expect(followed.stdout.trim().endsWith('last')).toBe(true)
    await until(() => (pod('talk')?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0)
    expect((await kubectl(['logs', '-p', 'talk'])).stdout).toContain('last')
  }, 120_000)

  test('kubectl port-forward reaches a pod, over WebSocket and over SPDY', async () => {
    const served = await freePort()
    await run('web', {
      hostNetwork: true,
      ...shell(`mkdir -p /www; echo hello > /www/index.html; httpd -f -p 127.0.0.1:${served} -h /www`),
    })
    while (!(await accepts(served))) await Bun.sleep(50)
    for (const spdy of [false, true]) {
      const { port } = front.address() as AddressInfo
      const child = Bun.spawn(
        [
          'kubectl',
          `--server=http://127.0.0.1:${port}`,
          '--kubeconfig=/dev/null',
          'port-forward',
          'pod/web',
          `:${served}`,
        ],
        {
          stdout: 'pipe',
          stderr: 'ignore',
          env: { ...process.env, KUBECTL_PORT_FORWARD_WEBSOCKETS: spdy ? 'false' : 'true' },
        },
      )
      const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read()
      const local = /127\.0\.0\.1:(\d+) /.exec(value ?? '')?.[1]
      for (let times = 0; times < 3; times++)
        expect(await (await fetch(`http://127.0.0.1:${local}/`)).text()).toBe('hello\n')
      child.kill()
      await child.exited
    }
  }, 120_000)

  test('probes decide over readiness; a failing liveness probe restarts', async () => {
    const probe = (command: string) => ({
      exec: { command: ['/bin/sh', '-c', command] },
      periodSeconds: 1,
      failureThreshold: 1,
    })
    await run('probed', shell('sleep 1000', { readinessProbe: probe('cat /tmp/ready') }))
    expect(pod('probed')?.status?.containerStatuses?.[0]?.ready).toBe(false)
    await kubectl(['exec', 'probed', '--', '/bin/sh', '-c', 'echo > /tmp/ready'])
    await until(() => pod('probed')?.status?.containerStatuses?.[0]?.ready === true)
    await run('sick', {
      terminationGracePeriodSeconds: 1,
      ...shell('sleep 1000', { livenessProbe: probe('exit 1') }),
    })
    await until(() => (pod('sick')?.status?.containerStatuses?.[0]?.restartCount ?? 0) > 0)
    expect(pod('sick')?.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode).toBe(137)
  }, 120_000)

  test('what a pod uses is told as text and as a summary, its probes are counted', async () => {
    const readinessProbe = { exec: { command: ['/bin/true'] }, periodSeconds: 1 }
    await run(
      'busy',
      shell('while true; do :; done', { resources: { limits: { memory: '64Mi' } }, readinessProbe }),
    )
    const handlers = new KubeletApi({
      ...{ ports, config, runtime: podman.runtime, machine: linuxMachine(podman.dir) },
      ...{ workers: context!.workers, probeMetrics: context!.probeMetrics },
    })
    const read = async (path: string) => {
      const asked = { method: 'GET', signal: new AbortController().signal }
      const { body } = await handlers.answer(path, new URLSearchParams(), asked)
      return String(body)
    }
    const cpu = (text: string) =>
      Number(/^container_cpu_usage_seconds_total{[^}]*pod="busy"} (\S+)/m.exec(text)?.[1])
    const summary = async () => {
      const { pods } = JSON.parse(await read('/stats/summary')) as Summary
      return pods.find(({ podRef }) => podRef.name === 'busy')
    }
    const text = await read('/metrics/resource')
    expect(text).toMatch(/^node_cpu_usage_seconds_total \S+ \d+$/m)
    const first = cpu(text)
    expect(first).toBeGreaterThanOrEqual(0)
    while (cpu(await read('/metrics/resource')) <= first) await Bun.sleep(100)
    // A rate takes two readings, some time apart.
    let busy = await summary()
    for (; !busy?.cpu.usageNanoCores; busy = await summary()) await Bun.sleep(100)
    expect(busy.containers[0]?.memory.availableBytes).toBeLessThan(64 * 2 ** 20)
    expect(await read('/metrics/cadvisor')).toContain('pod="busy"')
    const probed = 'pod="busy",pod_uid="uid-of-busy",probe_type="Readiness",result='
    while (!(await read('/metrics/probes')).includes(probed)) await Bun.sleep(100)
    expect(await read('/runningpods/')).toContain('"busy"')
    await expect(read('/debug/pprof/heap')).rejects.toThrow('profiling endpoint is disabled.')
    await expect(read('/nothing')).rejects.toThrow('404: Page Not Found')
    api.remove('pods', 'default/busy')
  }, 120_000)

  test('a restarted kubelet finds its pods and restarts none', async () => {
    await run('stays', shell('sleep 1000'))
    const before = pod('stays')?.status?.containerStatuses?.[0]?.containerID
    stop.abort()
    await done
    await startKubelet()
    // When a pod that has come since runs, the kubelet has been through those that were there.
    await run('later', shell('sleep 1000'))
    expect(pod('stays')?.status?.containerStatuses?.[0]).toMatchObject({
      containerID: before,
      ready: true,
      restartCount: 0,
    })
  }, 120_000)

  test('what cannot be had is said in upstream words', async () => {
    api.put(
      'pods',
      testPod('no-image', {
        containers: [{ name: 'main', image: 'hutch.local/none:1', imagePullPolicy: 'Never' }],
      }),
    )
    api.put(
      'pods',
      testPod(
        'no-config',
        shell('true', { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] }),
      ),
    )
    const waiting = (name: string) => pod(name)?.status?.containerStatuses?.[0]?.state?.waiting
    await until(
      () =>
        waiting('no-image')?.reason === 'ErrImageNeverPull' &&
        waiting('no-config')?.reason === 'CreateContainerConfigError',
    )
    expect(waiting('no-image')?.message).toBe(
      'Container image "hutch.local/none:1" is not present with pull policy of Never',
    )
    expect(waiting('no-config')?.message).toBe('secret "none" not found')
  }, 120_000)

  test('a deleted pod is gone from the engine and from the disk', async () => {
    await run('gone', { terminationGracePeriodSeconds: 1, ...shell('sleep 1000') })
    const present = pod('gone')!
    const metadata = {
      ...present.metadata,
      deletionTimestamp: new Date().toISOString(),
      deletionGracePeriodSeconds: 1,
    }
    api.put('pods', { ...present, metadata } as Pod)
    await until(() => pod('gone') === undefined)
    expect(await podman.runtime.containers.list(present.metadata.uid)).toEqual({
      sandboxes: [],
      containers: [],
    })
    expect(await Bun.file(`${podman.dir}/pods/${present.metadata.uid}/etc-hosts`).exists()).toBe(false)
  }, 120_000)
})

/** A port of the loopback that nobody listens on. */
async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise(tell => {
    const socket = connect(port, '127.0.0.1', () => tell(true)).once('error', () => tell(false))
    socket.once('connect', () => socket.destroy())
  })
}

interface Summary {
  readonly pods: readonly {
    readonly podRef: { readonly name: string }
    readonly cpu: { readonly usageNanoCores?: number }
    readonly containers: readonly { readonly memory: { readonly availableBytes?: number } }[]
  }[]
}
