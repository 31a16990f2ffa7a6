import { writeSync } from 'node:fs'
import { silentLogger } from '../../../std/log.ts'
import { realClock } from '../../../std/real-ports.ts'
import { CasError } from '../../store.ts'
import { openSqliteStore } from '../sqlite-store.ts'
import type { CrashWriterOptions } from './crash-ledger.ts'

/**
 * The process that the crash tests kill: writes as fast as it can and tells on standard output, one line each, what a
 * client would know: `a revision key value` an acknowledged durable write, `v …` a volatile one, `e …` what a watcher saw,
 * `u` a refusal of the disk. Ends by itself after `writesMax` writes.
 */
const { path, volatile, writesMax, historyCountMax }: CrashWriterOptions = JSON.parse(process.argv[2]!)
const encoder = new TextEncoder()
const decoder = new TextDecoder()
const tell = (line: string) => void writeSync(1, `${line}\n`)

const store = openSqliteStore({
  path,
  clock: realClock,
  log: silentLogger,
  volatileFlushMs: 15,
  history: { countMax: historyCountMax },
})
const watching = new AbortController()
const watched = store.watch(
  '',
  store.revision(),
  events => {
    for (const { revision, key, type, value } of events)
      tell(`e ${revision} ${key} ${type === 'put' ? decoder.decode(value) : '-'}`)
  },
  watching.signal,
)
tell(`r ${store.revision()}`)

let writes = 0

async function writeOnce(key: string, isVolatile: boolean): Promise<void> {
  const expected = (await store.get(key))?.modRevision ?? 0
  const remove = !isVolatile && expected > 0 && writes % 7 === 0
  const text = JSON.stringify({ n: writes++, pad: 'x'.repeat(writes % 300) })
  const value = remove ? undefined : encoder.encode(text)
  try {
    const { revision } = await store.write({ key, value, expected, volatile: isVolatile })
    tell(`${isVolatile ? 'v' : 'a'} ${revision} ${key} ${remove ? '-' : text}`)
  } catch (error) {
    if (!(error instanceof CasError)) tell('u')
  }
}

async function writer(id: number): Promise<void> {
  while (writes < writesMax) {
    const isVolatile = volatile && id % 2 === 1
    await writeOnce(isVolatile ? `lease/${id}` : `key/${(id * 3 + writes) % 11}`, isVolatile)
    if (isVolatile) await new Promise<void>(resolve => setImmediate(resolve))
  }
}

await Promise.all(Array.from({ length: 4 }, (_, id) => writer(id)))
await store.close()
await watched
tell('c')
