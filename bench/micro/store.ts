/**
 * `bun bench/micro/store.ts [folder]`: durable writes per second of the SQLite store with 1 and 32 writers, what a write
 * and a lease renewal cost in bytes written (/proc/self/io), and how long opening takes.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../src/std/log.ts'
import { realClock } from '../../src/std/real-ports.ts'
import { SimClock } from '../../src/std/sim-ports.ts'
import { openSqliteStore } from '../../src/storage/sqlite/sqlite-store.ts'
import type { Store } from '../../src/storage/store.ts'

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'hutch-bench-'))
const value = new TextEncoder().encode(JSON.stringify({ pad: 'x'.repeat(1_000) }))
const lease = new TextEncoder().encode(JSON.stringify({ pad: 'x'.repeat(450) }))

const now = () => realClock.monotonicMs()
const writtenBytes = () => Number(/^write_bytes: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))![1])

async function measureWriters(writers: number, writes: number): Promise<string> {
  const store = openSqliteStore({ path: join(folder, `w${writers}.db`), clock: realClock, log: silentLogger })
  const before = writtenBytes()
  const startMs = now()
  const write = async (id: number) => {
    for (let n = 0; n < writes / writers; n++)
      await store.write({ key: `/registry/k/${id}-${n}`, value, expected: 0 })
  }
  await Promise.all(Array.from({ length: writers }, (_, id) => write(id)))
  const tookMs = now() - startMs
  await store.close()
  const perWrite = (writtenBytes() - before) / writes
  return `${writers} writers: ${Math.round((writes / tookMs) * 1000)} durable 1 KB writes/s, ${Math.round(perWrite)} bytes written each`
}

/** An idle day of renewals every 10 s in virtual time; checkpoints and compaction included. */
async function measureLeases(nodes: number, hours: number): Promise<string> {
  const clock = new SimClock()
  const store = openSqliteStore({ path: join(folder, `lease${nodes}.db`), clock, log: silentLogger })
  const revisions = new Array<number>(nodes).fill(0)
  await renewAll(store, revisions)
  const before = writtenBytes()
  for (let round = 0; round < hours * 360; round++) {
    await clock.advance(10_000)
    await renewAll(store, revisions)
  }
  const bytes = writtenBytes() - before
  await store.close()
  const megabytesPerDay = ((bytes / hours) * 24) / 1e6
  return `${nodes} leases, renewed every 10 s: ${Math.round(bytes / (nodes * hours * 360))} bytes written per renewal, ${megabytesPerDay.toFixed(1)} MB a day`
}

async function renewAll(store: Store, revisions: number[]): Promise<void> {
  for (const [node, expected] of revisions.entries()) {
    const written = await store.write({
      key: `/registry/leases/node-${node}`,
      value: lease,
      expected,
      volatile: true,
    })
    revisions[node] = written.revision
  }
}

async function measureOpen(objects: number): Promise<string> {
  const path = join(folder, `open${objects}.db`)
  const store = openSqliteStore({ path, clock: realClock, log: silentLogger })
  await Promise.all(
    Array.from({ length: objects }, (_, n) => store.write({ key: `/registry/k/${n}`, value, expected: 0 })),
  )
  await store.close()
  const startMs = now()
  const again = openSqliteStore({ path, clock: realClock, log: silentLogger })
  const openMs = now() - startMs
  const { entries } = await again.range('')
  const rangeMs = now() - startMs - openMs
  await again.close()
  return `${entries.length} objects of 1 KB: open ${Math.round(openMs)} ms, read all ${Math.round(rangeMs)} ms`
}

try {
  console.log(await measureWriters(1, 4_000))
  console.log(await measureWriters(32, 32_000))
  console.log(await measureLeases(1, 24))
  console.log(await measureLeases(100, 4))
  console.log(await measureOpen(5_000))
  console.log(await measureOpen(50_000))
} finally {
  rmSync(folder, { recursive: true })
}
