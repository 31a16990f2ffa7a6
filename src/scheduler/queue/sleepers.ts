import type { Pod } from '../../api/types/core-v1.gen.ts'
import { type ClusterEvent, hintApplies, type QueueingHint } from '../framework/events.ts'
import type { SchedulerPlugin } from '../framework/plugin.ts'

/** A pod that waits, with the plugins that rejected it; none when any event may help. */
interface Sleeper {
  readonly queued: { readonly pod: Pod; readonly plugins: ReadonlySet<string> }
}

/** Entries whose place is `waiting` or `gated`, filed by what rejected them: an event asks only those it may be for. */
interface Sleepers<E extends Sleeper> {
  add(entry: E, plugins: readonly SchedulerPlugin[]): void
  delete(entry: E): void
  has(entry: E): boolean
  wokenBy(event: ClusterEvent): ReadonlySet<E>
}

/** Nobody sleeps yet. */
export function createSleepers<E extends Sleeper>(): Sleepers<E> {
  const files = new Map<readonly SchedulerPlugin[], Map<string, Set<E>>>()
  const filedIn = new Map<E, readonly Set<E>[]>()
  const remove = (entry: E) => {
    for (const file of filedIn.get(entry) ?? []) file.delete(entry)
    filedIn.delete(entry)
  }
  return {
    add(entry, plugins) {
      remove(entry)
      const byName = files.get(plugins) ?? new Map<string, Set<E>>()
      files.set(plugins, byName)
      const names = entry.queued.plugins.size > 0 ? [...entry.queued.plugins] : [anything]
      const own = names.map(name => {
        const file = byName.get(name) ?? new Set<E>()
        byName.set(name, file)
        return file.add(entry)
      })
      filedIn.set(entry, own)
    },
    delete: remove,
    has: entry => filedIn.has(entry),
    wokenBy(event) {
      const woken = new Set<E>()
      for (const [plugins, byName] of files) {
        const hints = hintsFor(plugins, event.kind)
        for (const [name, file] of byName) {
          const own = name === anything ? always : hints.get(name)
          if (!own) continue
          for (const entry of file)
            if (own === always || own.some(hint => hintApplies(hint, entry.queued.pod, event)))
              woken.add(entry)
        }
      }
      return woken
    },
  }
}

/** Stands for no plugin in particular: any event may help. */
const anything = ''
const always: readonly QueueingHint[] = []

/** Can the event help a pod that these plugins rejected? Any can where none did. */
export function mayHelp(
  plugins: readonly SchedulerPlugin[],
  queued: Sleeper['queued'],
  event: ClusterEvent,
): boolean {
  if (queued.plugins.size === 0) return true
  const byPlugin = hintsFor(plugins, event.kind)
  for (const name of queued.plugins)
    if (byPlugin.get(name)?.some(hint => hintApplies(hint, queued.pod, event))) return true
  return false
}

type HintsByPlugin = ReadonlyMap<string, readonly QueueingHint[]>
const sorted = new WeakMap<readonly SchedulerPlugin[], Map<ClusterEvent['kind'], HintsByPlugin>>()

/** The hints for one kind of event: with many waiting pods and many events nothing is to be searched for. */
function hintsFor(plugins: readonly SchedulerPlugin[], kind: ClusterEvent['kind']): HintsByPlugin {
  const byKind = sorted.get(plugins) ?? new Map<ClusterEvent['kind'], HintsByPlugin>()
  sorted.set(plugins, byKind)
  let hints = byKind.get(kind)
  if (!hints) {
    hints = new Map(
      plugins.flatMap(({ name, events = [] }) => {
        const own = events.filter(hint => hint.kind === kind)
        return own.length > 0 ? [[name, own] as const] : []
      }),
    )
    byKind.set(kind, hints)
  }
  return hints
}
