import { hasReason, isNotFound } from '../client/failure.ts'
import { deployments, namespaces, nodes as nodeKind, pods } from '../controllers/kinds.ts'
import type { Logger } from '../std/ports.ts'
import { remains, unconverged, unsettled, wronglyRun } from './checks.ts'
import { createSimCluster, type SimCluster } from './cluster.ts'
import { type Faults, noFaults, roughFaults } from './faults.ts'
import type { TraceLine } from './trace.ts'
import {
  createApp,
  createAppService,
  createNamespaces,
  plannedWorkload,
  rollApp,
  scaleApp,
  type Wanted,
  workNamespaces,
} from './workload.ts'

export interface SimulateOptions {
  readonly seed: number
  readonly nodes: number
  readonly podsPerNode?: number
  /** How long things go wrong, in virtual time. */
  readonly chaosMs?: number
  /** What goes wrong meanwhile. Default: `roughFaults`. */
  readonly faults?: Faults
  readonly log?: Logger
  readonly onLine?: (line: TraceLine) => void
  /** Hears what the scenario does. */
  readonly onStep?: (atMs: number, step: string) => void
}

export interface SimReport {
  readonly hash: string
  readonly commits: number
  readonly counts: ReadonlyMap<string, number>
  readonly faults: ReadonlyMap<string, number>
  readonly watches: number
  readonly virtualMs: number
  /** Empty when every promise was kept. */
  readonly failures: readonly string[]
}

interface Run {
  readonly cluster: SimCluster
  readonly wanted: Wanted[]
  readonly replicasMax: number
  readonly failures: string[]
  readonly dead: Set<string>
  readonly say: (step: string) => void
}

const convergeMaxMs = 1_800_000
const quietMs = 120_000
/** What goes on where nothing happens: nodes renew their leases and now and then repeat their status. */
const quietCalls = /^system:node:\S+ (update leases|patch nodes\/status)$/

/**
 * Boots a cluster, fills it, lets things go wrong for a while, mends them, and looks whether everything came to be
 * as it was asked for; then deletes it all and looks whether anything is left.
 */
export async function simulate(options: SimulateOptions): Promise<SimReport> {
  const { podsPerNode = 30, chaosMs = 300_000 } = options
  const cluster = await createSimCluster(options)
  const say = (step: string) => options.onStep?.(cluster.ports.clock.monotonicMs(), step)
  const wanted = plannedWorkload(options.nodes, podsPerNode)
  const run: Run = { cluster, wanted, replicasMax: podsPerNode, failures: [], dead: new Set(), say }
  await boot(run)
  await fill(run, options.faults ?? roughFaults)
  await chaos(run, chaosMs)
  await mend(run)
  await checkSettled(run)
  await empty(run)
  const report = reportOf(run)
  await cluster.stop()
  return report
}

async function boot({ cluster, say }: Run): Promise<void> {
  say('boot')
  await createNamespaces(cluster.admin)
  cluster.controllers.start()
  cluster.scheduler.start()
  for (const node of cluster.nodes) node.start()
  await cluster.ports.clock.advance(10_000)
}

async function fill({ cluster, wanted, say }: Run, faults: Faults): Promise<void> {
  say(`create ${wanted.length} deployments under faults`)
  cluster.dial.current = faults
  for (const app of wanted) await direct(cluster, () => createApp(cluster.admin, app))
  for (const app of wanted.slice(0, 10)) await direct(cluster, () => createAppService(cluster.admin, app))
  await cluster.ports.clock.advance(60_000)
}

async function chaos(run: Run, durationMs: number): Promise<void> {
  const { clock, random } = run.cluster.ports
  const endMs = clock.monotonicMs() + durationMs
  while (clock.monotonicMs() < endMs) {
    const mishap = mishaps[Math.floor(random.next() * mishaps.length)]!
    await mishap(run)
    await clock.advance(random.next() * 10_000)
  }
}

