import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { eventually, type Lan, lanMissing, type Machine, must, openLan, run, type Started } from './lan.ts'

const missing = lanMissing()
if (missing) console.warn(`SKIPPED: tests of two nodes (${missing})`)
setDefaultTimeout(180_000)

const hutch = ['bun', 'run', join(import.meta.dir, '../../src/cmd/hutch.ts')]
const image = 'hutch.local/busybox:1'

function webPod(name: string, node: string): string {
  const script = 'mkdir -p /tmp/www; hostname > /tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www'
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: 'web' } },
    spec: {
      nodeSelector: { 'kubernetes.io/hostname': node },
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'web',
          image,
          command: ['sh', '-c', script],
          readinessProbe: { httpGet: { port: 8080, path: '/' } },
        },
      ],
    },
  })
}

const service = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: {
    type: 'NodePort',
    selector: { app: 'web' },
    ports: [{ port: 80, targetPort: 8080, nodePort: 30080 }],
  },
})

describe.skipIf(missing !== undefined)('two nodes on one network', () => {
  let lan: Lan
  let first: Machine
  let second: Machine
  let server: Started
  let agent: Started

  const kubectl = (...words: string[]) => [
    ...first.enter,
    'kubectl',
    `--kubeconfig=${lan.dir}/kubeconfig`,
    ...words,
  ]
  const startServer = () =>
    lan.start(
      first,
      [...hutch, 'server', ...nodeWords(first), `--write-kubeconfig=${lan.dir}/kubeconfig`],
      'server.log',
    )
  const nodeWords = ({ name, address, dir, podmanArgs }: Machine) => [
    ...[`--data-dir=${dir}/data`, `--node-name=${name}`, `--node-ip=${address}`, `--config=/dev/null`],
    ...podmanArgs.map(word => `--podman-arg=${word}`),
  ]
  const field = (path: string, ...what: string[]) => must(kubectl('get', ...what, `-o=jsonpath={${path}}`))
  const wget = (pod: string, url: string) =>
    run(kubectl('exec', pod, '--', 'timeout', '10', 'wget', '-qO-', url))
  const startAgent = (token: string) =>
    lan.start(
      second,
      [...hutch, 'agent', ...nodeWords(second), `--server=https://${first.address}:6443`, `--token=${token}`],
      'agent.log',
    )

  beforeAll(async () => {
    lan = await openLan(['first', 'second'])
    ;[first, second] = lan.machines as [Machine, Machine]
    for (const { enter, podmanArgs } of lan.machines)
      await must([...enter, join(import.meta.dir, '../../scripts/image'), ...podmanArgs])
    server = startServer()
    await eventually(
      'the server',
      () => run(kubectl('get', '--raw', '/readyz')),
      ({ code }) => code === 0,
    )
    const token = await must([
      ...first.enter,
      ...hutch,
      'token',
      'create',
      `--kubeconfig=${lan.dir}/kubeconfig`,
    ])
    agent = startAgent(token.trim())
    await must(kubectl('wait', 'node/first', '--for=create', '--timeout=120s'))
    await must(kubectl('wait', 'node/second', '--for=create', '--timeout=120s'))
    await must(kubectl('wait', 'node', '--all', '--for=condition=Ready', '--timeout=120s'))
    for (const name of ['first', 'second'])
      await must(kubectl('create', '-f', '-'), webPod(`on-${name}`, name))
    await must(kubectl('create', '-f', '-'), service)
    await must(kubectl('wait', 'pod', '--all', '--for=condition=Ready', '--timeout=120s'))
  }, 600_000)
  afterAll(async () => {
    const logs = ['server.log', 'agent.log', 'agent-again.log']
    for (const log of process.env.HUTCH_SHOW_LOGS ? logs : [])
      console.info(readFileSync(join(lan.dir, log), 'utf8'))
    if (process.env.HUTCH_SHOW_LOGS)
      console.info(
        (await run(kubectl('get', 'events,pods', '-o=wide', '--sort-by=.metadata.creationTimestamp'))).out,
      )
    await lan?.close()
  }, 240_000)

  test('the token made the second a member with certificates of its own', async () => {
    const subject = await must([
      'openssl',
      'x509',
      '-noout',
      '-subject',
      '-in',
      `${second.dir}/data/agent/client-kubelet.crt`,
    ])
    expect(subject).toContain('system:node:second')
    expect(await field('.items[*].metadata.name', 'node')).toBe('first second')
    const wrong = await run([
      ...second.enter,
      ...hutch,
      'agent',
      ...nodeWords(second),
      `--data-dir=${lan.dir}/nobody`,
      `--server=https://${first.address}:6443`,
      '--token=abcdef.0123456789abcdef',
    ])
    expect(wrong.code).toBe(1)
    expect(wrong.complaint).toContain('does not accept the token')
  })

  test('a pod reaches the pod of the other node by its address, both ways', async () => {
    for (const [from, to] of [
      ['on-first', 'on-second'],
      ['on-second', 'on-first'],
    ] as const) {
      const ip = await field('.status.podIP', 'pod', to)
      expect((await wget(from, `http://${ip}:8080/`)).out).toBe(`${to}\n`)
    }
  })

  test('pods of both nodes reach the pods of both through the service, by its name', async () => {
    for (const from of ['on-first', 'on-second']) {
      const seen = new Set<string>()
      const ask = () => wget(from, 'http://web.default.svc.cluster.local/')
      await eventually('both answers', ask, ({ out }) => seen.add(out.trim()).size > (seen.has('') ? 2 : 1))
      expect([...seen].filter(Boolean).sort()).toEqual(['on-first', 'on-second'])
    }
  })

  test('either node leads its node port to the pods of both', async () => {
    for (const { address } of lan.machines) {
      const seen = new Set<string>()
      const ask = () =>
        run([...lan.outside.enter, 'busybox', 'timeout', '10', 'wget', '-qO-', `http://${address}:30080/`])
      await eventually('both answers', ask, ({ out }) => seen.add(out.trim()).size > (seen.has('') ? 2 : 1))
      expect([...seen].filter(Boolean).sort()).toEqual(['on-first', 'on-second'])
    }
  })

  test('logs and exec reach the agent for those who may, and nobody else', async () => {
    expect((await run(kubectl('logs', 'on-second'))).code).toBe(0)
    expect(await must(kubectl('exec', 'on-second', '--', 'hostname'))).toBe('on-second\n')
    const bare = await run([
      ...first.enter,
      'curl',
      '-sk',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `https://${second.address}:10250/pods`,
    ])
    expect(bare.out).toBe('401')
  })

  test('while the server is away the pods go on, and afterwards nothing has been restarted', async () => {
    const before = await field('.items[*].status.containerStatuses[*].containerID', 'pod')
    const ip = await field('.status.podIP', 'pod', 'on-second')
    await server.stop('SIGTERM')
    const direct = await run([
      ...second.enter,
      'busybox',
      'timeout',
      '10',
      'wget',
      '-qO-',
      `http://${ip}:8080/`,
    ])
    expect(direct.out).toBe('on-second\n')
    server = startServer()
    await eventually(
      'the server',
      () => run(kubectl('get', '--raw', '/readyz')),
      ({ code }) => code === 0,
    )
    await must(kubectl('create', '-f', '-'), webPod('later', 'second'))
    await must(kubectl('wait', 'pod/later', '--for=condition=Ready', '--timeout=120s'))
    await must(kubectl('delete', 'pod', 'later', '--timeout=120s'))
    expect(await field('.items[*].status.containerStatuses[*].containerID', 'pod')).toBe(before)
    expect(await field('.items[*].status.containerStatuses[*].restartCount', 'pod')).toBe('0 0')
  })

  test('an agent that is started again needs no token and finds its pods', async () => {
    const before = await field('.status.containerStatuses[0].containerID', 'pod', 'on-second')
    await agent.stop('SIGTERM')
    agent = lan.start(
      second,
      [...hutch, 'agent', ...nodeWords(second), `--server=https://${first.address}:6443`],
      'agent-again.log',
    )
    await must(kubectl('create', '-f', '-'), webPod('again', 'second'))
    await must(kubectl('wait', 'pod/again', '--for=condition=Ready', '--timeout=120s'))
    expect(await field('.status.containerStatuses[0].containerID', 'pod', 'on-second')).toBe(before)
  })
})
