import {
  compareQuantity,
  formatQuantity,
  isZeroQuantity,
  milliValue,
  parseQuantity,
  type Quantity,
  quantityOf,
  quantityValue,
  zeroQuantity,
} from '../../../machinery/quantity/index.ts'
import type { ResourceAmounts } from './types.ts'

/** What autoscaling is about. */
export const scaledResources = ['cpu', 'memory'] as const
export type ScaledResource = (typeof scaledResources)[number]
export type Rounding = 'none' | 'up'

const int64Max = 2n ** 63n - 1n

/** The amount of a resource, zero where none is named. */
export function amountIn(list: ResourceAmounts | undefined, resource: string): Quantity {
  const text = list?.[resource]
  return text === undefined ? zeroQuantity : parseQuantity(text)
}

/**
 * `amount` times `to` over `from`, in thousandths of a core (rounded down unless `rounding` says otherwise) or whole bytes
 * (upstream scaleQuantityProportionallyCPU and Mem). `isCapped`: it would have been more than fits.
 */
export function scaleAmount(
  resource: ScaledResource,
  amount: Quantity,
  { from, to }: { readonly from: Quantity; readonly to: Quantity },
  rounding: Rounding = 'none',
): { readonly amount: Quantity; readonly isCapped: boolean } {
  const inUnits = resource === 'cpu' ? milliValue : quantityValue
  const of = (units: bigint): Quantity =>
    resource === 'cpu' ? { amount: units, scale: 3, format: amount.format } : quantityOf(units, amount.format)
  if (isZeroQuantity(from)) return { amount, isCapped: false }
  const product = inUnits(amount) * inUnits(to)
  const base = inUnits(from)
  const quotient = product / base
  if (quotient > int64Max) return { amount: of(int64Max), isCapped: true }
  const rest = resource === 'cpu' && rounding === 'up' && product % base !== 0n ? 1n : 0n
  return { amount: of(quotient + rest), isCapped: false }
}

export interface LimitQuestion {
  readonly limit: Quantity
  readonly request: Quantity
  /** The new request. */
  readonly recommended: Quantity
  /** Of the namespace, where the container names no limit. */
  readonly defaultLimit: Quantity
}

/** The limit that is to a new request as it was to the old one; undefined where there is none to be set. */
export function proportionalLimit(
  resource: ScaledResource,
  { limit, request, recommended, defaultLimit }: LimitQuestion,
): { readonly limit?: Quantity; readonly note?: string } {
  const original = quantityValue(limit) === 0n ? defaultLimit : limit
  if (quantityValue(original) === 0n)
    return { note: `${resource}: limit NOT set since originalLimit is nil or 0` }
  if (quantityValue(recommended) === 0n)
    return { note: `${resource}: limit NOT set since recommendedRequest is nil or 0` }
  if (quantityValue(request) === 0n || milliValue(request) === milliValue(original))
    return { limit: recommended }
  const { amount, isCapped } = scaleAmount(resource, original, { from: request, to: recommended })
  const note = `${resource}: failed to keep limit to request ratio; capping limit to int64`
  return { limit: amount, ...(isCapped && { note }) }
}

/** The limits of a container in proportion to what is recommended, with what there is to say about them. */
export function proportionalLimits(
  amounts: { readonly requests?: ResourceAmounts; readonly limits?: ResourceAmounts },
  recommended: ResourceAmounts,
  defaults: ResourceAmounts | undefined,
): { readonly limits: ResourceAmounts; readonly notes: readonly string[] } | undefined {
  const found = scaledResources.map(resource => {
    const question = {
      limit: amountIn(amounts.limits, resource),
      request: amountIn(amounts.requests, resource),
      recommended: amountIn(recommended, resource),
      defaultLimit: amountIn(defaults, resource),
    }
    return { resource, ...proportionalLimit(resource, question) }
  })
  const set = found.flatMap(({ resource, limit }) =>
    limit ? [[resource, formatQuantity(limit)] as const] : [],
  )
  if (set.length === 0) return undefined
  return { limits: Object.fromEntries(set), notes: found.flatMap(({ note }) => (note ? [note] : [])) }
}

/** The request whose limit would stand at a bound; zero where nothing bounds it. */
export function boundaryRequest(
  resource: ScaledResource,
  { limit, request, bound, defaultLimit }: Omit<LimitQuestion, 'recommended'> & { readonly bound: Quantity },
): Quantity {
  const original = quantityValue(limit) === 0n ? defaultLimit : limit
  if (quantityValue(original) === 0n) return zeroQuantity
  if (quantityValue(request) === 0n) return bound
  return scaleAmount(resource, request, { from: original, to: bound }).amount
}

/** `amount`, but no less and no more than is said; a zero says nothing. `capped`: what has changed it, in this order. */
export function withinBounds(
  amount: Quantity,
  { least, most }: { readonly least?: Quantity | undefined; readonly most?: Quantity | undefined },
): { readonly amount: Quantity; readonly capped: readonly ('least' | 'most')[] } {
  const isRaised = least && !isZeroQuantity(least) && compareQuantity(amount, least) < 0
  const held = isRaised ? least : amount
  const isLowered = most && !isZeroQuantity(most) && compareQuantity(held, most) > 0
  return {
    amount: isLowered ? most : held,
    capped: [...(isRaised ? (['least'] as const) : []), ...(isLowered ? (['most'] as const) : [])],
  }
}
