#!/usr/bin/env bun
/**
 * What an idle cluster of one simulated node costs, and how long it takes until its node is Ready, as a Markdown table.
 *
 *   bun run bench/idle.ts [--settle 20] [--seconds 60] [--write]
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { apiOf, type HutchProcess, startHutch, until } from './hutch-process.ts'

const { values: options } = parseArgs({
  options: {
    settle: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
    write: { type: 'boolean', default: false },
  },
})
const flags = ['--simulated-node=1']
const leasesPath = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const ticksPerSecond = 100
const secondsPerDay = 86_400

const directory = mkdtempSync(join(tmpdir(), 'hutch-idle-'))
try {
  const cold = await timedStart()
  await cold.hutch.stop()
  const warm = await timedStart()
  const figures = await measureIdle(warm.hutch.pid)
  await warm.hutch.stop()
  const table = [
    '| idle, one simulated node, no pods | |',
    '| --- | --- |',
    `| resident memory, of it anonymous (MB) | ${figures.residentMb} (${figures.anonymousMb}) |`,
    `| CPU of one core (%) | ${figures.cpuPercent} |`,
    `| written per day (MB) | ${figures.writtenMbPerDay} |`,
    `| start until the node is Ready, cold and warm (s) | ${cold.seconds.toFixed(2)} and ${warm.seconds.toFixed(2)} |`,
  ].join('\n')
  console.log(table)
  if (options.write) writeFileSync(join(import.meta.dir, '../docs/idle.md'), `${heading()}\n\n${table}\n`)
} finally {
  rmSync(directory, { recursive: true, force: true })
}

async function timedStart(): Promise<{ readonly hutch: HutchProcess; readonly seconds: number }> {
  const start = performance.now()
  const hutch = await startHutch(directory, flags)
  const get = apiOf(hutch.kubeconfig)
  await until(async () => isNodeReady(get, Date.now() - (performance.now() - start)), 'the node')
  return { hutch, seconds: (performance.now() - start) / 1000 }
}

interface NodeList {
  readonly items: readonly {
    readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] }
  }[]
}

interface LeaseList {
  readonly items: readonly { readonly spec?: { readonly renewTime?: string } }[]
}

/** Ready, and with a lease of this start: the last run's word does not count. */
async function isNodeReady(get: ReturnType<typeof apiOf>, startMs: number): Promise<boolean> {
  const nodes = (await get('/api/v1/nodes')).body as NodeList
  const leases = (await get(leasesPath)).body as LeaseList
  const ready = nodes.items[0]?.status?.conditions?.find(({ type }) => type === 'Ready')
  return ready?.status === 'True' && Date.parse(leases.items[0]?.spec?.renewTime ?? '') >= startMs
}

async function measureIdle(pid: number) {
  await Bun.sleep(Number(options.settle) * 1000)
  const before = { cpu: cpuSeconds(pid), written: writtenBytes(pid) }
  const seconds = Number(options.seconds)
  await Bun.sleep(seconds * 1000)
  const cpu = cpuSeconds(pid) - before.cpu
  const written = writtenBytes(pid) - before.written
  return {
    residentMb: megabytes(statusKb(pid, 'VmRSS') * 1024),
    anonymousMb: megabytes(statusKb(pid, 'RssAnon') * 1024),
    cpuPercent: ((cpu / seconds) * 100).toFixed(2),
    writtenMbPerDay: megabytes((written / seconds) * secondsPerDay),
  }
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}

function statusKb(pid: number, field: string): number {
  return Number(
    new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1],
  )
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

function heading(): string {
  const { stdout } = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: import.meta.dir })
  const day = new Date().toISOString().slice(0, 10)
  return `# Hutch at rest\n\n\`bun run bench/idle.ts --write\` on ${day}, commit ${stdout.toString().trim()}: the whole process in ${options.seconds} s after ${options.settle} s of settling; what the disk was given is \`write_bytes\` of /proc/PID/io.`
}
