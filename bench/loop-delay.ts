#!/usr/bin/env bun
/**
 * How long others wait while one hostile request runs: asks for a Lease every 5 ms over a connection of its own and
 * prints the slowest answers beside each request. The hostile ones come from a process of their own. `cpu` is how long the
 * server's loop itself worked during the slowest of them, `turn` how long at most without looking at anything else: on a
 * machine that is busy with more, these tell.
 *
 *   bun run bench/loop-delay.ts [--only NAME] [--objects 50000] [--store memory]
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { HostileCase } from './hostile-case.ts'
import { connectionOf, startHutch, until } from './hutch-process.ts'
import { hostileCases, prepare } from './loop-delay-cases.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    objects: { type: 'string', default: '50000' },
    store: { type: 'string', default: 'sqlite' },
  },
})
const beatMs = 5
const idleMs = 2_000

const directory = mkdtempSync(join(tmpdir(), 'hutch-loop-delay-'))
const flags = ['--disable-agent', '--disable=scheduler,dns,proxy', `--datastore-endpoint=${values.store}`]
// What the meter writes.
const turns = join(directory, 'turns')
process.env.HUTCH_TURNS = turns
const hutch = await startHutch(directory, [...flags, '--feature-gates=CBORServingAndStorage=true'], {
  preload: [join(import.meta.dir, 'turn-meter.ts')],
})
try {
  const connection = connectionOf(hutch.kubeconfig)
  await prepare(connection, Number(values.objects))
  console.log(
    'what runs meanwhile             heartbeats   p50 ms   p99 ms   max ms   cpu ms  turn ms   answer',
  )
  for (const hostile of [undefined, ...hostileCases(Number(values.objects))]) {
    if (values.only === undefined || hostile?.name.includes(values.only)) await measure(hostile)
  }
} finally {
  await hutch.stop()
  rmSync(directory, { recursive: true, force: true })
}

/** How long the loop has worked at most in one turn since this was last asked. */
async function longestTurn(): Promise<string> {
  const read = () => readFileSync(turns, 'utf8').trim().split(' ') as [beginnings: string, longest: string]
  const [beginnings, longest] = read()
  process.kill(hutch.pid, 'SIGUSR2')
  await until(() => read()[0] !== beginnings, 'the meter')
  return longest
}

async function measure(hostile: HostileCase | undefined): Promise<void> {
  await longestTurn()
  const work = hostile ? attack(hostile) : Bun.sleep(idleMs).then(() => '')
  const took: number[] = []
  const worked: number[] = []
  let isOver = false
  const beats = (async () => {
    while (!isOver) {
      const startMs = cpuMs()
      took.push(await beat())
      worked.push(cpuMs() - startMs)
      await Bun.sleep(beatMs)
    }
  })()
  const answer = await work
  isOver = true
  await beats
  took.sort((a, b) => a - b)
  const at = (share: number) =>
    (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0).toFixed(1)
  const most = Math.max(...worked).toFixed(1)
  const figures = [
    String(took.length).padStart(10),
    ...[at(0.5), at(0.99), at(1), most, await longestTurn()].map(ms => ms.padStart(8)),
  ]
  console.log(`${(hostile?.name ?? 'nothing').padEnd(32)}${figures.join(' ')}   ${answer}`)
}

/** What the thread of the server's loop has worked so far. */
function cpuMs(): number {
  const [ns] = readFileSync(`/proc/${hutch.pid}/task/${hutch.pid}/schedstat`, 'utf8').split(' ')
  return Number(ns) / 1e6
}

async function beat(): Promise<number> {
  const { server, tls } = connectionOf(hutch.kubeconfig)
  const startMs = performance.now()
  const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/beat'
  const response = await fetch(server + path, { tls } as RequestInit)
  await response.arrayBuffer()
  return performance.now() - startMs
}

/** Runs the requests in a process of their own, whose work does not delay the heartbeats of this one. */
async function attack(hostile: HostileCase): Promise<string> {
  const script = join(import.meta.dir, 'loop-delay-client.ts')
  const child = Bun.spawn(['bun', script, hutch.kubeconfig, values.objects, hostile.name], {
    stderr: 'inherit',
  })
  return (await new Response(child.stdout).text()).trim()
}
