import type { Ports } from '../std/ports.ts'
import { sleep } from '../std/sleep.ts'
import { type Store, StoreUnavailableError } from '../storage/store.ts'
import { countFault, type FaultDial } from './faults.ts'

const never = new AbortController().signal

/** A store whose writes wait before they are tried, so that other requests come between a read and its write; some it refuses. */
export function slowStore(store: Store, dial: FaultDial, { clock, random }: Ports): Store {
  return {
    revision: () => store.revision(),
    compactedRevision: () => store.compactedRevision(),
    get: key => store.get(key),
    range: (prefix, options) => store.range(prefix, options),
    watch: (prefix, from, sink, signal) => store.watch(prefix, from, sink, signal),
    compact: revision => store.compact(revision),
    close: () => store.close(),
    async write(write) {
      const { storeDelay, storeDelayMaxMs, storeRefused } = dial.current
      if (storeDelay > 0 && random.next() < storeDelay) {
        countFault(dial, 'store write delayed')
        await sleep(clock, 1 + random.next() * storeDelayMaxMs, never)
      }
      if (storeRefused > 0 && random.next() < storeRefused) {
        countFault(dial, 'store write refused')
        throw new StoreUnavailableError('simulated fault: disk full')
      }
      return store.write(write)
    },
  }
}
