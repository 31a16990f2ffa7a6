import { readFile } from 'node:fs/promises'
import type { ContainerUsage } from '../runtime.ts'

export type Usage = Pick<ContainerUsage, 'cpuNanoseconds' | 'workingSetBytes' | 'memoryBytes' | 'rssBytes'>

/** What the control group of a process has used, straight from the kernel: either version of cgroups. */
export async function usageOf(pid: number): Promise<Usage | undefined> {
  const groups = await textOf(`/proc/${pid}/cgroup`)
  if (groups === undefined) return undefined
  const unified = /^0::(.+)$/m.exec(groups)?.[1]
  const memory = /^\d+:[^:]*\bmemory\b[^:]*:(.+)$/m.exec(groups)?.[1]
  if (memory === undefined && unified !== undefined) return unifiedUsage(`/sys/fs/cgroup${unified}`)
  const cpu = /^\d+:[^:]*\bcpuacct\b[^:]*:(.+)$/m.exec(groups)?.[1]
  return splitUsage(`/sys/fs/cgroup/memory${memory ?? ''}`, `/sys/fs/cgroup/cpuacct${cpu ?? ''}`)
}

async function unifiedUsage(dir: string): Promise<Usage | undefined> {
  const current = await textOf(`${dir}/memory.current`)
  const stat = await textOf(`${dir}/memory.stat`)
  const cpu = await textOf(`${dir}/cpu.stat`)
  if (current === undefined || stat === undefined || cpu === undefined) return undefined
  const memoryBytes = Number(current)
  return {
    cpuNanoseconds: field(cpu, 'usage_usec') * 1000,
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - field(stat, 'inactive_file')),
    rssBytes: field(stat, 'anon'),
  }
}

async function splitUsage(memoryDir: string, cpuDir: string): Promise<Usage | undefined> {
  const current = await textOf(`${memoryDir}/memory.usage_in_bytes`)
  const stat = await textOf(`${memoryDir}/memory.stat`)
  const cpu = await textOf(`${cpuDir}/cpuacct.usage`)
  if (current === undefined || stat === undefined || cpu === undefined) return undefined
  const memoryBytes = Number(current)
  return {
    cpuNanoseconds: Number(cpu),
    memoryBytes,
    workingSetBytes: Math.max(0, memoryBytes - field(stat, 'total_inactive_file')),
    rssBytes: field(stat, 'total_rss'),
  }
}

function field(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0)
}

/** The process may end at any moment; then its files are gone. */
async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH') return undefined
    throw error
  }
}
