import { afterAll, beforeAll, describe } from 'bun:test'
import { simPorts } from '../../std/sim-ports.ts'
import { layerOver } from '../layer.ts'
import { CasError, CompactedError, FutureRevisionError, type Store } from '../store.ts'
import { type OpenOptions, runStoreSuite } from '../suite.ts'
import { openEtcdStore } from './etcd-store.ts'
import { etcdMissing, startEtcd, type TestEtcd } from './testing.ts'

const missing = etcdMissing()
if (missing) console.warn(`SKIP store etcd: ${missing}`)

describe.skipIf(missing !== undefined)('on a real etcd', () => {
  let etcd: TestEtcd
  let tests = 0
  /** Revision of etcd when the test began: the suite counts from 0. */
  let base: number | undefined
  beforeAll(async () => {
    etcd = await startEtcd()
  }, 60_000)
  afterAll(() => etcd.remove(), 60_000)

  runStoreSuite({
    name: 'etcd',
    async open(options) {
      const store = await openIn(etcd, `/suite-${tests}/`, options)
      base ??= store.revision()
      return shifted(store, base)
    },
    async cleanUp() {
      tests++
      base = undefined
    },
  })
})

/** The clock of the suite stands still, and etcd needs it to say how far it is. */
async function openIn({ endpoint }: TestEtcd, prefix: string, { clock, log, history }: OpenOptions) {
  const ports = { ...simPorts(), clock, log }
  const opening = openEtcdStore({
    endpoints: [endpoint],
    ports,
    root: '',
    prefix,
    ...(history && { history }),
  })
  let isOpen = false
  opening.finally(() => {
    isOpen = true
  })
  while (!isOpen) {
    await clock.advance(10)
    await Bun.sleep(5)
  }
  return opening
}

/** The store with revisions that begin with 0. */
function shifted(store: Store, base: number): Store {
  const down = <T>(work: Promise<T>) => work.catch(error => Promise.reject(lowered(error, base)))
  return layerOver(store, {
    revision: () => store.revision() - base,
    compactedRevision: () => Math.max(0, store.compactedRevision() - base),
    async get(key) {
      const entry = await store.get(key)
      return entry && lower(entry, base)
    },
    async range(prefix, options = {}) {
      const { revision } = options
      const raised = revision === undefined ? options : { ...options, revision: revision + base }
      const found = await down(store.range(prefix, raised))
      const entries = found.entries.map(entry => lower(entry, base))
      return { ...found, entries, revision: found.revision - base }
    },
    async write(write) {
      const expected = write.expected === 0 ? 0 : write.expected + base
      const { revision } = await down(store.write({ ...write, expected }))
      return { revision: revision - base }
    },
    watch: (prefix, from, sink, signal) =>
      down(
        store.watch(
          prefix,
          from + base,
          events =>
            sink(
              events.map(event => ({
                ...event,
                revision: event.revision - base,
                createRevision: event.createRevision - base,
              })),
            ),
          signal,
        ),
      ),
    compact: revision => down(store.compact(revision + base)),
  })
}

function lower<T extends { readonly createRevision: number; readonly modRevision: number }>(
  entry: T,
  base: number,
): T {
  return {
    ...entry,
    createRevision: entry.createRevision - base,
    modRevision: entry.modRevision - base,
  }
}

function lowered(error: unknown, base: number): unknown {
  if (error instanceof CasError) return new CasError(error.key, Math.max(0, error.actual - base))
  if (error instanceof CompactedError) return new CompactedError(error.compactedRevision - base)
  if (error instanceof FutureRevisionError) return new FutureRevisionError(error.revision - base)
  return error
}
