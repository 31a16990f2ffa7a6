import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { shortageCpu, shortageEphemeral, shortageMemory, shortagePods } from '../../kernels/node-columns.ts'
import { type Cycle, goOn, type Rejection, type SchedulerPlugin } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { amountOf, podResources } from '../snapshot/pod-resources.ts'

const name = 'NodeResourcesFit'

/**
 * Does the pod's sum of requests fit, and how empty would the node stay (LeastAllocated)? The kernel judges CPU,
 * memory, ephemeral storage and the number of pods over all rows; extended resources are rare and looked at here.
 */
export const nodeResourcesFit: SchedulerPlugin = {
  name,
  weight: 1,
  events: [
    { kind: 'assignedPodDeleted', helps: () => true },
    { kind: 'nodeAdded', helps: (pod, event) => event.kind === 'nodeAdded' && couldHold(event.node, pod) },
    {
      kind: 'nodeUpdated',
      helps: (pod, event) =>
        event.kind === 'nodeUpdated' && event.changes.has('allocatable') && couldHold(event.node, pod),
    },
    { kind: 'podUpdated', helps: () => true },
  ],
  preFilter(cycle) {
    const { snapshot, resources } = cycle
    snapshot.columns.judge(resources, snapshot.rowCount)
    return goOn
  },
  filterColumns({ snapshot, resources }, mask) {
    const { shortages } = snapshot.columns
    for (let row = 0; row < mask.length; row++) if (shortages[row] !== 0) mask[row] = 0
    if (resources.scalars.size === 0) return
    for (let row = 0; row < mask.length; row++) {
      if (mask[row] === 1 && scalarShortages(resources.scalars, snapshot.nodeAt(row)!).length > 0)
        mask[row] = 0
    }
  },
  filter: explain,
  scoreColumns({ snapshot }, rows, scores) {
    const { fitScores } = snapshot.columns
    for (const row of rows) scores[row] = fitScores[row]!
  },
}

function explain({ snapshot, resources }: Cycle, node: NodeInfo): Rejection | undefined {
  const bits = snapshot.columns.shortages[node.row]!
  const short: [reason: string, unresolvable: boolean][] = []
  const more = (wanted: number, column: Parameters<typeof snapshot.columns.get>[1]) =>
    wanted > snapshot.columns.get(node.row, column)
  if (bits & shortagePods) short.push(['Too many pods', false])
  if (bits & shortageCpu) short.push(['Insufficient cpu', more(resources.milliCpu, 'allocatableMilliCpu')])
  if (bits & shortageMemory) short.push(['Insufficient memory', more(resources.memory, 'allocatableMemory')])
  if (bits & shortageEphemeral)
    short.push(['Insufficient ephemeral-storage', more(resources.ephemeralStorage, 'allocatableEphemeral')])
  short.push(...scalarShortages(resources.scalars, node))
  if (short.length === 0) return undefined
  return {
    plugin: name,
    reasons: short.map(([reason]) => reason),
    unresolvable: short.some(([, unresolvable]) => unresolvable),
  }
}

function scalarShortages(wanted: ReadonlyMap<string, number>, node: NodeInfo): [string, boolean][] {
  const short: [string, boolean][] = []
  for (const [resource, amount] of wanted) {
    const allocatable = node.allocatableScalars.get(resource) ?? 0
    const requested = node.requestedScalars.get(resource) ?? 0
    if (amount > allocatable - requested) short.push([`Insufficient ${resource}`, amount > allocatable])
  }
  return short
}

function couldHold(node: Node, pod: Pod): boolean {
  const wanted = podResources(pod)
  const allocatable = (resource: string) => {
    const text = node.status?.allocatable?.[resource]
    return text === undefined ? 0 : amountOf(resource, text)
  }
  if (
    allocatable('pods') < 1 ||
    wanted.milliCpu > allocatable('cpu') ||
    wanted.memory > allocatable('memory')
  )
    return false
  if (wanted.ephemeralStorage > allocatable('ephemeral-storage')) return false
  return [...wanted.scalars].every(([resource, amount]) => amount <= allocatable(resource))
}
