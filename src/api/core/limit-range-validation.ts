/** Rules of LimitRanges (pkg/apis/core/validation ValidateLimitRange). */
import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import {
  compareQuantity,
  parseQuantity,
  quantityOf,
  quantityToNumber,
} from '../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import {
  isOvercommitAllowed,
  validateContainerResourceName,
  validateResourceName,
} from '../shared/resource-names.ts'
import type { LimitRange, LimitRangeItem } from '../types/core-v1.gen.ts'

const standardTypes = ['Pod', 'Container', 'PersistentVolumeClaim']
const lists = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const
type Bound = (typeof lists)[number]

/** Each type once; each bound within its neighbours. */
export function validateLimitRange({ spec }: LimitRange, errors: FieldErrors): void {
  const seen = new Set<string>()
  spec?.limits?.forEach((item, i) => {
    const path = `spec.limits[${i}]`
    validateType(item.type, `${path}.type`, errors)
    if (seen.has(item.type)) errors.duplicate(`${path}.type`, item.type)
    seen.add(item.type)
    validateItem(item, path, errors)
  })
}

function validateType(type: string, path: string, errors: FieldErrors): void {
  const reasons = qualifiedNameErrors(type ?? '')
  invalidFor(errors, path, type ?? '', reasons)
  if (reasons.length === 0 && !type.includes('/') && !standardTypes.includes(type)) {
    errors.invalid(path, type, 'must be a standard limit type or fully qualified')
  }
}

function validateItem(item: LimitRangeItem, path: string, errors: FieldErrors): void {
  const isPod = item.type === 'Pod'
  const validateName =
    isPod || item.type === 'Container' ? validateContainerResourceName : validateResourceName
  const names = new Set<string>()
  for (const list of lists) {
    const entries = Object.keys(item[list] ?? {})
    if (isPod && (list === 'default' || list === 'defaultRequest')) {
      if (entries.length > 0) errors.forbidden(`${path}.${list}`, "may not be specified when `type` is 'Pod'")
      continue
    }
    for (const name of entries) {
      validateName(name, `${path}.${list}[${name}]`, errors)
      names.add(name)
    }
  }
  if (item.type === 'PersistentVolumeClaim' && !item.min?.storage && !item.max?.storage) {
    errors.required(
      `${path}.limits`,
      'either minimum or maximum storage value is required, but neither was provided',
    )
  }
  for (const name of names) validateBounds(item, name, path, errors)
}

/** `lower` must not be above `upper`; the complaint names `at` and shows the value of `shown`. */
const orders: readonly {
  lower: Bound
  upper: Bound
  at: Bound
  shown: Bound
  text: readonly [string, string]
}[] = [
  { lower: 'min', upper: 'max', at: 'min', shown: 'min', text: ['min', 'max'] },
  {
    lower: 'min',
    upper: 'defaultRequest',
    at: 'defaultRequest',
    shown: 'defaultRequest',
    text: ['min', 'default request'],
  },
  {
    lower: 'defaultRequest',
    upper: 'max',
    at: 'defaultRequest',
    shown: 'defaultRequest',
    text: ['default request', 'max'],
  },
  {
    lower: 'defaultRequest',
    upper: 'default',
    at: 'defaultRequest',
    shown: 'defaultRequest',
    text: ['default request', 'default limit'],
  },
  { lower: 'min', upper: 'default', at: 'default', shown: 'min', text: ['min', 'default'] },
  { lower: 'default', upper: 'max', at: 'default', shown: 'max', text: ['default', 'max'] },
]

/** A resource may have the name of what every object inherits. */
function ownText(list: Readonly<Record<string, string>> | undefined, name: string): string | undefined {
  return list && Object.hasOwn(list, name) ? list[name] : undefined
}

function validateBounds(item: LimitRangeItem, name: string, path: string, errors: FieldErrors): void {
  const textOf = (list: Bound) => ownText(item[list], name)
  for (const { lower, upper, at, shown, text } of orders) {
    const low = textOf(lower)
    const high = textOf(upper)
    if (
      low === undefined ||
      high === undefined ||
      compareQuantity(parseQuantity(low), parseQuantity(high)) <= 0
    )
      continue
    errors.invalid(
      `${path}.${at}[${name}]`,
      textOf(shown),
      `${text[0]} value ${low} is greater than ${text[1]} value ${high}`,
    )
  }
  validateRatio(item, name, path, errors)
  const limit = textOf('default')
  const request = textOf('defaultRequest')
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined) return
  if (compareQuantity(parseQuantity(limit), parseQuantity(request)) !== 0) {
    const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`
    errors.invalid(`${path}.defaultRequest[${name}]`, request, detail)
  }
}

function validateRatio(item: LimitRangeItem, name: string, path: string, errors: FieldErrors): void {
  const text = ownText(item.maxLimitRequestRatio, name)
  if (text === undefined) return
  const at = `${path}.maxLimitRequestRatio[${name}]`
  if (compareQuantity(parseQuantity(text), quantityOf(1)) < 0)
    errors.invalid(at, text, `ratio ${text} is less than 1`)
  const min = ownText(item.min, name)
  const max = ownText(item.max, name)
  if (min === undefined || max === undefined) return
  const bound = quantityToNumber(parseQuantity(max)) / quantityToNumber(parseQuantity(min))
  if (quantityToNumber(parseQuantity(text)) > bound) {
    errors.invalid(at, text, `ratio ${text} is greater than max/min = ${bound.toFixed(6)}`)
  }
}
