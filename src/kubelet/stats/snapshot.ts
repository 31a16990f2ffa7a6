import { readdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Clock } from '../../std/ports.ts'
import type { Machine } from '../node/machine.ts'
import type { MachineUsage } from '../node/usage.ts'
import type { ContainerUsage, PodIdentity, Runtime } from '../runtime/runtime.ts'
import { type InterfaceUsage, interfacesOf } from './interfaces.ts'
import { createRates } from './rates.ts'

/** What a node and everything on it uses, read once. */
export interface Snapshot {
  readonly atMs: number
  readonly node: (MachineUsage & CpuRate) | undefined
  readonly pods: readonly PodSnapshot[]
}

export interface CpuRate {
  /** Over the time since an earlier reading; absent until there is one. */
  readonly cpuNanocores?: number
}

export interface PodSnapshot {
  readonly pod: PodIdentity
  readonly containers: readonly ContainerSnapshot[]
  /** Of the pod's own network; absent where it is the node's. */
  readonly interfaces: readonly InterfaceUsage[] | undefined
}

export interface ContainerSnapshot extends ContainerUsage, CpuRate {
  readonly logs: LogUsage
}

export interface LogUsage {
  readonly bytes: number
  readonly files: number
}

export interface SnapshotSources {
  readonly clock: Clock
  readonly machine: Machine
  readonly runtime: Runtime
}

/** Reads what is used when it is called, and only then: nobody who asks, no work. */
export function createSnapshots({ clock, machine, runtime }: SnapshotSources): () => Promise<Snapshot> {
  const rates = createRates()
  return async () => {
    const usage = await runtime.containers.stats()
    const containers = await Promise.all(
      usage.map(async entry => ({
        ...entry,
        ...rateOf(rates.note(entry.id, entry.atMs, entry.cpuNanoseconds)),
        logs: await logUsage(entry.logPath),
      })),
    )
    const atMs = clock.nowMs()
    const used = await machine.usage()
    const node = used && { ...used, ...rateOf(rates.note('', atMs, used.cpuNanoseconds)) }
    rates.keepOnly(new Set(['', ...usage.map(({ id }) => id)]))
    const pods = [...Map.groupBy(containers, ({ pod }) => pod.uid).values()]
    return { atMs, node, pods: await Promise.all(pods.map(toPod)) }
  }
}

function rateOf(cpuNanocores: number | undefined): CpuRate {
  return cpuNanocores === undefined ? {} : { cpuNanocores }
}

async function toPod(containers: readonly ContainerSnapshot[]): Promise<PodSnapshot> {
  const { pod, pid } = containers[0]!
  const sorted = containers.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return { pod, containers: sorted, interfaces: await interfacesOf(pid) }
}

/** A container's log and what was rotated away of it lie in a directory of their own. */
async function logUsage(logPath: string | undefined): Promise<LogUsage> {
  if (!logPath) return { bytes: 0, files: 0 }
  try {
    const directory = dirname(logPath)
    const names = await readdir(directory)
    const sizes = await Promise.all(names.map(async name => (await stat(`${directory}/${name}`)).size))
    return { bytes: sizes.reduce((sum, size) => sum + size, 0), files: names.length }
  } catch (error) {
    // Rotated or removed meanwhile.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { bytes: 0, files: 0 }
    throw error
  }
}
