import type { Pod } from '../../api/types/core-v1.gen.ts'

/**
 * Pending pods that wait for room on a certain node (status.nominatedNodeName): pods of the same or a lower
 * priority must leave them that room. What the scheduler decided counts before the API shows it.
 */
export interface NominatedPods {
  /** `node` '' or undefined withdraws the nomination. */
  set(pod: Pod, node: string | undefined): void
  remove(uid: string): void
  on(node: string): readonly Pod[]
  nodeOf(uid: string): string | undefined
  readonly size: number
}

/** None is nominated yet. */
export function createNominatedPods(): NominatedPods {
  const nodes = new Map<string, string>()
  const pods = new Map<string, Map<string, Pod>>()
  const remove = (uid: string) => {
    const node = nodes.get(uid)
    if (node === undefined) return
    nodes.delete(uid)
    const there = pods.get(node)
    there?.delete(uid)
    if (there?.size === 0) pods.delete(node)
  }
  return {
    set(pod, node) {
      const uid = pod.metadata.uid!
      remove(uid)
      if (!node) return
      nodes.set(uid, node)
      const there = pods.get(node) ?? new Map<string, Pod>()
      pods.set(node, there.set(uid, pod))
    },
    remove,
    on: node => [...(pods.get(node)?.values() ?? [])],
    nodeOf: uid => nodes.get(uid),
    get size() {
      return nodes.size
    },
  }
}
