import { createHash } from 'node:crypto'
import type { Pod } from '../api/types/core-v1.gen.ts'
import type { Clock } from '../std/ports.ts'
import type { Store, StoreEvent } from '../storage/store.ts'

/** The ordered list of all commits as one hash; two runs with the same hash did the same, byte by byte. */
export interface Trace {
  readonly commits: () => number
  /** Hexadecimal; of everything so far. */
  readonly hash: () => string
  /** Commits so far by kind (`core/pods`). */
  readonly counts: ReadonlyMap<string, number>
}

export interface TraceLine {
  readonly atMs: number
  readonly event: StoreEvent
  /** Decoded once for all who look at pods. */
  readonly pod: Pod | undefined
}

/** Follows the store from its beginning. `onLine` hears every commit. */
export function traceStore(
  store: Store,
  clock: Clock,
  signal: AbortSignal,
  onLine: (line: TraceLine) => void,
): Trace {
  const hash = createHash('sha256')
  const counts = new Map<string, number>()
  let commits = 0
  const take = (events: readonly StoreEvent[]) => {
    for (const event of events) {
      commits++
      const kind = kindOf(event.key)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      hash.update(`${event.revision} ${clock.monotonicMs()} ${event.type} ${event.key} `)
      hash.update(event.value)
      const pod = kind === 'core/pods' ? decodePod(event.value) : undefined
      onLine({ atMs: clock.monotonicMs(), event, pod })
    }
  }
  void store.watch('', 0, take, signal)
  return { commits: () => commits, hash: () => hash.copy().digest('hex'), counts }
}

function decodePod(value: Uint8Array): Pod {
  return JSON.parse(Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString()) as Pod
}

/** `core/pods` of `/registry/core/pods/default/web`. */
export function kindOf(key: string): string {
  const [, , group, plural] = key.split('/')
  return `${group}/${plural}`
}

/** `  12.345 s   1234 put    core/pods default/web` */
export function formatLine({ atMs, event }: TraceLine): string {
  const [, , group, plural, ...rest] = event.key.split('/')
  const time = (atMs / 1000).toFixed(3).padStart(9)
  return `${time} s ${String(event.revision).padStart(7)} ${event.type.padEnd(6)} ${group}/${plural} ${rest.join('/')}`
}
