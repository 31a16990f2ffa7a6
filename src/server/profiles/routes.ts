import { notImplemented } from '../../machinery/status/errors.ts'
import type { Clock } from '../../std/ports.ts'
import type { Routes } from '../http/routes.ts'
import { mountFlags } from './flags.ts'
import { type CpuProfile, cpuPprof, type HeapCounts, heapPprof } from './pprof.ts'

/** What can be seen of the process that runs. */
export interface Profiler {
  /** Watches the processor for so long; undefined while somebody else does. */
  cpu(durationMs: number): Promise<CpuProfile | undefined>
  heap(): Promise<HeapCounts>
  /** How much is logged from now on, as klog counts. */
  setVerbosity(level: number): void
}

const usualSeconds = 30
const page = `<html><head><title>/debug/pprof/</title></head><body>
<p><a href="profile">profile</a>: CPU, for ?seconds=30</p>
<p><a href="heap">heap</a>: objects by type</p>
</body></html>
`

const html = { 'content-type': 'text/html; charset=utf-8' }
const moved = '<a href="/debug/pprof/">Found</a>.\n\n'

/** `/debug/pprof/`: profiles that `go tool pprof` reads. Those of Go's own runtime are refused by name. */
export function mountProfiles(routes: Routes, profiler: Profiler, clock: Pick<Clock, 'nowMs'>): void {
  routes.all('/debug/pprof/', c => c.body(page, 200, { ...html, 'x-content-type-options': 'nosniff' }))
  routes.all('/debug/pprof', c => c.body(moved, 302, { ...html, location: '/debug/pprof/' }))
  routes.all('/debug/pprof/profile', async c => {
    const seconds = secondsOf(c.req.query('seconds'))
    const seen = await profiler.cpu(seconds * 1000)
    if (seen) return c.body(await ownBuffer(cpuPprof(seen, clock.nowMs())), 200, attachment('profile'))
    return c.text('Could not enable CPU profiling: cpu profiling already in use\n', 500)
  })
  routes.all('/debug/pprof/heap', async c => {
    const counts = await profiler.heap()
    return c.body(await ownBuffer(heapPprof(counts, clock.nowMs())), 200, attachment('heap'))
  })
  refuseProfiles(routes)
  mountFlags(routes, profiler.setVerbosity)
}

/** As Go's handler reads it: whole seconds, or as long as nobody has said. */
function secondsOf(asked = ''): number {
  const seconds = /^[+-]?\d{1,9}$/.test(asked) ? Number(asked) : 0
  return seconds > 0 ? seconds : usualSeconds
}

/** Of Go's own runtime. */
const foreignProfiles: ReadonlySet<string> = new Set([
  ...['allocs', 'block', 'goroutine', 'mutex', 'symbol', 'threadcreate', 'trace'],
])

/** The profiles that there are not; an empty one would lie. */
function refuseProfiles(routes: Routes): void {
  routes.all('/debug/pprof/*', c => {
    const name = c.req.path.slice('/debug/pprof/'.length)
    if (foreignProfiles.has(name)) throw notImplemented(`the profile ${name}`)
    return c.body('Unknown profile\n', 404, {
      ...{ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
      'x-go-pprof': '1',
    })
  })
}

async function ownBuffer(made: Promise<Uint8Array>): Promise<ArrayBuffer> {
  return new Uint8Array(await made).buffer
}

function attachment(name: string): Record<string, string> {
  return {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename="${name}"`,
    'x-content-type-options': 'nosniff',
  }
}
