import { readFileSync } from 'node:fs'

const ticksPerSecond = 100
const secondsPerDay = 86_400

/** What processes have used so far, all of them together, from /proc. */
interface Used {
  readonly cpuSeconds: number
  readonly writtenBytes: number
}

/** What processes that are left alone cost. */
export interface RestFigures {
  readonly residentMb: number
  readonly anonymousMb: number
  /** Of one core. */
  readonly cpuPercent: number
  readonly writtenMbPerDay: number
}

/** Lets the processes settle, watches them for `seconds`, and extrapolates what they write to a day. */
export async function measureRest(
  pids: readonly number[],
  settleSeconds: number,
  seconds: number,
): Promise<RestFigures> {
  await Bun.sleep(settleSeconds * 1000)
  const before = usedBy(pids)
  await Bun.sleep(seconds * 1000)
  const after = usedBy(pids)
  return {
    ...memoryOf(pids),
    cpuPercent: ((after.cpuSeconds - before.cpuSeconds) / seconds) * 100,
    writtenMbPerDay: ((after.writtenBytes - before.writtenBytes) / seconds) * (secondsPerDay / 1e6),
  }
}

export function memoryOf(pids: readonly number[]): Pick<RestFigures, 'residentMb' | 'anonymousMb'> {
  return {
    residentMb: sum(pids, pid => statusBytes(pid, 'VmRSS')) / 1e6,
    anonymousMb: sum(pids, pid => statusBytes(pid, 'RssAnon')) / 1e6,
  }
}

function usedBy(pids: readonly number[]): Used {
  return { cpuSeconds: sum(pids, cpuSeconds), writtenBytes: sum(pids, writtenBytes) }
}

function sum(pids: readonly number[], of: (pid: number) => number): number {
  return pids.reduce((total, pid) => total + of(pid), 0)
}

function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
}

/** What the disk was given, not what was written to page cache and dropped. */
function writtenBytes(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}

function statusBytes(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}
