#!/usr/bin/env bun
/**
 * Runs every workload against Hutch, a stock control plane on etcd and one on kine over SQLite, each alone on the
 * machine in turn, in rounds, and prints tables of server CPU per operation and of what they cost at rest
 * (docs/bench.md with --write). It begins another round while there is time for it. bench/README.md says what there is.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { measureRest, type RestFigures } from './process-figures.ts'
import { chosenScenes, withKubelets } from './rest.ts'
import { printRounds, readRounds } from './rounds.ts'
import { type RunningSide, type Side, sides, usualSides } from './sides.ts'
import { loadTable, restTable, type Sample, type SideRound } from './table.ts'
import { type ChosenWorkloads, chosenWorkloads, defaultGroups } from './workloads.ts'

const root = join(import.meta.dir, '..')
const cache = join(root, '.cache/bench')
const load = join(cache, 'load')
/** Figures of one commit are not mixed with those of another. */
const samplesFile = join(cache, `rounds-${headCommit()}.json`)
/** Objects of 100 KB that make a store of 1 GB. */
const gigabyteObjects = 10_000

const help = `usage: bun run bench/run.ts [FLAG…]

  --only WORDS      groups, workloads (create@32), their names (create) or all; default: ${defaultGroups}
  --sides NAMES     of ${sides.map(({ name }) => name).join(',')}; default ${usualSides.join(',')}; twin is Hutch without the JSON patch kernel
  --rounds N        at most so many; default 9
  --once WORDS      what is measured in the first round alone, in the words of --only
  --minutes N       another round begins only while so many minutes still hold it; the first always runs; default 12
  --limit SECONDS   a workload that takes longer is given up and has no figures; default 240
  --add             goes on with the last run of this commit, as one that was cut short
  --scale X         multiplies the numbers of operations
  --settle SECONDS  before a side is watched at rest, default 15; --seconds SECONDS is for how long, default 30
  --write           writes what it prints to docs/bench.md, or --to FILE
`

const { values: options } = parseArgs({
  options: {
    help: { type: 'boolean', short: 'h', default: false },
    add: { type: 'boolean', default: false },
    only: { type: 'string' },
    limit: { type: 'string', default: '240' },
    once: { type: 'string' },
    minutes: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '9' },
    sides: { type: 'string', default: usualSides.join(',') },
    scale: { type: 'string', default: '1' },
    settle: { type: 'string', default: '15' },
    seconds: { type: 'string', default: '30' },
    write: { type: 'boolean', default: false },
    to: { type: 'string', default: 'docs/bench.md' },
  },
})
if (options.help) {
  console.log(help)
  process.exit(0)
}
const workloads = chosenWorkloads(options.only)
const once = options.once === undefined ? undefined : chosenWorkloads(options.once)
const chosenSides = sides.filter(({ name }) => options.sides.split(',').includes(name))
const names = chosenSides.map(({ name }) => name)

buildLoad()
const rounds: ReadonlyMap<string, SideRound>[] = options.add ? readRounds(measuredBefore()) : []
await runRounds()
console.log(tables().join('\n\n'))

function tables(): string[] {
  const measured = workloads.load.length > 0 ? loadTable(rounds, names, workloads.load) : ''
  return [measured, restTable(rounds, names)].filter(Boolean)
}

/** What is written is written after each round: the next one may be cut short. */
async function runRounds(): Promise<void> {
  const start = performance.now()
  let lastMs = 0
  for (let round = rounds.length; round < Number(options.rounds); round++) {
    const begin = performance.now()
    if (begin - start + lastMs > Number(options.minutes) * 60_000) break
    const done = new Map<string, SideRound>()
    for (const side of round % 2 === 0 ? chosenSides : chosenSides.toReversed()) {
      console.error(`round ${round + 1}: ${side.name}`)
      done.set(side.name, await runSide(side, round === 0))
    }
    rounds.push(done)
    writeFileSync(samplesFile, printRounds(rounds))
    if (options.write) writeFileSync(resolve(root, options.to), `${[heading(), ...tables()].join('\n\n')}\n`)
    // What is measured once does not say how long the next one takes.
    lastMs = round === 0 && once ? 0 : performance.now() - begin
  }
}

