import { type DeviceUsage, splitDevices, unifiedDevices } from './devices.ts'
import { textOf } from './proc-file.ts'

/** What a control group has used. Absent: the kernel does not say (no swap accounting, no limit, no quota). */
export interface CgroupUsage {
  /** Since the group was made. */
  readonly cpuNanoseconds: number
  readonly memoryBytes: number
  /** Memory that cannot be given back at once. */
  readonly workingSetBytes: number
  readonly rssBytes: number
  readonly cacheBytes: number
  readonly pageFaults: number
  readonly majorPageFaults: number
  readonly swapBytes?: number
  readonly memoryLimitBytes?: number
  readonly throttling?: Throttling
  readonly devices?: readonly DeviceUsage[]
}

/** How a CPU quota was felt (cpu.stat). */
export interface Throttling {
  readonly periods: number
  readonly throttledPeriods: number
  readonly throttledNanoseconds: number
}

/** Where the kernel shows its control groups. */
const mount = '/sys/fs/cgroup'

/** Which version of control groups this machine is mounted with; 1 also where parts are of version 2. */
export async function cgroupVersion(): Promise<1 | 2> {
  return (await textOf(`${mount}/cgroup.controllers`)) === undefined ? 1 : 2
}

/** What the control group of a process has used, straight from the kernel: either version of cgroups. */
export async function usageOf(pid: number): Promise<CgroupUsage | undefined> {
  const groups = await textOf(`/proc/${pid}/cgroup`)
  if (groups === undefined) return undefined
  const unified = /^0::(.+)$/m.exec(groups)?.[1]
  const memory = /^\d+:[^:]*\bmemory\b[^:]*:(.+)$/m.exec(groups)?.[1]
  if (memory === undefined && unified !== undefined)
    return withDevices(await unifiedUsage(mount + unified), await unifiedDevices(mount + unified))
  const pathOf = (controller: string) =>
    new RegExp(`^\\d+:[^:]*\\b${controller}\\b[^:]*:(.+)$`, 'm').exec(groups)?.[1] ?? ''
  const usage = await splitUsage(`${mount}/memory${memory ?? ''}`, `${mount}/cpuacct${pathOf('cpuacct')}`)
  return withDevices(usage, await splitDevices(`${mount}/blkio${pathOf('blkio')}`))
}

function withDevices(
  usage: CgroupUsage | undefined,
  devices: readonly DeviceUsage[] | undefined,
): CgroupUsage | undefined {
  return usage && devices ? { ...usage, devices } : usage
}

/** Version 2: one directory for all. */
export async function unifiedUsage(dir: string): Promise<CgroupUsage | undefined> {
  const [current, stat, cpu] = await texts(dir, ['memory.current', 'memory.stat', 'cpu.stat'])
  if (current === undefined || stat === undefined || cpu === undefined) return undefined
  const [swap, limit] = await texts(dir, ['memory.swap.current', 'memory.max'])
  const memoryBytes = Number(current)
  return {
    cpuNanoseconds: field(cpu, 'usage_usec') * 1000,
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - field(stat, 'inactive_file')),
    rssBytes: field(stat, 'anon'),
    cacheBytes: field(stat, 'file'),
    pageFaults: field(stat, 'pgfault'),
    majorPageFaults: field(stat, 'pgmajfault'),
    ...(swap !== undefined && { swapBytes: Number(swap) }),
    ...limited(limit),
    ...throttled(cpu, field(cpu, 'throttled_usec') * 1000),
  }
}

/** Version 1: memory and CPU lie apart. */
export async function splitUsage(memoryDir: string, cpuDir: string): Promise<CgroupUsage | undefined> {
  const [current, stat] = await texts(memoryDir, ['memory.usage_in_bytes', 'memory.stat'])
  const [cpuacct, cpu = ''] = await texts(cpuDir, ['cpuacct.usage', 'cpu.stat'])
  if (current === undefined || stat === undefined || cpuacct === undefined) return undefined
  const [limit] = await texts(memoryDir, ['memory.limit_in_bytes'])
  const memoryBytes = Number(current)
  return {
    cpuNanoseconds: Number(cpuacct),
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - field(stat, 'total_inactive_file')),
    rssBytes: field(stat, 'total_rss'),
    cacheBytes: field(stat, 'total_cache'),
    pageFaults: field(stat, 'total_pgfault'),
    majorPageFaults: field(stat, 'total_pgmajfault'),
    ...(/^total_swap /m.test(stat) && { swapBytes: field(stat, 'total_swap') }),
    ...limited(limit),
    ...throttled(cpu, field(cpu, 'throttled_time')),
  }
}

function texts(dir: string, names: readonly string[]): Promise<(string | undefined)[]> {
  return Promise.all(names.map(name => textOf(`${dir}/${name}`)))
}

/** Without a limit version 2 says `max`, version 1 a number near 2^63. */
const unlimitedBytes = 2 ** 62

function limited(text: string | undefined): Pick<CgroupUsage, 'memoryLimitBytes'> {
  const bytes = Number(text)
  return bytes > 0 && bytes < unlimitedBytes ? { memoryLimitBytes: bytes } : {}
}

function throttled(stat: string, throttledNanoseconds: number): Pick<CgroupUsage, 'throttling'> {
  const periods = field(stat, 'nr_periods')
  if (periods === 0) return {}
  return { throttling: { periods, throttledPeriods: field(stat, 'nr_throttled'), throttledNanoseconds } }
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}
