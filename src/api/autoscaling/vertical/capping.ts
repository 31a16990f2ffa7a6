import {
  compareQuantity,
  formatQuantity,
  milliValue,
  parseQuantities,
  parseQuantity,
  type Quantity,
} from '../../../machinery/quantity/index.ts'
import type { LimitRange, Pod } from '../../types/core-v1.gen.ts'
import { type LimitBounds, limitBounds } from './limit-bounds.ts'
import { capToPod } from './pod-bounds.ts'
import { amountsOf, type ContainerAmounts, containerPolicy, controlsLimits } from './policy.ts'
import { amountIn, boundaryRequest, scaledResources, withinBounds } from './proportion.ts'
import type {
  ContainerRecommendation,
  Recommendation,
  ResourceAmounts,
  VerticalPodAutoscaler,
} from './types.ts'

type Amounts = Record<string, Quantity>

/** What is recommended for one pod, and by what it was changed for each of its containers. */
export interface CappedRecommendation {
  readonly recommendation: Recommendation
  readonly notes: ReadonlyMap<string, readonly string[]>
}

const targets = ['target', 'lowerBound', 'upperBound'] as const

/** Keeps a recommendation within what the policies of its containers allow (upstream utils/vpa ApplyVPAPolicy). */
export function capToPolicy(
  recommendation: readonly ContainerRecommendation[],
  { spec: { resourcePolicy } }: VerticalPodAutoscaler,
): readonly ContainerRecommendation[] {
  return recommendation.map(container => {
    const policy = containerPolicy(container.containerName ?? '', resourcePolicy)
    if (!policy) return container
    const [min, max] = [parseQuantities(policy.minAllowed), parseQuantities(policy.maxAllowed)]
    return changed(container, amounts => {
      for (const name in amounts)
        amounts[name] = withinBounds(amounts[name]!, { least: min[name], most: max[name] }).amount
    })
  })
}

/**
 * What is recommended for a pod, within the bounds of its namespace, of the policies and, where limits are left alone, of
 * its limits (upstream utils/vpa/capping.go). Undefined: nothing is recommended at all.
 */
export function recommendationForPod(
  autoscaler: VerticalPodAutoscaler,
  pod: Pod,
  ranges: readonly LimitRange[],
): CappedRecommendation | undefined {
  const recommended = autoscaler.status?.recommendation
  if (!recommended) return undefined
  const ofPod = limitBounds(ranges, 'Pod')
  const ofContainer = limitBounds(ranges, 'Container')
  const containers = recommended.containerRecommendations ?? []
  const notes = new Map<string, readonly string[]>()
  const capped = (ofPod ? capToPod(containers, pod, ofPod) : containers).flatMap(container => {
    const name = container.containerName ?? ''
    if (!pod.spec?.containers.some(each => each.name === name)) return []
    const own: string[] = []
    const result = changed(container, (amounts, which) => {
      const said = capOne({ amounts, name, own: amountsOf(pod, name), ofContainer }, autoscaler)
      if (which === 'target') own.push(...said)
    })
    if (own.length > 0) notes.set(name, own)
    return [result]
  })
  return { recommendation: { containerRecommendations: capped }, notes }
}

/** A copy whose amounts `change` has changed. */
function changed(
  container: ContainerRecommendation,
  change: (amounts: Amounts, which: (typeof targets)[number]) => void,
): ContainerRecommendation {
  const sides = targets.flatMap(which => {
    const list = container[which]
    if (!list) return []
    const amounts = parseQuantities(list)
    change(amounts, which)
    const texts = Object.entries(amounts).map(([name, amount]) => [name, formatQuantity(amount)])
    return [[which, Object.fromEntries(texts) as ResourceAmounts]]
  })
  return { ...container, ...Object.fromEntries(sides) }
}

interface OneContainer {
  readonly amounts: Amounts
  readonly name: string
  readonly own: ContainerAmounts
  readonly ofContainer: LimitBounds | undefined
}

function capOne(
  { amounts, name, own, ofContainer }: OneContainer,
  { spec: { resourcePolicy } }: VerticalPodAutoscaler,
): string[] {
  const notes: string[] = []
  const cap = (least: Amounts, most: Amounts, texts: Readonly<Record<'least' | 'most', string>>) => {
    for (const resource in amounts) {
      const within = withinBounds(amounts[resource]!, { least: least[resource], most: most[resource] })
      amounts[resource] = within.amount
      notes.push(...within.capped.map(which => `${resource} ${texts[which]}`))
    }
  }
  if (ofContainer) {
    cap(leastByRange(own, ofContainer), boundaries(own, ofContainer, ofContainer.max), {
      least: 'capped to fit Min in container LimitRange',
      most: 'capped to fit Max in container LimitRange',
    })
  }
  const policy = containerPolicy(name, resourcePolicy)
  if (policy)
    cap(parseQuantities(policy.minAllowed), parseQuantities(policy.maxAllowed), {
      least: 'capped to minAllowed',
      most: 'capped to maxAllowed',
    })
  if (!controlsLimits(name, resourcePolicy)) notes.push(...capToLimits(amounts, own.limits))
  return notes
}

function capToLimits(amounts: Amounts, limits: ResourceAmounts = {}): string[] {
  return Object.entries(limits).flatMap(([resource, text]) => {
    const limit = parseQuantity(text)
    const amount = amounts[resource]
    if (!amount || milliValue(amount) <= milliValue(limit)) return []
    amounts[resource] = limit
    return [`${resource} capped to container limit`]
  })
}

/** The requests whose limits would stand at `bounds`. */
function boundaries(
  { requests, limits }: ContainerAmounts,
  range: LimitBounds,
  bounds: ResourceAmounts | undefined,
): Amounts {
  if (!bounds) return {}
  return Object.fromEntries(
    scaledResources.map(resource => [
      resource,
      boundaryRequest(resource, {
        request: amountIn(requests, resource),
        limit: amountIn(limits, resource),
        bound: amountIn(bounds, resource),
        defaultLimit: amountIn(range.default, resource),
      }),
    ]),
  )
}

/** Requests must not be below the minimum, nor may the limits that go with them. */
function leastByRange(own: ContainerAmounts, range: LimitBounds): Amounts {
  const result = boundaries(own, range, range.min)
  if (!range.min) return result
  for (const resource of scaledResources) {
    const min = amountIn(range.min, resource)
    if (compareQuantity(min, amountIn({}, resource)) === 0) continue
    const held = result[resource]
    if (!held || compareQuantity(min, held) > 0) result[resource] = min
  }
  return result
}
