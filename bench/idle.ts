#!/usr/bin/env bun
/**
 * What an idle cluster costs, and how long it takes until its node is Ready, as a Markdown table (docs/idle.md with
 * --write): simulated nodes and pods, and with --podman real ones on a node in a network namespace of its own.
 *
 *   bun run bench/idle.ts [--only 0,10,110,nodes,podman-0,podman-10] [--podman] [--settle 75] [--seconds 60] [--write]
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { apiOf, type HutchProcess, startHutch, until } from './hutch-process.ts'
import { openPodmanNode } from './podman-node.ts'
import { measureRest, type RestFigures } from './process-figures.ts'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    podman: { type: 'boolean', default: false },
    // Events and leases of the start reach the disk after a minute: they are not what a cluster at rest writes.
    settle: { type: 'string', default: '75' },
    seconds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
})
const leasesPath = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'

/** A cluster to leave alone. */
interface Scene {
  readonly name: string
  readonly title: string
  readonly pods: number
  readonly nodes: number
  readonly real: boolean
}

const scenes: readonly Scene[] = [
  { name: '0', title: '1 simulated node, no pods', pods: 0, nodes: 1, real: false },
  { name: '10', title: '1 simulated node, 10 pods', pods: 10, nodes: 1, real: false },
  { name: '110', title: '1 simulated node, 110 pods', pods: 110, nodes: 1, real: false },
  { name: 'nodes', title: '100 simulated nodes, no pods', pods: 0, nodes: 100, real: false },
  { name: 'podman-0', title: 'Podman, no pods', pods: 0, nodes: 1, real: true },
  { name: 'podman-10', title: 'Podman, 10 pods', pods: 10, nodes: 1, real: true },
]

const chosen = scenes.filter(({ name, real }) =>
  options.only ? options.only.split(',').includes(name) : options.podman || !real,
)
const rows: string[] = []
for (const scene of chosen) rows.push(...(await (scene.real ? onPodman(scene) : simulated(scene))))
const table = [
  '| cluster | resident MB | of it anonymous | CPU of a core % | written a day MB | Ready, cold s | Ready, warm s |',
  '| --- | --- | --- | --- | --- | --- | --- |',
  ...rows,
].join('\n')
console.log(table)
if (options.write) writeFileSync(join(import.meta.dir, '../docs/idle.md'), `${heading()}\n\n${table}\n`)

async function simulated(scene: Scene): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), 'hutch-idle-'))
  const flags = [`--simulated-node=${scene.nodes}`]
  try {
    const cold = await timedStart(scene, () => startHutch(directory, flags))
    await cold.hutch.stop()
    const warm = await timedStart(scene, () => startHutch(directory, flags))
    await runPods(warm.hutch, scene.pods)
    const figures = await measureRest([warm.hutch.pid], Number(options.settle), Number(options.seconds))
    await warm.hutch.stop()
    return [row(scene.title, figures, [cold.seconds, warm.seconds])]
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Hutch and Podman's own service apart: the second is a process beside it that costs as well. */
async function onPodman(scene: Scene): Promise<string[]> {
  const node = openPodmanNode()
  try {
    const start = () => startHutch(node.directory, node.flags, { enter: node.enter })
    const cold = await timedStart(scene, start, node.enter)
    await cold.hutch.stop()
    const { hutch, seconds } = await timedStart(scene, start, node.enter)
    await runPods(hutch, scene.pods, node.enter)
    const engine = node.enginePids(hutch.pid)
    const [own, theirs] = await Promise.all(
      [[hutch.pid], engine].map(pids => measureRest(pids, Number(options.settle), Number(options.seconds))),
    )
    await runPods(hutch, 0, node.enter)
    await hutch.stop()
    const starts = [cold.seconds, seconds]
    return [row(scene.title, own!, starts), row(`${scene.title}: Podman's service`, theirs!, [])]
  } finally {
    node.close()
  }
}

async function timedStart(
  scene: Scene,
  start: () => Promise<HutchProcess>,
  enter: readonly string[] = [],
): Promise<{ readonly hutch: HutchProcess; readonly seconds: number }> {
  const begin = performance.now()
  const hutch = await start()
  const get = enter.length > 0 ? apiThrough(enter, hutch.kubeconfig) : apiOf(hutch.kubeconfig)
  await until(
    async () => areNodesReady(get, scene.nodes, Date.now() - (performance.now() - begin)),
    'the node',
  )
  return { hutch, seconds: (performance.now() - begin) / 1000 }
}

/** Another network namespace is reached by a program that runs there. */
function apiThrough(enter: readonly string[], kubeconfig: string): ReturnType<typeof apiOf> {
  return async path => {
    const get = Bun.spawnSync([...enter, 'kubectl', '--kubeconfig', kubeconfig, 'get', '--raw', path])
    if (get.exitCode !== 0) return { ok: false, body: { items: [] } }
    return { ok: true, body: JSON.parse(get.stdout.toString()) as unknown }
  }
}

interface NodeList {
  readonly items: readonly {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  }[]
}

interface LeaseList {
  readonly items: readonly { readonly spec?: { readonly renewTime?: string } }[]
}

/** Ready, and with leases of this start: the last run's word does not count. */
async function areNodesReady(
  get: ReturnType<typeof apiOf>,
  count: number,
  startMs: number,
): Promise<boolean> {
  const nodes = (await get('/api/v1/nodes')).body as NodeList
  const leases = (await get(leasesPath)).body as LeaseList
  const ready = nodes.items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  )
  const renewed = leases.items.filter(({ spec }) => Date.parse(spec?.renewTime ?? '') >= startMs)
  return ready.length === count && renewed.length === count
}

/** A Deployment of so many pods, all of them Ready, or gone. */
async function runPods(
  { kubeconfig }: HutchProcess,
  count: number,
  enter: readonly string[] = [],
): Promise<void> {
  const kubectl = (...words: string[]) =>
    Bun.spawnSync([...enter, 'kubectl', '--kubeconfig', kubeconfig, ...words])
  kubectl(
    'create',
    'deployment',
    'idle',
    '--image=hutch.local/busybox:1',
    '--replicas=0',
    '--',
    'sleep',
    '1000000',
  )
  kubectl('scale', 'deployment/idle', `--replicas=${count}`)
  kubectl('rollout', 'status', 'deployment/idle', '--timeout=180s')
  if (count === 0) kubectl('wait', 'pod', '--all', '--for=delete', '--timeout=60s')
}

function row(title: string, figures: RestFigures, startSeconds: readonly number[]): string {
  const { residentMb, anonymousMb, cpuPercent, writtenMbPerDay } = figures
  const starts = [0, 1].map(index => startSeconds[index]?.toFixed(2) ?? '–')
  const cells = [
    residentMb.toFixed(0),
    anonymousMb.toFixed(0),
    cpuPercent.toFixed(2),
    writtenMbPerDay.toFixed(0),
  ]
  return `| ${[title, ...cells, ...starts].join(' | ')} |`
}

function heading(): string {
  const { stdout } = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: import.meta.dir })
  const day = new Date().toISOString().slice(0, 10)
  const command = ['bun run bench/idle.ts', ...process.argv.slice(2)].join(' ')
  return `# Hutch at rest\n\n\`${command}\` on ${day}, commit ${stdout.toString().trim()}: the whole process in ${options.seconds} s after ${options.settle} s of settling; what the disk was given is \`write_bytes\` of /proc/PID/io.`
}
