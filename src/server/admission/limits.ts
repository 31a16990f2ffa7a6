import {
  compareQuantity,
  formatQuantity,
  isZeroQuantity,
  type Quantity,
  quantityToNumber,
} from '../../machinery/quantity/index.ts'

export type Quantities = Readonly<Record<string, Quantity>>

/** One bound of a LimitRange. */
export interface Bound {
  /** `Container`, `Pod`, `PersistentVolumeClaim` */
  readonly type: string
  /** `cpu` */
  readonly name: string
  readonly bound: Quantity
}

/** Why a request or limit lies below the bound, in upstream's words. */
export function minProblem(
  { type, name, bound }: Bound,
  requests: Quantities,
  limits: Quantities,
): string | undefined {
  const text = `minimum ${name} usage per ${type} is ${formatQuantity(bound)}`
  const request = requests[name]
  const limit = limits[name]
  if (!request) return `${text}.  No request is specified`
  if (compareQuantity(request, bound) < 0) return `${text}, but request is ${formatQuantity(request)}`
  if (limit && compareQuantity(limit, bound) < 0) return `${text}, but limit is ${formatQuantity(limit)}`
  return undefined
}

/** Why a limit or request lies above the bound. */
export function maxProblem(
  { type, name, bound }: Bound,
  requests: Quantities,
  limits: Quantities,
): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`
  const request = requests[name]
  const limit = limits[name]
  if (!limit) return `${text}.  No limit is specified`
  if (compareQuantity(limit, bound) > 0) return `${text}, but limit is ${formatQuantity(limit)}`
  if (request && compareQuantity(request, bound) > 0)
    return `${text}, but request is ${formatQuantity(request)}`
  return undefined
}

/** The same for what knows requests only (claims). */
export function maxRequestProblem({ type, name, bound }: Bound, requests: Quantities): string | undefined {
  const text = `maximum ${name} usage per ${type} is ${formatQuantity(bound)}`
  const request = requests[name]
  if (!request) return `${text}.  No request is specified`
  return compareQuantity(request, bound) > 0
    ? `${text}, but request is ${formatQuantity(request)}`
    : undefined
}

/** Why the limit is too far above the request. */
export function ratioProblem(
  { type, name, bound }: Bound,
  requests: Quantities,
  limits: Quantities,
): string | undefined {
  const text = `${name} max limit to request ratio per ${type} is ${formatQuantity(bound)}`
  const request = requests[name]
  const limit = limits[name]
  if (!request || isZeroQuantity(request)) return `${text}, but no request is specified or request is 0`
  if (!limit || isZeroQuantity(limit)) return `${text}, but no limit is specified or limit is 0`
  const ratio = quantityToNumber(limit) / quantityToNumber(request)
  return ratio > quantityToNumber(bound) ? `${text}, but provided ratio is ${ratio.toFixed(6)}` : undefined
}