type Mishap = (run: Run) => Promise<void> | void

function pick<T>({ cluster }: Run, from: readonly T[]): T | undefined {
  return from[Math.floor(cluster.ports.random.next() * from.length)]
}

const later = ({ cluster }: Run, maxMs: number, then: () => void) =>
  void cluster.ports.clock.setTimer(1_000 + cluster.ports.random.next() * maxMs, then)

const mishaps: readonly Mishap[] = [
  async run => {
    run.say('restart the API server')
    const { dial } = run.cluster
    const { current } = dial
    dial.current = { ...current, storeRefused: 0 }
    await direct(run.cluster, () => run.cluster.restartServer())
    dial.current = current
  },
  async run => {
    const node = pick(run, liveNodes(run))
    if (!node) return
    const { containers } = await node.runtime().containers.list()
    const chosen = containers.filter(() => run.cluster.ports.random.next() < 0.2)
    run.say(`${chosen.length} containers of ${node.name} crash`)
    for (const { id } of chosen) node.runtime().exit(id, 1)
  },
  run => restart(run, 'scheduler'),
  run => restart(run, 'controllers'),
  run => {
    const node = pick(run, liveNodes(run))
    if (!node) return
    run.say(`restart the kubelet of ${node.name}`)
    node.kill()
    later(run, 20_000, () => node.start())
  },
  run => {
    const node = pick(run, liveNodes(run))
    if (!node) return
    run.say(`${node.name} reboots`)
    node.crash()
    later(run, 30_000, () => node.start())
  },
  run => {
    const node = pick(run, liveNodes(run))
    if (!node) return
    run.say(`cut ${node.name} off`)
    node.link.cut()
    later(run, 120_000, () => node.link.mend())
  },
  run => {
    const node = pick(run, liveNodes(run))
    if (!node || run.dead.size * 10 >= run.cluster.nodes.length) return
    run.say(`${node.name} dies`)
    node.crash()
    run.dead.add(node.name)
  },
  async run => {
    const app = pick(run, run.wanted)!
    app.replicas = Math.max(1, Math.floor(run.replicasMax * run.cluster.ports.random.next()))
    run.say(`scale ${app.name} to ${app.replicas}`)
    await direct(run.cluster, () => scaleApp(run.cluster.admin, app))
  },
  async run => {
    const app = pick(run, run.wanted)!
    app.image = `hutch.local/app:${Math.floor(run.cluster.ports.random.next() * 1000)}`
    run.say(`roll ${app.name} to ${app.image}`)
    await direct(run.cluster, () => rollApp(run.cluster.admin, app))
  },
  async run => {
    const app = pick(run, run.wanted)!
    run.say(`delete ${app.name} and make it anew`)
    await direct(run.cluster, () => run.cluster.admin.delete(deployments, app.namespace, app.name))
    await direct(run.cluster, () => createApp(run.cluster.admin, app))
  },
  async run => {
    const { items } = await direct(run.cluster, () => run.cluster.admin.list(pods))
    const chosen = items.filter(() => run.cluster.ports.random.next() < 0.02)
    run.say(`delete ${chosen.length} pods`)
    for (const { metadata } of chosen)
      await direct(run.cluster, () =>
        orGone(run.cluster.admin.delete(pods, metadata.namespace, metadata.name!)),
      )
  },
]

function liveNodes({ cluster }: Run) {
  return cluster.nodes.filter(node => node.isUp() && !node.link.isDown())
}

function restart(run: Run, name: 'scheduler' | 'controllers'): void {
  const part = run.cluster[name]
  if (!part.isUp()) return
  run.say(`restart the ${name}`)
  part.kill()
  later(run, 10_000, () => part.start())
}

/**
 * Everything is well again, but for the nodes that died: their pods are evicted and replaced, and when their Node
 * objects are deleted the remains go too.
 */
