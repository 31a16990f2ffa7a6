import { forgetKept } from '../../std/kept.ts'
import type { Runnable } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'

/** What a process has used and holds, and how it lets go of what it holds for nothing. */
export interface ProcessMemory {
  cpuMs(): number
  residentBytes(): number
  /** Frees garbage, compiled code and encodings; what is used again is made again. */
  release(): void
}

export const ownMemory: ProcessMemory = {
  cpuMs: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  residentBytes: () => process.memoryUsage.rss(),
  release() {
    forgetKept()
    Bun.shrink()
  },
}

const lookEveryMs = 15_000
/** Busier than this is not at rest. */
const restingShareMax = 0.05
/** As busy as this is a burst of work; less may come of compiling anew what was released. */
const burstShareMin = 0.1
/** Less than this is not worth compiling the code again. */
const growthMinBytes = 8 << 20
/** A larger heap is not walked all at once: whoever asks for something meanwhile would feel it. */
const residentMaxBytes = 400 << 20

/**
 * Gives the machine back what starting up or a burst of work has left behind, once the process has come to rest. The
 * engine would keep it for the next burst.
 */
export function releaseAtRest(memory: ProcessMemory): Runnable {
  return async ({ clock }, signal) => {
    const isWorthIt = createJudge()
    let usedMs = memory.cpuMs()
    while (!signal.aborted) {
      await sleep(clock, lookEveryMs, signal)
      if (signal.aborted) return
      const nowMs = memory.cpuMs()
      if (isWorthIt((nowMs - usedMs) / lookEveryMs, memory.residentBytes())) memory.release()
      usedMs = nowMs
    }
  }
}

/** Looks at how busy a process was and what it holds. What comes back without a burst is needed: each time it has to be twice as much. */
function createJudge(): (share: number, residentBytes: number) => boolean {
  /** After the last release; undefined: to be measured at the next rest. */
  let heldBytes: number | undefined = 0
  let growthBytes = growthMinBytes
  let releases = 0
  return (share, residentBytes) => {
    if (share >= burstShareMin) {
      releases = 0
      growthBytes = growthMinBytes
      // Of work right after a release it has kept something again: that is no measure.
      heldBytes ??= 0
    }
    if (share >= restingShareMax) return false
    heldBytes ??= residentBytes
    if (residentBytes < heldBytes + growthBytes || residentBytes > residentMaxBytes) return false
    heldBytes = undefined
    if (releases++ > 0) growthBytes *= 2
    return true
  }
}
