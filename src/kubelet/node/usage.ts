import { statfs } from 'node:fs/promises'
import { type InterfaceUsage, parseInterfaces } from '../stats/interfaces.ts'
import { textOf } from '../stats/proc-file.ts'

/** What a whole machine uses now, as its kernel tells it. */
export interface MachineUsage {
  readonly bootedAtMs: number
  /** Since the machine was started. */
  readonly cpuNanoseconds: number
  readonly memory: MachineMemory
  /** Absent: the machine has none. */
  readonly swap: { readonly totalBytes: number; readonly usedBytes: number } | undefined
  readonly interfaces: readonly InterfaceUsage[]
  /** Of the file system under the data directory. */
  readonly disk: DiskUsage
  readonly pids: { readonly max: number; readonly running: number } | undefined
}

export interface MachineMemory {
  readonly totalBytes: number
  readonly usedBytes: number
  /** Memory that cannot be given back at once. */
  readonly workingSetBytes: number
  readonly rssBytes: number
  readonly pageFaults: number
  readonly majorPageFaults: number
}

export interface DiskUsage {
  readonly capacityBytes: number
  readonly availableBytes: number
  readonly usedBytes: number
  readonly inodes: number
  readonly inodesFree: number
}

/** Of the kernel's clock that /proc/stat counts in (USER_HZ, the same everywhere). */
const tickNanoseconds = 10_000_000

/** Reads /proc and the file system under `dataDir`. */
export async function readMachineUsage(dataDir: string): Promise<MachineUsage> {
  const paths = ['/proc/stat', '/proc/meminfo', '/proc/vmstat', '/proc/net/dev', '/proc/loadavg']
  const [stat = '', meminfo = '', vmstat = '', devices = '', load = ''] = await Promise.all(paths.map(textOf))
  const disk = await readDisk(dataDir)
  return {
    bootedAtMs: Number(/^btime (\d+)/m.exec(stat)?.[1] ?? 0) * 1000,
    cpuNanoseconds: busyTicks(stat) * tickNanoseconds,
    memory: memoryOf(meminfo, vmstat),
    swap: swapOf(meminfo),
    interfaces: parseInterfaces(devices),
    disk,
    pids: await pidsOf(load),
  }
}

/** user, nice, system, irq and softirq: neither idle nor stolen. */
export function busyTicks(stat: string): number {
  const counts = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? []
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = counts
  return user + nice + system + irq + softirq
}

export function memoryOf(meminfo: string, vmstat: string): MachineMemory {
  const totalBytes = kibibytes(meminfo, 'MemTotal')
  const usedBytes = totalBytes - kibibytes(meminfo, 'MemFree')
  return {
    totalBytes,
    usedBytes,
    workingSetBytes: Math.max(0, usedBytes - kibibytes(meminfo, 'Inactive(file)')),
    rssBytes: kibibytes(meminfo, 'AnonPages'),
    pageFaults: counter(vmstat, 'pgfault'),
    majorPageFaults: counter(vmstat, 'pgmajfault'),
  }
}

function swapOf(meminfo: string): MachineUsage['swap'] {
  const totalBytes = kibibytes(meminfo, 'SwapTotal')
  if (totalBytes === 0) return undefined
  return { totalBytes, usedBytes: totalBytes - kibibytes(meminfo, 'SwapFree') }
}

function kibibytes(meminfo: string, name: string): number {
  const line = meminfo.split('\n').find(each => each.startsWith(`${name}:`))
  return Number(/(\d+) kB/.exec(line ?? '')?.[1] ?? 0) * 1024
}

function counter(vmstat: string, name: string): number {
  return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(vmstat)?.[1] ?? 0)
}

async function readDisk(dataDir: string): Promise<DiskUsage> {
  const { blocks, bfree, bavail, bsize, files, ffree } = await statfs(dataDir)
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  }
}

async function pidsOf(load: string): Promise<MachineUsage['pids']> {
  const max = Number(await textOf('/proc/sys/kernel/pid_max'))
  const running = Number(/\/(\d+) /.exec(load)?.[1])
  return max > 0 && running > 0 ? { max, running } : undefined
}
