#!/usr/bin/env bun
/**
 * Runs every workload against Hutch and against a stock control plane on etcd, in turn, several rounds, and
 * prints the ratio of server CPU per operation as a Markdown table (docs/bench.md with --write).
 *
 *   bun run bench/run.ts [--rounds 3] [--scale 1] [--workloads create,get,…] [--write]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startHutch, until } from './hutch-process.ts'

const root = join(import.meta.dir, '..')
const cache = join(root, '.cache/bench')
const load = join(cache, 'load')

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    scale: { type: 'string', default: '1' },
    workloads: {
      type: 'string',
      default: 'create,get,patch,delete,list-json,list-proto,list-table,watch,schedule,rollout',
    },
    write: { type: 'boolean', default: false },
  },
})

/** A control plane that can be started afresh, loaded, and stopped. */
interface Side {
  readonly name: string
  start(): Promise<{ readonly kubeconfig: string; readonly pids: readonly number[]; stop(): Promise<void> }>
}

interface Sample {
  readonly workload: string
  readonly operations: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly errors: number
}

const hutch: Side = {
  name: 'Hutch',
  async start() {
    const directory = mkdtempSync(join(tmpdir(), 'hutch-bench-'))
    const server = await startHutch(directory, ['--disable-agent'])
    await until(() => answers(server.kubeconfig), 'Hutch')
    return {
      kubeconfig: server.kubeconfig,
      pids: [server.pid],
      async stop() {
        await server.stop()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  },
}

const stock: Side = {
  name: 'stock',
  async start() {
    const directory = join(cache, 'stock')
    const env = { ...process.env, HUTCH_STOCK_DIR: directory, HUTCH_STOCK_FSYNC: '1' }
    const started = Bun.spawnSync([join(root, 'scripts/stock'), 'start'], { env, stderr: 'inherit' })
    if (started.exitCode !== 0) throw new Error('the stock control plane did not start')
    const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
    const pids = await Promise.all(
      programs.map(async name => Number(await Bun.file(join(directory, `${name}.pid`)).text())),
    )
    return {
      kubeconfig: started.stdout.toString().trim().split('\n').at(-1)!,
      pids,
      stop: async () => void Bun.spawnSync([join(root, 'scripts/stock'), 'stop'], { env }),
    }
  },
}

buildLoad()
const samples = new Map<string, Sample[]>()
for (let round = 0; round < Number(options.rounds); round++) {
  for (const side of round % 2 === 0 ? [hutch, stock] : [stock, hutch]) {
    console.error(`round ${round + 1}: ${side.name}`)
    for (const sample of await runSide(side)) {
      const key = `${side.name} ${sample.workload}`
      samples.set(key, [...(samples.get(key) ?? []), sample])
    }
  }
}
const table = formatTable(options.workloads.split(','))
console.log(table)
if (options.write) writeFileSync(join(root, 'docs/bench.md'), `${heading()}\n\n${table}\n`)

function buildLoad(): void {
  if (!Bun.which('go'))
    throw new Error('the load generator needs Go; install it or run this on a developer machine')
  mkdirSync(cache, { recursive: true })
  const built = Bun.spawnSync(['go', 'build', '-o', load, '.'], {
    cwd: join(root, 'bench/load'),
    stderr: 'inherit',
  })
  if (built.exitCode !== 0) throw new Error('the load generator did not build')
}

async function runSide(side: Side): Promise<Sample[]> {
  const server = await side.start()
  try {
    const run = Bun.spawnSync(
      [
        load,
        '-kubeconfig',
        server.kubeconfig,
        '-pids',
        server.pids.join(','),
        '-workloads',
        options.workloads,
        '-scale',
        options.scale,
      ],
      { stderr: 'inherit' },
    )
    return run.stdout
      .toString()
      .trim()
      .split('\n')
      .filter(Boolean)
      .map(line => JSON.parse(line) as Sample)
  } finally {
    await server.stop()
  }
}

function formatTable(workloads: readonly string[]): string {
  const rows = workloads.map(workload => {
    const all = {
      ours: samples.get(`Hutch ${workload}`) ?? [],
      theirs: samples.get(`stock ${workload}`) ?? [],
    }
    const errors = [...all.ours, ...all.theirs].reduce((sum, sample) => sum + sample.errors, 0)
    // A round in which a side failed says nothing about speed.
    const rounds = all.ours
      .map((_, round) => round)
      .filter(round => isSound(all.ours[round], all.theirs[round]))
    const ours = rounds.map(round => all.ours[round]!)
    const theirs = rounds.map(round => all.theirs[round]!)
    const ratios = ours.map((sample, i) => cpuMicros(sample) / cpuMicros(theirs[i]!))
    const rates = ours.map((sample, i) => rate(sample) / rate(theirs[i]!))
    const cells = [
      workload,
      median(ours.map(cpuMicros)),
      median(theirs.map(cpuMicros)),
      spread(ratios),
      median(ours.map(rate)),
      median(theirs.map(rate)),
      spread(rates),
      errors,
    ]
    return `| ${cells.join(' | ')} |`
  })
  const head = [
    'workload',
    'Hutch µs CPU/op',
    'stock µs CPU/op',
    'CPU ratio (min–max)',
    'Hutch op/s',
    'stock op/s',
    'rate ratio (min–max)',
    'errors',
  ]
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...rows].join('\n')
}

function isSound(...pair: readonly (Sample | undefined)[]): boolean {
  return pair.every(sample => sample?.errors === 0 && sample.operations > 0)
}

function heading(): string {
  const commit = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: root })
    .stdout.toString()
    .trim()
  const day = new Date().toISOString().slice(0, 10)
  return `# Hutch beside a stock control plane\n\n\`bun run bench/run.ts --rounds ${options.rounds} --write\` on ${day}, commit ${commit}. Stock: kube-apiserver, kube-controller-manager and kube-scheduler 1.35.4 over etcd 3.6.6 with fsync; client-go as the load on the same two cores; server CPU from /proc.`
}

function cpuMicros(sample: Sample): number {
  return (sample.cpuSeconds / sample.operations) * 1e6
}

function rate(sample: Sample): number {
  return sample.operations / sample.seconds
}

function median(numbers: readonly number[]): string {
  return shown([...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN)
}

function spread(numbers: readonly number[]): string {
  return `**${median(numbers)}** (${shown(Math.min(...numbers))}–${shown(Math.max(...numbers))})`
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

function answers(kubeconfig: string): boolean {
  const get = Bun.spawnSync(['kubectl', '--kubeconfig', kubeconfig, 'get', '--raw', '/readyz'], {
    stderr: 'ignore',
  })
  return get.exitCode === 0
}
