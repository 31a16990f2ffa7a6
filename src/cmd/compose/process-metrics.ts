import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { serverVersion } from '../../server/version.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'

const spec = (name: string, help: string): MetricSpec => ({ name, help })
const pageBytes = 4096
const netstat = '/proc/self/net/netstat'

/** What Prometheus' clients tell of every process, read when somebody asks; the database's size where there is one. */
export function measureProcess(
  { metrics, clock }: Pick<Ports, 'metrics' | 'clock'>,
  databasePath?: string,
): void {
  const startSeconds = (clock.nowMs() - process.uptime() * 1000) / 1000
  const gauge = (name: string, help: string) => metrics.gauge(spec(name, help)).with()
  const cpu = metrics.counter(spec('process_cpu_seconds_total', 'Seconds of CPU, user and system.')).with()
  let toldSeconds = 0
  tellNetwork(metrics)
  const resident = gauge('process_resident_memory_bytes', 'Resident memory.')
  const virtual = gauge('process_virtual_memory_bytes', 'Virtual memory.')
  const open = gauge('process_open_fds', 'Open file descriptors.')
  const max = gauge('process_max_fds', 'File descriptors that may be open.')
  gauge('process_start_time_seconds', 'Start of the process since the epoch.').set(startSeconds)
  max.set(limitOf('Max open files'))
  gauge('process_virtual_memory_max_bytes', 'Virtual memory that there may be.').set(
    limitOf('Max address space'),
  )
  describeBuild({ metrics })
  countFamilies(metrics)
  metrics.onRead(() => {
    const { user, system } = process.cpuUsage()
    cpu.inc((user + system) / 1e6 - toldSeconds)
    toldSeconds = (user + system) / 1e6
    const [pages = '0', residentPages = '0'] = readFileSync('/proc/self/statm', 'utf8').split(' ')
    virtual.set(Number(pages) * pageBytes)
    resident.set(Number(residentPages) * pageBytes)
    open.set(readdirSync('/proc/self/fd').length)
    if (databasePath !== undefined) storeSize({ metrics }, databasePath)
  })
}

const registered: MetricSpec = {
  name: 'registered_metrics_total',
  help: 'Families that may be told, by what is promised of their names.',
  labels: ['stability_level', 'deprecated_version'],
  stability: 'BETA',
}

function countFamilies(metrics: Ports['metrics']): void {
  const total = metrics.counter(registered)
  const told = new Map<string, number>()
  metrics.onRead(() => {
    const counts = new Map<string, number>()
    for (const { spec: family } of metrics.families()) {
      const level = family.stability ?? ''
      counts.set(level, (counts.get(level) ?? 0) + 1)
    }
    for (const [level, count] of counts) {
      if (level !== '') total.with(level, '').inc(count - (told.get(level) ?? 0))
      told.set(level, count)
    }
  })
}

/** Bytes that came and went over IP, of all processes that share this one's network. */
function tellNetwork(metrics: Ports['metrics']): void {
  if (!existsSync(netstat)) return
  const counters = [
    ['InOctets', spec('process_network_receive_bytes_total', 'Bytes received over the network.')],
    ['OutOctets', spec('process_network_transmit_bytes_total', 'Bytes sent over the network.')],
  ] as const
  const told = counters.map(([name, each]) => ({ name, counter: metrics.counter(each).with(), bytes: 0 }))
  metrics.onRead(() => {
    const octets = networkOctets()
    for (const each of told) {
      const bytes = octets.get(each.name) ?? 0
      each.counter.inc(bytes - each.bytes)
      each.bytes = bytes
    }
  })
}

function networkOctets(): ReadonlyMap<string, number> {
  const lines = readFileSync(netstat, 'utf8').split('\n')
  const [names = [], values = []] = lines
    .filter(line => line.startsWith('IpExt: '))
    .map(line => line.split(' '))
  return new Map(names.map((name, index) => [name, Number(values[index])]))
}

/** The soft limit of that name; without one what Go's client tells of an unlimited one. */
function limitOf(name: string): number {
  const limits = readFileSync('/proc/self/limits', 'utf8')
  const [, soft = '0'] = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits) ?? []
  return soft === 'unlimited' ? unlimited : Number(soft)
}

const unlimited = 2 ** 64

function describeBuild({ metrics }: Pick<Ports, 'metrics'>): void {
  const { major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform } =
    serverVersion
  const labels = [
    'major',
    'minor',
    'git_version',
    'git_commit',
    'git_tree_state',
    'build_date',
    'go_version',
    'compiler',
    'platform',
  ]
  metrics
    .gauge({
      name: 'version_info',
      help: 'Always 1; the labels say which version the server is, acts as and gets on with.',
      labels: ['binary', 'component', 'emulation', 'min_compat'],
      stability: 'ALPHA',
    })
    .with(gitVersion.replace(/^v|\+.*$/g, ''), 'kube', `${major}.${minor}`, oldestVersion)
    .set(1)
  metrics
    .gauge({
      name: 'kubernetes_build_info',
      help: 'Always 1; the labels say what runs.',
      labels,
      stability: 'ALPHA',
    })
    .with(major, minor, gitVersion, gitCommit, gitTreeState, buildDate, goVersion, compiler, platform)
    .set(1)
}

const { minCompatibilityMajor, minCompatibilityMinor } = serverVersion
const oldestVersion = `${minCompatibilityMajor}.${minCompatibilityMinor}`

function storeSize({ metrics }: Pick<Ports, 'metrics'>, path: string): void {
  const bytes = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0
  metrics
    .gauge({
      name: 'apiserver_storage_size_bytes',
      help: 'Bytes of the database file and its write-ahead log.',
      labels: ['storage_cluster_id'],
      stability: 'STABLE',
    })
    .with('sqlite')
    .set(bytes(path) + bytes(`${path}-wal`))
}
