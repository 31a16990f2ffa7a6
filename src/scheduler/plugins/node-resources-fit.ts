import type { Node, Pod } from '../../api/types/core-v1.gen.ts'
import { only, texts, valueAt } from '../config/fields.ts'
import type { Handle, PluginArgs } from '../framework/handle.ts'
import { type Cycle, goOn, type Rejection, type SchedulerPlugin } from '../framework/plugin.ts'
import type { NodeInfo } from '../snapshot/node-info.ts'
import { amountOf, assignedResources, podResources } from '../snapshot/pod-resources.ts'
import { checkStrategy } from './resource-score-args.ts'
import {
  cpuAndMemory,
  isPlain,
  type ResourceScoring,
  type ResourceWeight,
  type ShapePoint,
  scoreResources,
  strategies,
} from './resource-scores.ts'

const name = 'NodeResourcesFit'

/**
 * Does the pod's sum of requests fit, and how empty would the node stay (LeastAllocated)? The kernel judges CPU,
 * memory, ephemeral storage and the number of pods over all rows; extended resources are rare and looked at here.
 */
export function nodeResourcesFit(_: Handle, args: PluginArgs): SchedulerPlugin {
  const { scoringStrategy, ignoredResources = [], ignoredResourceGroups = [] } = args as FitArgs
  const scoring = scoringOf(scoringStrategy)
  const isIgnored = (resource: string) =>
    ignoredResources.includes(resource) || ignoredResourceGroups.includes(resource.split('/')[0]!)
  const without = ignoredResources.length + ignoredResourceGroups.length > 0 ? isIgnored : undefined
  return {
    ...fitting(without),
    scoreColumns(cycle, rows, scores) {
      if (scoring) return scoreResources(cycle, rows, scores, scoring)
      const { fitScores } = cycle.snapshot.columns
      for (const row of rows) scores[row] = fitScores[row]!
    },
  }
}

nodeResourcesFit.check = (args: PluginArgs, path: string) => {
  only(args, ['scoringStrategy', 'ignoredResources', 'ignoredResourceGroups'], path)
  texts(args.ignoredResources, `${path}ignoredResources`)
  texts(args.ignoredResourceGroups, `${path}ignoredResourceGroups`)
  checkStrategy(valueAt(args, 'scoringStrategy'), `${path}scoringStrategy.`)
}

interface FitArgs {
  readonly scoringStrategy?: {
    readonly type?: keyof typeof strategies
    readonly resources?: readonly ResourceWeight[]
    readonly requestedToCapacityRatio?: { readonly shape: readonly ShapePoint[] }
  }
  readonly ignoredResources?: readonly string[]
  readonly ignoredResourceGroups?: readonly string[]
}

/** Undefined for the strategy of the kernel: LeastAllocated over CPU and memory. */
function scoringOf(strategy: FitArgs['scoringStrategy']): ResourceScoring | undefined {
  const { type = 'LeastAllocated', resources = cpuAndMemory, requestedToCapacityRatio } = strategy ?? {}
  if (type === 'LeastAllocated' && isPlain(resources)) return undefined
  return {
    weights: resources,
    scorer: strategies[type](requestedToCapacityRatio?.shape ?? []),
    assumed: true,
  }
}

type Ignored = ((resource: string) => boolean) | undefined

const fitting = (ignored: Ignored): SchedulerPlugin => ({
  name,
  weight: 1,
  events: [
    { kind: 'assignedPodDeleted', helps: () => true },
    {
      kind: 'assignedPodUpdated',
      helps: (pod, { old, pod: other, changes }) => changes.has('scaledDown') && frees(old, other, pod),
    },
    { kind: 'nodeAdded', helps: (pod, { node }) => couldHold(node, pod) },
    {
      kind: 'nodeUpdated',
      helps: (pod, { node, changes }) => changes.has('allocatable') && couldHold(node, pod),
    },
    { kind: 'podUpdated', helps: (_, { changes }) => changes.has('scaledDown') },
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
      if (mask[row] === 1 && scalarShortages(resources.scalars, snapshot.nodeAt(row)!, ignored).length > 0)
        mask[row] = 0
    }
  },
  filter: (cycle, node) => explain(cycle, node, ignored),
})

/** Each amount with the columns that it is held against. */
const amounts = [
  { resource: 'cpu', amount: 'milliCpu', allocatable: 'allocatableMilliCpu', requested: 'requestedMilliCpu' },
  { resource: 'memory', amount: 'memory', allocatable: 'allocatableMemory', requested: 'requestedMemory' },
  {
    resource: 'ephemeral-storage',
    amount: 'ephemeralStorage',
    allocatable: 'allocatableEphemeral',
    requested: 'requestedEphemeral',
  },
] as const

/** Reads the columns as they are now, for a dry run changes them after the kernel has judged. */
function explain({ snapshot, resources }: Cycle, node: NodeInfo, ignored: Ignored): Rejection | undefined {
  const { columns } = snapshot
  const short: [reason: string, unresolvable: boolean][] = []
  if (columns.get(node.row, 'pods') + 1 > columns.get(node.row, 'allowedPods'))
    short.push(['Too many pods', false])
  for (const { resource, amount, allocatable, requested } of amounts) {
    const wanted = resources[amount]
    const room = columns.get(node.row, allocatable)
    if (wanted > 0 && wanted > room - columns.get(node.row, requested))
      short.push([`Insufficient ${resource}`, wanted > room])
  }
  short.push(...scalarShortages(resources.scalars, node, ignored))
  if (short.length === 0) return undefined
  return {
    plugin: name,
    reasons: short.map(([reason]) => reason),
    unresolvable: short.some(([, unresolvable]) => unresolvable),
  }
}

/** Does the other pod hold less now of something that the pod asks for? */
function frees(old: Pod, other: Pod, pod: Pod): boolean {
  const [before, after, wanted] = [assignedResources(old), assignedResources(other), podResources(pod)]
  if (amounts.some(({ amount }) => wanted[amount] > 0 && before[amount] > after[amount])) return true
  return [...wanted.scalars.keys()].some(
    resource => (before.scalars.get(resource) ?? 0) > (after.scalars.get(resource) ?? 0),
  )
}

function scalarShortages(
  wanted: ReadonlyMap<string, number>,
  node: NodeInfo,
  ignored: Ignored,
): [string, boolean][] {
  const short: [string, boolean][] = []
  for (const [resource, amount] of wanted) {
    if (ignored?.(resource)) continue
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