async function mend(run: Run): Promise<void> {
  const { cluster, wanted, dead, failures, say } = run
  say(`mend everything; ${dead.size} nodes stay dead`)
  cluster.dial.current = noFaults
  cluster.controllers.start()
  cluster.scheduler.start()
  for (const node of cluster.nodes) {
    node.link.mend()
    if (!dead.has(node.name)) node.start()
  }
  const evicted = await until(run, () => unconverged(cluster, wanted, dead))
  failures.push(...evicted.map(problem => `not evicted: ${problem}`))
  say(evicted.length === 0 ? 'dead nodes are emptied' : `not evicted: ${evicted.join('\n    ')}`)
  for (const name of dead)
    await direct(cluster, () => orGone(cluster.admin.delete(nodeKind, undefined, name)))
  const left = await until(run, () => unconverged(cluster, wanted))
  failures.push(...left.map(problem => `not converged: ${problem}`))
  say(left.length === 0 ? 'converged' : `not converged: ${left.join('\n    ')}`)
}

async function checkSettled({ cluster, wanted, failures, say }: Run): Promise<void> {
  const { clock } = cluster.ports
  await clock.advance(60_000)
  failures.push(...(await unsettled(cluster, wanted)), ...(await wronglyRun(cluster)))
  cluster.audit.audit()
  const before = new Map(cluster.writeCalls)
  await clock.advance(quietMs)
  for (const [call, count] of cluster.writeCalls) {
    const more = count - (before.get(call) ?? 0)
    if (more > 0 && !quietCalls.test(call)) failures.push(`not quiet: ${more} × ${call}`)
  }
  say('quiet')
}

async function empty(run: Run): Promise<void> {
  const { cluster, wanted, failures, say } = run
  say('delete everything')
  const kept = workNamespaces.slice(0, workNamespaces.length / 2) as readonly string[]
  for (const { namespace, name } of wanted.filter(app => kept.includes(app.namespace)))
    await direct(cluster, () => cluster.admin.delete(deployments, namespace, name))
  for (const name of workNamespaces.filter(name => !kept.includes(name)))
    await direct(cluster, () => cluster.admin.delete(namespaces, undefined, name))
  const left = await until(run, () => remains(cluster))
  failures.push(...left.map(problem => `left over: ${problem}`))
  say(left.length === 0 ? 'nothing is left' : `left over: ${left.join('\n    ')}`)
}

/** Lets time pass until nothing is wrong any more; answers what still is when patience ends. */
async function until({ cluster }: Run, problems: () => Promise<string[]>): Promise<string[]> {
  const { clock } = cluster.ports
  const endMs = clock.monotonicMs() + convergeMaxMs
  for (;;) {
    await clock.advance(10_000)
    const found = await problems()
    if (found.length === 0 || clock.monotonicMs() >= endMs) return found
  }
}

/** A request of the scenario's own, tried until the store takes it; time passes meanwhile. */
async function direct<T>({ ports }: SimCluster, request: () => Promise<T>): Promise<T> {
  for (;;) {
    let open = true
    const outcome = request().then(
      value => ({ value }),
      (error: unknown) => ({ error }),
    )
    void outcome.then(() => {
      open = false
    })
    while (open) await ports.clock.advance(1)
    const settled = await outcome
    if ('value' in settled) return settled.value
    if (!hasReason(settled.error, 'ServiceUnavailable')) throw settled.error
  }
}

async function orGone(request: Promise<unknown>): Promise<void> {
  await request.catch(error => {
    if (!isNotFound(error)) throw error
  })
}

function reportOf({ cluster, failures }: Run): SimReport {
  const { trace, dial, audit, invariants, ports } = cluster
  return {
    hash: trace.hash(),
    commits: trace.commits(),
    counts: trace.counts,
    faults: dial.counts,
    watches: audit.watches(),
    virtualMs: ports.clock.monotonicMs(),
    failures: [...failures, ...audit.failures, ...invariants.failures, ...cluster.partFailures()],
  }
}
