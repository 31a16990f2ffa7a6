import type { Session } from 'node:inspector/promises'
import type { CpuProfile } from '../../server/profiles/pprof.ts'
import type { Profiler } from '../../server/profiles/routes.ts'
import type { Clock } from '../../std/ports.ts'
import { sleep } from '../../std/sleep.ts'
import { setVerbosity } from '../verbosity.ts'

/** What Bun can say of this process. The inspector is loaded when the first profile is asked for. */
export function processProfiler(clock: Pick<Clock, 'setTimer'>): Profiler {
  let session: Session | undefined
  return {
    async cpu(durationMs) {
      if (session) return undefined
      const { Session: Inspector } = await import('node:inspector/promises')
      session = new Inspector()
      try {
        session.connect()
        await session.post('Profiler.enable')
        await session.post('Profiler.start')
        await sleep(clock, durationMs)
        const { profile } = await session.post('Profiler.stop')
        return profile as CpuProfile
      } finally {
        session.disconnect()
        session = undefined
      }
    },
    async heap() {
      const { heapStats } = await import('bun:jsc')
      return heapStats().objectTypeCounts
    },
    setVerbosity,
  }
}
