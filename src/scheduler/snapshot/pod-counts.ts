import type { Pod } from '../../api/types/core-v1.gen.ts'
import { formatSelector, type LabelSelector, matchesLabels } from '../../machinery/selector/index.ts'

/** Which pods are counted: those in these namespaces (undefined: in all) that all selectors match. */
export interface PodSelection {
  readonly namespaces: readonly string[] | undefined
  readonly selectors: readonly LabelSelector[]
  /** Pods that are being deleted do not count. */
  readonly skipTerminating: boolean
}

/**
 * How many pods of a selection each node holds. The pods of one workload ask the same again and again, so the
 * counts of the selections used last stay and follow every pod that comes and goes.
 */
export interface PodCounts {
  /** A number per row; valid until the next call. Rows past its end have none. */
  byRow(selection: PodSelection, rows: number): Int32Array
  change(pod: Pod, row: number, by: 1 | -1): void
}

const keptMax = 64

/** `visit` walks all pods on nodes; it is asked once for each new selection. */
export function createPodCounts(visit: (take: (pod: Pod, row: number) => void) => void): PodCounts {
  const kept = new Map<string, Entry>()
  const enter = (key: string, selection: PodSelection): Entry => {
    const entry: Entry = { selection, counts: new Int32Array(64) }
    visit((pod, row) => count(entry, pod, row, 1))
    const [oldest] = kept.keys()
    if (kept.size >= keptMax) kept.delete(oldest!)
    kept.set(key, entry)
    return entry
  }
  return {
    byRow(selection, rows) {
      const key = keyOf(selection)
      const known = kept.get(key)
      // The one used last goes to the end.
      if (known && kept.delete(key)) kept.set(key, known)
      const entry = known ?? enter(key, selection)
      reserve(entry, rows)
      return entry.counts
    },
    change(pod, row, by) {
      for (const entry of kept.values()) count(entry, pod, row, by)
    },
  }
}

interface Entry {
  readonly selection: PodSelection
  counts: Int32Array
}

/** Does the selection count this pod? */
export function selects({ namespaces, selectors, skipTerminating }: PodSelection, pod: Pod): boolean {
  if (namespaces && !namespaces.includes(pod.metadata.namespace!)) return false
  if (skipTerminating && pod.metadata.deletionTimestamp) return false
  return selectors.every(selector => matchesLabels(selector, pod.metadata.labels))
}

function count(entry: Entry, pod: Pod, row: number, by: 1 | -1): void {
  if (!selects(entry.selection, pod)) return
  reserve(entry, row + 1)
  entry.counts[row]! += by
}

function reserve(entry: Entry, rows: number): void {
  if (rows <= entry.counts.length) return
  const larger = new Int32Array(Math.max(rows, 2 * entry.counts.length))
  larger.set(entry.counts)
  entry.counts = larger
}

function keyOf({ namespaces, selectors, skipTerminating }: PodSelection): string {
  const texts = selectors.map(selector => (selector.nothing ? '!' : formatSelector(selector)))
  return `${skipTerminating ? '-' : '+'}${namespaces?.toSorted().join(',') ?? '*'}|${texts.join('&')}`
}
