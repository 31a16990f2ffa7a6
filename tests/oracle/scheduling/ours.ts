import type { Pod } from '../../../src/api/types/core-v1.gen.ts'
import { testCluster } from '../../../src/scheduler/testing.ts'
import { settle } from '../../../src/std/sim-ports.ts'
import { ourProfiles } from './profiles.ts'
import type { Observed } from './stage.ts'

/** What Hutch's scheduler would do with the pod. */
export interface OurAnswer {
  /** The nodes that share the highest score; empty when none will do. */
  readonly best: readonly string[]
  /** Of FailedScheduling. */
  readonly message: string | undefined
  readonly nominated: string | undefined
  /** `namespace/name` of those who would have to leave, sorted. */
  readonly victims: readonly string[]
  /** The weighted scores: plugin, node. */
  readonly scores: ReadonlyMap<string, ReadonlyMap<string, number>>
}

/** Asks the profile that the pod names, over just these objects. */
export async function ourAnswer({ nodes, pods, others }: Observed, pod: Pod): Promise<OurAnswer> {
  const cluster = testCluster({
    nodes,
    pods: pods.filter(({ spec }) => spec?.nodeName),
    objects: others,
    nowMs: Date.now(),
    profile: ourProfiles.get(pod.spec!.schedulerName!)!,
  })
  for (const other of pods)
    cluster.nominated.set(other, other.spec?.nodeName ? '' : other.status?.nominatedNodeName)
  for (const other of pods) cluster.api.put('pods', other)
  const scores = new Map<string, Map<string, number>>()
  const total = new Map<string, number>()
  const told = (plugin: string, row: number, score: number) => {
    const { name } = cluster.snapshot.nodeAt(row)!
    scores.set(plugin, (scores.get(plugin) ?? new Map<string, number>()).set(name, score))
    total.set(name, (total.get(name) ?? 0) + score)
  }
  const verdict = cluster.verdict(pod, told)
  if (verdict.outcome === 'none') {
    const { message, nominate } = verdict.failure
    await settle()
    const deleted = cluster.api.calls.filter(({ verb }) => verb === 'delete')
    const victims = deleted.map(({ namespace, name }) => `${namespace}/${name}`).sort()
    return { best: [], message, nominated: nominate || undefined, victims, scores }
  }
  const highest = Math.max(...total.values())
  const best =
    total.size === 0
      ? [verdict.node.name]
      : [...total].filter(([, of]) => of === highest).map(([name]) => name)
  return { best, message: undefined, nominated: undefined, victims: [], scores }
}
