import type { Pod } from '../api/types/core-v1.gen.ts'
import type { ApiCall, Transport, WatchEvent } from '../client/transport.ts'
import type { StoreEvent } from '../storage/store.ts'
import type { TraceLine } from './trace.ts'

/** What a commit means for those who watch its resource. */
interface Commit {
  readonly revision: number
  readonly namespace: string
  readonly name: string
  readonly nodes: readonly string[]
}

interface Watched {
  readonly who: string
  readonly call: ApiCall
  readonly from: number
  readonly seen: number[]
}

/**
 * Holds what every watcher was told against what was committed: each commit once, in order, none left out. It sits
 * between the server and the faults, so what it finds is the server's own.
 */
export interface WatchAudit {
  take(line: TraceLine): void
  wrap(inner: Transport, who: string): Transport
  /** Looks at all watches that are open now. */
  audit(): void
  readonly failures: readonly string[]
  readonly watches: () => number
}

export function createWatchAudit(): WatchAudit {
  const commits = new Map<string, Commit[]>()
  const nodeOfPod = new Map<string, string>()
  const open = new Set<Watched>()
  const failures: string[] = []
  let watches = 0

  const check = (watched: Watched, complete: boolean) => {
    const failure = compare(watched, commits.get(folderOf(watched.call)) ?? [], complete)
    if (failure) failures.push(failure)
  }
  return {
    failures,
    watches: () => watches,
    take({ event, pod }) {
      const [, , group, plural, ...rest] = event.key.split('/')
      const [namespace, name] = rest.length > 1 ? [rest[0]!, rest[1]!] : ['', rest[0]!]
      const folder = `${group}/${plural}`
      const known = commits.get(folder) ?? []
      commits.set(folder, known)
      const nodes = pod ? nodesOf(nodeOfPod, event, pod) : []
      known.push({ revision: event.revision, namespace, name, nodes })
    },
    audit() {
      for (const watched of open) check(watched, true)
    },
    wrap: (inner, who) => ({
      call: call => inner.call(call),
      async watch(call, sink, signal) {
        const watched: Watched = { who, call, from: Number(call.options?.resourceVersion ?? 0), seen: [] }
        open.add(watched)
        watches++
        try {
          await inner.watch(call, events => note(watched, events, sink), signal)
        } finally {
          open.delete(watched)
          check(watched, false)
        }
      },
    }),
  }
}

function note(
  watched: Watched,
  events: readonly WatchEvent[],
  sink: (events: readonly WatchEvent[]) => void,
): void {
  for (const { type, object } of events) {
    if (type !== 'BOOKMARK' && type !== 'ERROR') watched.seen.push(Number(object.metadata.resourceVersion))
  }
  sink(events)
}

function nodesOf(nodeOfPod: Map<string, string>, { key, type }: StoreEvent, pod: Pod): string[] {
  const before = nodeOfPod.get(key)
  const now = type === 'put' ? pod.spec?.nodeName : undefined
  if (now) nodeOfPod.set(key, now)
  else nodeOfPod.delete(key)
  return [...new Set([before, now].filter(node => node !== undefined))]
}

function folderOf({ group, resource }: ApiCall): string {
  return `${group === '' ? 'core' : group}/${resource}`
}

function compare(watched: Watched, commits: readonly Commit[], complete: boolean): string | undefined {
  const matches = matcherOf(watched.call)
  if (!matches || watched.from === 0) return undefined
  const wanted = commits.slice(firstAbove(commits, watched.from)).filter(matches)
  const { seen, who, call } = watched
  const about = `${who} watching ${folderOf(call)} from ${watched.from}`
  if (complete && seen.length !== wanted.length)
    return `${about} was told ${seen.length} of ${wanted.length} commits`
  const wrong = seen.findIndex((revision, index) => wanted[index]?.revision !== revision)
  if (wrong < 0) return undefined
  return `${about} was told ${seen[wrong]} where commit ${wanted[wrong]?.revision} was due`
}

function firstAbove(commits: readonly Commit[], revision: number): number {
  let low = 0
  let high = commits.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (commits[middle]!.revision <= revision) low = middle + 1
    else high = middle
  }
  return low
}

/** Undefined: a selector that the audit does not model. */
function matcherOf({ namespace, options }: ApiCall): ((commit: Commit) => boolean) | undefined {
  if (options?.labelSelector) return undefined
  const [field, value = ''] = (options?.fieldSelector ?? '').split('=')
  const inNamespace = (commit: Commit) => !namespace || commit.namespace === namespace
  if (field === '') return inNamespace
  if (field === 'spec.nodeName') return commit => inNamespace(commit) && commit.nodes.includes(value)
  if (field === 'metadata.name') return commit => inNamespace(commit) && commit.name === value
  return undefined
}