/** Everything that is measured of one side in one round, from a fresh start; at rest it is watched only once. */
async function runSide(side: Side, isFirst: boolean): Promise<SideRound> {
  const now = isFirst ? workloads : without(workloads, once)
  let server = await side.start()
  const starts = new Map<string, number>()
  const restarted = async (name: string) => {
    const { seconds, again } = await timedRestart(server)
    server = again
    starts.set(name, seconds)
  }
  try {
    if (now.rest.includes('start')) await restarted('start')
    const rest = isFirst ? await measureScenes(server) : new Map<string, RestFigures>()
    if (now.load.length > 0) runLoad(server, ['warm-up@32'])
    const samples = runLoad(server, now.load)
    if (now.rest.includes('start-1gb')) {
      runLoad(server, [`fill@${gigabyteObjects}`])
      await restarted('start-1gb')
    }
    return { samples, starts, rest }
  } finally {
    await server.stop()
    server.clear()
  }
}

function without(all: ChosenWorkloads, some: ChosenWorkloads | undefined): ChosenWorkloads {
  if (!some) return all
  const { load, rest } = some
  return {
    load: all.load.filter(name => !load.includes(name)),
    rest: all.rest.filter(name => !rest.includes(name)),
  }
}

/** One cluster after the other on the same server, the empty one first. */
async function measureScenes(server: RunningSide): Promise<Map<string, RestFigures>> {
  const figures = new Map<string, RestFigures>()
  for (const scene of chosenScenes(workloads.rest)) {
    const measure = () => measureRest(server.pids, Number(options.settle), Number(options.seconds))
    figures.set(scene.name, await withKubelets(load, server.kubeconfig, scene, measure))
  }
  return figures
}

async function timedRestart(server: RunningSide) {
  await server.stop()
  const start = performance.now()
  const again = await server.restart()
  return { again, seconds: (performance.now() - start) / 1000 }
}

function runLoad(server: RunningSide, names: readonly string[]): Map<string, Sample> {
  if (names.length === 0) return new Map()
  const run = Bun.spawnSync(
    [
      load,
      ...['-kubeconfig', server.kubeconfig, '-pids', server.pids.join(',')],
      ...['-workloads', names.join(','), '-scale', options.scale, '-limit', `${options.limit}s`],
    ],
    { stderr: 'inherit' },
  )
  const lines = run.stdout.toString().trim().split('\n').filter(Boolean)
  return new Map(lines.map(line => JSON.parse(line) as Sample).map(sample => [sample.workload, sample]))
}

function buildLoad(): void {
  if (!Bun.which('go'))
    throw new Error(
      'the load generator needs Go 1.25 or later; install it or run this on a developer machine',
    )
  mkdirSync(cache, { recursive: true })
  const built = Bun.spawnSync(['go', 'build', '-o', load, '.'], {
    cwd: join(root, 'bench/load'),
    stderr: 'inherit',
  })
  if (built.exitCode !== 0) throw new Error('the load generator did not build')
}

function measuredBefore(): string {
  if (!existsSync(samplesFile))
    throw new Error(`--add: no round of this commit was measured (${samplesFile}); run it without --add`)
  return readFileSync(samplesFile, 'utf8')
}

function headCommit(): string {
  return Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: root }).stdout.toString().trim()
}

function heading(): string {
  const day = new Date().toISOString().slice(0, 10)
  const command = ['bun run bench/run.ts', ...process.argv.slice(2)].join(' ')
  const machine = `${cpus().length} cores (${cpus()[0]?.model.trim()})`
  return `# Hutch beside a stock control plane

\`${command}\` on ${day}, commit ${headCommit()}, ${machine}, ${rounds.length} rounds${options.once ? ` (one of ${options.once})` : ''}.

Stock: kube-apiserver, kube-controller-manager and kube-scheduler 1.35.4 over etcd 3.6.6 with fsync, or over kine with
SQLite. Each side has the machine alone in turn, beside the load: client-go, one connection per client, after 40,000
requests that warm it up. CPU is that of all of a side's processes, from /proc; ratios are of the same round, median
(least–greatest). \`@\` is followed by the number of clients, objects, watchers or nodes; p99 is ${names.join(' · ')};
– is what a side did not end in time. \`bench/README.md\` says what each workload does.`
}
