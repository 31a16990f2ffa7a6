import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simPorts } from '../../std/sim-ports.ts'
import { busyTicks, memoryOf, readMachineUsage } from '../node/usage.ts'
import type { ContainerUsage, Runtime } from '../runtime/runtime.ts'
import { simulatedHost } from '../simulated-host.ts'
import { cadvisorFamilies } from './cadvisor-metrics.ts'
import { splitUsage, unifiedUsage, usageOf } from './cgroup.ts'
import { parseIoStat, parseThrottle } from './devices.ts'
import { parseInterfaces } from './interfaces.ts'
import { createRates } from './rates.ts'
import { resourceFamilies } from './resource-metrics.ts'
import { renderSamples } from './samples.ts'
import { createSnapshots } from './snapshot.ts'
import { statsSummary } from './summary.ts'

const root = mkdtempSync(join(tmpdir(), 'hutch-stats-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

function directory(name: string, files: Readonly<Record<string, string>>): string {
  const path = join(root, name)
  mkdirSync(path, { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(path, file), text)
  return path
}

test('a unified control group tells CPU, memory without idle file pages, swap, limit and throttling', async () => {
  const dir = directory('unified', {
    'memory.current': '1000000\n',
    'memory.max': '2000000\n',
    'memory.swap.current': '4096\n',
    'memory.stat': 'anon 300000\nfile 600000\ninactive_file 250000\npgfault 12\npgmajfault 3\n',
    'cpu.stat': 'usage_usec 1500\nnr_periods 10\nnr_throttled 4\nthrottled_usec 77\n',
  })
  expect(await unifiedUsage(dir)).toEqual({
    cpuNanoseconds: 1_500_000,
    memoryBytes: 1_000_000,
    workingSetBytes: 750_000,
    rssBytes: 300_000,
    cacheBytes: 600_000,
    pageFaults: 12,
    majorPageFaults: 3,
    swapBytes: 4096,
    memoryLimitBytes: 2_000_000,
    throttling: { periods: 10, throttledPeriods: 4, throttledNanoseconds: 77_000 },
  })
})

test('a control group of version 1 tells the same; what it does not account is absent, not zero', async () => {
  const memory = directory('memory', {
    'memory.usage_in_bytes': '1000000\n',
    'memory.limit_in_bytes': '9223372036854771712\n',
    'memory.stat':
      'rss 1\ntotal_rss 300000\ntotal_cache 600000\ntotal_inactive_file 250000\ntotal_pgfault 12\ntotal_pgmajfault 3\n',
  })
  const cpu = directory('cpuacct', { 'cpuacct.usage': '1500000\n', 'cpu.stat': 'nr_periods 0\n' })
  expect(await splitUsage(memory, cpu)).toEqual({
    cpuNanoseconds: 1_500_000,
    memoryBytes: 1_000_000,
    workingSetBytes: 750_000,
    rssBytes: 300_000,
    cacheBytes: 600_000,
    pageFaults: 12,
    majorPageFaults: 3,
  })
  expect(await splitUsage(memory, join(root, 'none'))).toBeUndefined()
})

test('of a process that has ended nothing is told', async () => {
  expect(await usageOf(2 ** 30)).toBeUndefined()
})

test("the machine's CPU is what neither idled nor was stolen, its working set what is not idle file pages", () => {
  expect(busyTicks('cpu  10 20 30 1000 50 6 7 800 9 0\ncpu0 1 1 1 1\n')).toBe(73)
  const meminfo = 'MemTotal: 1000 kB\nMemFree: 200 kB\nInactive(file): 300 kB\nAnonPages: 100 kB\n'
  expect(memoryOf(meminfo, 'pgfault 9\npgmajfault 1\n')).toEqual({
    totalBytes: 1_024_000,
    usedBytes: 819_200,
    workingSetBytes: 512_000,
    rssBytes: 102_400,
    pageFaults: 9,
    majorPageFaults: 1,
  })
})

test('this machine can be read', async () => {
  const usage = await readMachineUsage(root)
  expect(usage.cpuNanoseconds).toBeGreaterThan(0)
  expect(usage.memory.workingSetBytes).toBeGreaterThan(0)
  expect(usage.memory.workingSetBytes).toBeLessThan(usage.memory.totalBytes)
  expect(usage.disk.capacityBytes).toBeGreaterThan(0)
})

test('interfaces are read without the loopback one', () => {
  const line = 'eth0: 100 2 1 0 0 0 0 0 300 4 5 0 0 0 0 0'
  expect(parseInterfaces(`Inter-|\n face |\n    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n  ${line}\n`)).toEqual([
    {
      name: 'eth0',
      ...{ rxBytes: 100, rxPackets: 2, rxErrors: 1, rxDropped: 0 },
      ...{ txBytes: 300, txPackets: 4, txErrors: 5, txDropped: 0 },
    },
  ])
})

test('what went to and from devices is read in both versions of control groups', () => {
  const counts = { readBytes: 4096, writtenBytes: 8192, reads: 1, writes: 2 }
  const unified = parseIoStat('8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n')
  expect(unified.get('8:0')).toEqual(counts)
  const split = parseThrottle(
    '8:0 Read 4096\n8:0 Write 8192\n8:0 Total 12288\nTotal 12288\n',
    '8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n',
  )
  expect([...split]).toEqual([['8:0', counts]])
})

test('a rate needs two readings, survives many readers, and starts anew after a restart', () => {
  const rates = createRates()
  expect(rates.note('a', 0, 0)).toBeUndefined()
  expect(rates.note('a', 500, 500_000_000)).toBeUndefined()
  expect(rates.note('a', 2_000, 1_000_000_000)).toBe(500_000_000)
  expect(rates.note('a', 2_100, 1_000_000_001)).toBe(476_190_477)
  expect(rates.note('a', 12_000, 1_000_000_000 + 2_000_000_000)).toBe(250_000_000)
  expect(rates.note('a', 13_000, 5)).toBeUndefined()
})

const usage = (name: string, more: Partial<ContainerUsage> = {}): ContainerUsage => ({
  ...{ id: `id-${name}`, name, image: 'img', pid: process.pid, logPath: undefined },
  pod: { uid: 'u1', name: 'web', namespace: 'default' },
  ...{ atMs: 1_700_000_010_000, startedAtMs: 1_700_000_000_000 },
  ...{ cpuNanoseconds: 2_500_000_000, memoryBytes: 3000, workingSetBytes: 2000, rssBytes: 1000 },
  ...{ cacheBytes: 500, pageFaults: 7, majorPageFaults: 1 },
  ...more,
})

function snapshotsOf(stats: () => readonly ContainerUsage[]) {
  const { clock } = simPorts(1)
  const { machine } = simulatedHost({ hostname: 'n1' })
  const runtime = { containers: { stats: async () => stats() } } as unknown as Runtime
  return createSnapshots({ clock, machine, runtime })
}

test('/metrics/resource has what a metrics server reads, with the time of each reading', async () => {
  const text = renderSamples(resourceFamilies(await snapshotsOf(() => [usage('app'), usage('side')])()))
  const at = '1700000010000'
  for (const line of [
    `container_cpu_usage_seconds_total{container="app",namespace="default",pod="web"} 2.5 ${at}`,
    `container_memory_working_set_bytes{container="side",namespace="default",pod="web"} 2000 ${at}`,
    'container_start_time_seconds{container="app",namespace="default",pod="web"} 1700000000',
    `pod_cpu_usage_seconds_total{namespace="default",pod="web"} 5 ${at}`,
    `pod_memory_working_set_bytes{namespace="default",pod="web"} 4000 ${at}`,
    'resource_scrape_error 0',
  ])
    expect(text.split('\n')).toContain(line)
  // Neither swap nor the machine was measured.
  expect(text).not.toContain('swap')
  expect(text).not.toContain('node_')
})

test('a summary tells rates once there are two readings, and sums up pods', async () => {
  let atMs = 1_700_000_010_000
  let cpuNanoseconds = 0
  const snapshot = snapshotsOf(() => [
    usage('app', { atMs, cpuNanoseconds, memoryLimitBytes: 5000 }),
    usage('side', { atMs, cpuNanoseconds }),
  ])
  const first = statsSummary('n1', await snapshot(), false) as { pods: Record<string, unknown>[] }
  expect(first.pods[0]?.cpu).toEqual({ time: '2023-11-14T22:13:30Z', usageCoreNanoSeconds: 0 })
  atMs += 10_000
  cpuNanoseconds = 1_000_000_000
  const { node, pods } = statsSummary('n1', await snapshot(), false) as {
    node: object
    pods: { cpu: object; containers: { memory: object }[]; podRef: object }[]
  }
  expect(node).toEqual({ nodeName: 'n1', startTime: '1970-01-01T00:00:00Z' })
  expect(pods[0]?.podRef).toEqual({ name: 'web', namespace: 'default', uid: 'u1' })
  expect(pods[0]?.cpu).toMatchObject({ usageNanoCores: 200_000_000, usageCoreNanoSeconds: 2_000_000_000 })
  expect(pods[0]?.containers[0]?.memory).toMatchObject({ availableBytes: 3000, workingSetBytes: 2000 })
  expect(pods[0]?.containers[1]?.memory).not.toHaveProperty('availableBytes')
})

test('/metrics/cadvisor names container, image, namespace and pod', async () => {
  const { machine } = simulatedHost({ hostname: 'n1' })
  const devices = [{ device: '/dev/vda', readBytes: 4096, writtenBytes: 0, reads: 1, writes: 0 }]
  const snapshot = await snapshotsOf(() => [usage('app', { swapBytes: 9, devices })])()
  const text = renderSamples(cadvisorFamilies(snapshot, await machine.facts()))
  const labels = 'container="app",id="id-app",image="img",name="id-app",namespace="default",pod="web"'
  expect(text).toContain(`container_cpu_usage_seconds_total{${labels},cpu="total"} 2.5 1700000010000\n`)
  expect(text).toContain(`container_memory_swap{${labels}} 9 1700000010000\n`)
  expect(text).toContain(`container_fs_reads_bytes_total{${labels},device="/dev/vda"} 4096 1700000010000\n`)
  expect(text).toContain('machine_cpu_cores{')
  expect(text).not.toContain('cfs_periods')
})
