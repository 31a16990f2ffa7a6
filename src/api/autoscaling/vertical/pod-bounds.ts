import {
  addQuantity,
  compareQuantity,
  formatQuantity,
  isZeroQuantity,
  type Quantity,
  zeroQuantity,
} from '../../../machinery/quantity/index.ts'
import type { Pod } from '../../types/core-v1.gen.ts'
import type { LimitBounds } from './limit-bounds.ts'
import { amountsOf } from './policy.ts'
import {
  amountIn,
  proportionalLimit,
  type Rounding,
  type ScaledResource,
  scaleAmount,
  scaledResources,
} from './proportion.ts'
import type { ContainerRecommendation } from './types.ts'

/** In the order in which upstream brings them within bounds. */
const sides = ['upperBound', 'target', 'lowerBound'] as const
type Side = (typeof sides)[number]

/** Brings what is recommended for all containers together within what a LimitRange says of pods. */
export function capToPod(
  recommendations: readonly ContainerRecommendation[],
  pod: Pod,
  range: LimitBounds,
): readonly ContainerRecommendation[] {
  let result = withRequests(recommendations, pod)
  for (const side of sides)
    for (const resource of scaledResources) result = capSide(result, { pod, range, resource, side })
  return result
}

/** Containers of which nothing is recommended count with what they ask for. */
function withRequests(
  recommendations: readonly ContainerRecommendation[],
  pod: Pod,
): readonly ContainerRecommendation[] {
  const missing = (pod.spec?.containers ?? []).flatMap(({ name }) => {
    const { requests = {} } = amountsOf(pod, name)
    const isKnown = recommendations.some(({ containerName }) => containerName === name)
    return isKnown || Object.keys(requests).length === 0 ? [] : [{ containerName: name, target: requests }]
  })
  return [...recommendations, ...missing]
}

interface SideOfPod {
  readonly pod: Pod
  readonly range: LimitBounds
  readonly resource: ScaledResource
  readonly side: Side
}

function capSide(
  recommendations: readonly ContainerRecommendation[],
  of: SideOfPod,
): readonly ContainerRecommendation[] {
  const { range, resource, side } = of
  const [min, max] = [amountIn(range.min, resource), amountIn(range.max, resource)]
  const { limits, requests } = sums(recommendations, of)
  const isTooLow = compareQuantity(min, limits) > 0
  const isTooHigh = !isZeroQuantity(max) && compareQuantity(max, limits) < 0
  const asksTooLittle = compareQuantity(min, requests) > 0
  if (!isTooLow && !isTooHigh && !asksTooLittle) return recommendations
  if (isZeroQuantity(limits)) return recommendations
  const scale = (from: Quantity, to: Quantity, rounding: Rounding) =>
    recommendations.map(each => {
      const list = each[side]
      if (!list || !isOf(of.pod, each)) return each
      const { amount } = scaleAmount(resource, amountIn(list, resource), { from, to }, rounding)
      return { ...each, [side]: { ...list, [resource]: formatQuantity(amount) } }
    })
  if (asksTooLittle) return scale(requests, min, 'up')
  return scale(limits, isTooHigh ? max : min, 'none')
}

/** What all containers would ask for and be limited to. */
function sums(
  recommendations: readonly ContainerRecommendation[],
  { pod, range, resource, side }: SideOfPod,
): { readonly limits: Quantity; readonly requests: Quantity } {
  let [limits, requests] = [zeroQuantity, zeroQuantity]
  for (const { name } of pod.spec?.containers ?? []) {
    const own = amountsOf(pod, name)
    const request = amountIn(own.requests, resource)
    const found = recommendations.find(({ containerName }) => containerName === name)
    const recommended = found ? amountIn(found[side], resource) : request
    const { limit } = proportionalLimit(resource, {
      limit: amountIn(own.limits, resource),
      request,
      recommended,
      defaultLimit: amountIn(range.default, resource),
    })
    if (limit) limits = addQuantity(limits, limit)
    requests = addQuantity(requests, recommended)
  }
  return { limits, requests }
}

function isOf(pod: Pod, { containerName }: ContainerRecommendation): boolean {
  return pod.spec?.containers.some(({ name }) => name === containerName) ?? false
}
