import type { Cycle } from '../framework/plugin.ts'
import { isScalar } from '../snapshot/pod-resources.ts'

/** A resource that counts towards a score, and how much. */
export interface ResourceWeight {
  readonly name: string
  /** Default 1. */
  readonly weight?: number
}

/** How much of a resource would be in use on a node, and how much there is. */
interface Use {
  readonly requested: number
  readonly allocatable: number
}

/** Of the uses, in the order of the weights; undefined where the resource has no say. 0 … 100. */
export type ResourceScorer = (
  uses: readonly (Use | undefined)[],
  weights: readonly ResourceWeight[],
) => number

export interface ShapePoint {
  readonly utilization: number
  /** 0 … 10. */
  readonly score: number
}

/** The strategies of NodeResourcesFitArgs (plugins/noderesources). */
export const strategies = {
  LeastAllocated: () =>
    weighted(({ requested, allocatable }) =>
      requested > allocatable ? 0 : Math.floor(((allocatable - requested) * 100) / allocatable),
    ),
  MostAllocated: () =>
    weighted(({ requested, allocatable }) =>
      Math.floor((Math.min(requested, allocatable) * 100) / allocatable),
    ),
  RequestedToCapacityRatio: (shape: readonly ShapePoint[]) => byShape(shape),
} as const

/** NodeResourcesBalancedAllocation: the more alike the fractions in use, the better. */
export const balanced: ResourceScorer = uses => {
  const fractions = uses.flatMap(use => (use ? [Math.min(use.requested / use.allocatable, 1)] : []))
  if (fractions.length < 2) return 100
  const mean = fractions.reduce((sum, one) => sum + one, 0) / fractions.length
  const variance = fractions.reduce((sum, one) => sum + (one - mean) ** 2, 0) / fractions.length
  const [first, second] = fractions
  const deviation = fractions.length === 2 ? Math.abs((first! - second!) / 2) : Math.sqrt(variance)
  return Math.trunc((1 - deviation) * 100)
}

function weighted(score: (use: Use) => number): ResourceScorer {
  return (uses, weights) => {
    const [sum, total] = sumOf(uses, weights, score, () => true)
    return total === 0 ? 0 : Math.floor(sum / total)
  }
}

/** A broken line through the points; a resource that scores 0 has no weight. */
function byShape(shape: readonly ShapePoint[]): ResourceScorer {
  const points = shape.map(({ utilization, score }) => ({ utilization, score: score * 10 }))
  const score = ({ requested, allocatable }: Use) =>
    onLine(points, requested > allocatable ? 100 : Math.floor((requested * 100) / allocatable))
  return (uses, weights) => {
    const [sum, total] = sumOf(uses, weights, score, one => one > 0)
    return total === 0 ? 0 : Math.round(sum / total)
  }
}

function sumOf(
  uses: readonly (Use | undefined)[],
  weights: readonly ResourceWeight[],
  score: (use: Use) => number,
  counts: (score: number) => boolean,
): readonly [sum: number, weight: number] {
  let sum = 0
  let total = 0
  for (const [index, { weight = 1 }] of weights.entries()) {
    const use = uses[index]
    const one = use ? score(use) : 0
    if (!use || !counts(one)) continue
    sum += one * weight
    total += weight
  }
  return [sum, total]
}

function onLine(points: readonly ShapePoint[], at: number): number {
  const next = points.findIndex(({ utilization }) => at <= utilization)
  if (next === 0) return points[0]!.score
  if (next < 0) return points.at(-1)!.score
  const [left, right] = [points[next - 1]!, points[next]!]
  const rise = (right.score - left.score) * (at - left.utilization)
  return left.score + Math.trunc(rise / (right.utilization - left.utilization))
}

/**
 * Scores rows by other resources or strategies than the kernel knows. `assumed`: as if every container asked for
 * something.
 */
export function scoreResources(
  { snapshot, resources }: Cycle,
  rows: readonly number[],
  scores: Float64Array,
  { weights, scorer, assumed }: ResourceScoring,
): void {
  const { columns } = snapshot
  const useOf = (row: number, name: string): Use | undefined => {
    const node = snapshot.nodeAt(row)!
    if (name === 'cpu')
      return use(
        columns.get(row, 'allocatableMilliCpu'),
        columns.get(row, assumed ? 'nonZeroMilliCpu' : 'requestedMilliCpu'),
        assumed ? resources.nonZeroMilliCpu : resources.milliCpu,
      )
    if (name === 'memory')
      return use(
        columns.get(row, 'allocatableMemory'),
        columns.get(row, assumed ? 'nonZeroMemory' : 'requestedMemory'),
        assumed ? resources.nonZeroMemory : resources.memory,
      )
    if (name === 'ephemeral-storage') {
      const asked = resources.ephemeralStorage
      return use(columns.get(row, 'allocatableEphemeral'), columns.get(row, 'requestedEphemeral'), asked)
    }
    const asked = resources.scalars.get(name) ?? 0
    if (!isScalar(name) || asked === 0) return undefined
    return use(node.allocatableScalars.get(name) ?? 0, node.requestedScalars.get(name) ?? 0, asked)
  }
  for (const row of rows)
    scores[row] = scorer(
      weights.map(({ name }) => useOf(row, name)),
      weights,
    )
}

export interface ResourceScoring {
  readonly weights: readonly ResourceWeight[]
  readonly scorer: ResourceScorer
  readonly assumed: boolean
}

function use(allocatable: number, there: number, asked: number): Use | undefined {
  return allocatable === 0 ? undefined : { requested: there + asked, allocatable }
}

/** CPU and memory of the same weight: what the kernel scores. */
export function isPlain(weights: readonly ResourceWeight[]): boolean {
  const texts = weights.map(({ name, weight = 1 }) => `${name}=${weight}`).sort()
  return texts.join(' ') === 'cpu=1 memory=1'
}

export const cpuAndMemory: readonly ResourceWeight[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]
