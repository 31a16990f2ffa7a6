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
    let usedMs = memory.cpuMs()
    let heldBytes = 0
    let justReleased = false
    while (!signal.aborted) {
      await sleep(clock, lookEveryMs, signal)
      if (signal.aborted) return
      const nowMs = memory.cpuMs()
      const isResting = nowMs - usedMs < lookEveryMs * restingShareMax
      usedMs = nowMs
      const residentBytes = memory.residentBytes()
      // Of work since then it has kept something again: that is no measure.
      if (justReleased && isResting) heldBytes = residentBytes
      justReleased =
        isResting && residentBytes >= heldBytes + growthMinBytes && residentBytes <= residentMaxBytes
      if (justReleased) memory.release()
    }
  }
}
