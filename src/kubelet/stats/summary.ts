import { toTimestamp } from '../../client/timestamp.ts'
import type { MachineUsage } from '../node/usage.ts'
import type { CgroupUsage } from './cgroup.ts'
import type { InterfaceUsage } from './interfaces.ts'
import type { ContainerSnapshot, CpuRate, PodSnapshot, Snapshot } from './snapshot.ts'

/**
 * `/stats/summary` (k8s.io/kubelet stats/v1alpha1 Summary). What is not measured is left out; `isOnlyCpuAndMemory` is
 * the query of that name.
 */
export function statsSummary(nodeName: string, snapshot: Snapshot, isOnlyCpuAndMemory: boolean): object {
  const { node, pods, atMs } = snapshot
  const more = node && !isOnlyCpuAndMemory
  return {
    node: {
      nodeName,
      startTime: toTimestamp(node?.bootedAtMs ?? 0),
      ...(node && cpuAndMemory(node, toTimestamp(atMs))),
      ...(more && { network: networkStats(node.interfaces, atMs), fs: fsStats(node, atMs) }),
      ...(more && node.pids && { rlimit: rlimitStats(node.pids, atMs) }),
    },
    pods: pods.map(pod => podStats(pod, snapshot, isOnlyCpuAndMemory)),
  }
}

function cpuAndMemory({ cpuNanoseconds, cpuNanocores, memory, swap }: MachineUsage & CpuRate, time: string) {
  const { totalBytes, usedBytes, workingSetBytes, rssBytes, pageFaults, majorPageFaults } = memory
  return {
    cpu: cpuStats({ cpuNanoseconds, ...(cpuNanocores !== undefined && { cpuNanocores }) }, time),
    memory: {
      time,
      availableBytes: Math.max(0, totalBytes - workingSetBytes),
      usageBytes: usedBytes,
      ...{ workingSetBytes, rssBytes, pageFaults, majorPageFaults },
    },
    ...(swap && {
      swap: { time, swapAvailableBytes: swap.totalBytes - swap.usedBytes, swapUsageBytes: swap.usedBytes },
    }),
  }
}

function cpuStats(usage: { readonly cpuNanoseconds: number } & CpuRate, time: string) {
  const { cpuNanocores } = usage
  return {
    time,
    ...(cpuNanocores !== undefined && { usageNanoCores: cpuNanocores }),
    usageCoreNanoSeconds: usage.cpuNanoseconds,
  }
}

type MemoryUsage = Pick<
  CgroupUsage,
  'memoryBytes' | 'workingSetBytes' | 'rssBytes' | 'pageFaults' | 'majorPageFaults' | 'memoryLimitBytes'
>

function memoryStats(usage: MemoryUsage, time: string) {
  const { memoryLimitBytes: limit, workingSetBytes, rssBytes, pageFaults, majorPageFaults } = usage
  return {
    time,
    ...(limit !== undefined && { availableBytes: Math.max(0, limit - workingSetBytes) }),
    usageBytes: usage.memoryBytes,
    ...{ workingSetBytes, rssBytes, pageFaults, majorPageFaults },
  }
}

function podStats({ pod, containers, interfaces }: PodSnapshot, { node, atMs }: Snapshot, isShort: boolean) {
  const { name, namespace, uid } = pod
  const sums = sumOf(containers)
  const time = toTimestamp(Math.min(...containers.map(entry => entry.atMs)))
  const swap = swapStats(sums.swapBytes, time)
  return {
    podRef: { name, namespace, uid },
    startTime: toTimestamp(Math.min(...containers.map(({ startedAtMs }) => startedAtMs))),
    containers: containers.map(entry => containerStats(entry, node, isShort)),
    cpu: cpuStats(sums, time),
    memory: memoryStats(sums, time),
    ...(interfaces && !isShort && { network: networkStats(interfaces, atMs) }),
    ...(swap && { swap }),
  }
}

function containerStats(entry: ContainerSnapshot, node: Snapshot['node'], isShort: boolean) {
  const time = toTimestamp(entry.atMs)
  const swap = swapStats(entry.swapBytes, time)
  const { bytes: usedBytes, files: inodesUsed } = entry.logs
  return {
    name: entry.name,
    startTime: toTimestamp(entry.startedAtMs),
    cpu: cpuStats(entry, time),
    memory: memoryStats(entry, time),
    ...(node && !isShort && { logs: { ...fsStats(node, entry.atMs), usedBytes, inodesUsed } }),
    ...(swap && { swap }),
  }
}

function swapStats(swapUsageBytes: number | undefined, time: string) {
  return swapUsageBytes === undefined ? undefined : { time, swapUsageBytes }
}

/** A pod uses what its containers use. */
export function sumOf(containers: readonly ContainerSnapshot[]) {
  const sum = (read: (entry: ContainerSnapshot) => number) =>
    containers.reduce((total, entry) => total + read(entry), 0)
  const rates = containers.map(({ cpuNanocores }) => cpuNanocores)
  const swaps = containers.map(({ swapBytes }) => swapBytes)
  return {
    cpuNanoseconds: sum(entry => entry.cpuNanoseconds),
    ...(!rates.includes(undefined) && { cpuNanocores: sum(entry => entry.cpuNanocores ?? 0) }),
    memoryBytes: sum(entry => entry.memoryBytes),
    workingSetBytes: sum(entry => entry.workingSetBytes),
    rssBytes: sum(entry => entry.rssBytes),
    pageFaults: sum(entry => entry.pageFaults),
    majorPageFaults: sum(entry => entry.majorPageFaults),
    ...(!swaps.includes(undefined) && { swapBytes: sum(entry => entry.swapBytes ?? 0) }),
  }
}

/** The first interface stands for all, as the primary one. */
function networkStats(interfaces: readonly InterfaceUsage[], atMs: number) {
  const told = interfaces.map(({ name, rxBytes, rxErrors, txBytes, txErrors }) => ({
    ...{ name, rxBytes, rxErrors, txBytes, txErrors },
  }))
  return { time: toTimestamp(atMs), ...told[0], interfaces: told }
}

function fsStats({ disk }: MachineUsage, atMs: number) {
  const { availableBytes, capacityBytes, usedBytes, inodes, inodesFree } = disk
  const inodesUsed = inodes - inodesFree
  return { time: toTimestamp(atMs), availableBytes, capacityBytes, usedBytes, inodesFree, inodes, inodesUsed }
}

function rlimitStats({ max, running }: NonNullable<MachineUsage['pids']>, atMs: number) {
  return { time: toTimestamp(atMs), maxpid: max, curproc: running }
}
