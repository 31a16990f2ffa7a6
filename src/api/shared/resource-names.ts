/** Names and amounts of resources (pkg/apis/core/helper, validateResourceName and its relatives). */
import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import {
  compareQuantity,
  milliValue,
  parseQuantity,
  type Quantity,
  zeroQuantity,
} from '../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { nonNegativeText } from '../../machinery/validation/values.ts'

const containerNames = ['cpu', 'memory', 'ephemeral-storage']
const integerNames = [
  'pods',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
]
const objectCountNames = [...integerNames, 'resourcequotas', 'services.nodeports', 'services.loadbalancers']
const quotaNames = [
  ...containerNames,
  ...['cpu', 'memory', 'storage', 'ephemeral-storage'].map(name => `requests.${name}`),
  ...['cpu', 'memory', 'ephemeral-storage'].map(name => `limits.${name}`),
  ...objectCountNames,
]
const standardNames = [...quotaNames, 'storage']

export const isHugePages = (name: string) => name.startsWith('hugepages-')
/** Whether more may be promised than there is: not for whole devices and huge pages. */
export const isOvercommitAllowed = (name: string) => isNative(name) && !isHugePages(name)
const isNative = (name: string) =>
  !name.includes('/') || name.startsWith('kubernetes.io/') || name.includes('.kubernetes.io/')
const isExtended = (name: string) => {
  return (
    !isNative(name) && !name.startsWith('requests.') && qualifiedNameErrors(`requests.${name}`).length === 0
  )
}

/** True when the name is well-formed and, without a domain, known. */
export function validateResourceName(name: string, path: string, errors: FieldErrors): boolean {
  const reasons = qualifiedNameErrors(name)
  invalidFor(errors, path, name, reasons)
  if (reasons.length > 0) return false
  if (name.includes('/') || standardNames.includes(name) || /^(requests\.)?hugepages-/.test(name)) return true
  errors.invalid(path, name, 'must be a standard resource type or fully qualified')
  return false
}

/** What a container may ask for. */
export function validateContainerResourceName(name: string, path: string, errors: FieldErrors): void {
  validateResourceName(name, path, errors)
  if (!name.includes('/')) {
    if (!containerNames.includes(name) && !isHugePages(name)) {
      errors.invalid(path, name, 'must be a standard resource for containers')
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.invalid(path, name, "doesn't follow extended resource name standard")
  }
}

/** What a quota may bound. */
export function validateQuotaResourceName(name: string, path: string, errors: FieldErrors): void {
  validateResourceName(name, path, errors)
  if (!name.includes('/') && !quotaNames.includes(name) && !/^(requests\.)?hugepages-/.test(name)) {
    errors.invalid(path, name, 'must be a standard resource for quota')
  }
}

/** An amount of `name`: not negative, and whole where halves make no sense. */
export function validateAmount(name: string, text: string, path: string, errors: FieldErrors): void {
  const quantity = parseQuantity(text)
  nonnegativeQuantity(quantity, text, path, errors)
  const isWhole = objectCountNames.includes(name) || isExtended(name)
  if (isWhole && milliValue(quantity) % 1000n !== 0n) errors.invalid(path, text, 'must be an integer')
}

/** Zero or more. */
export function nonnegativeQuantity(
  quantity: Quantity,
  text: string,
  path: string,
  errors: FieldErrors,
): void {
  if (compareQuantity(quantity, zeroQuantity) < 0) errors.invalid(path, text, nonNegativeText)
}

/** Zero or more, told as a whole number (validateBasicResource). */
export function basicQuantity(text: string, path: string, errors: FieldErrors): void {
  const milli = milliValue(parseQuantity(text))
  if (milli < 0n) errors.invalid(path, Number(wholeUp(milli)), 'must be a valid resource quantity')
}

const milliPerUnit = 1000n

/** Quantities round away from zero. */
function wholeUp(milli: bigint): bigint {
  const rest = milli % milliPerUnit
  return (milli - rest) / milliPerUnit + (rest < 0n ? -1n : rest > 0n ? 1n : 0n)
}

/** More than zero. */
export function positiveQuantity(text: string, path: string, errors: FieldErrors): void {
  if (compareQuantity(parseQuantity(text), zeroQuantity) <= 0)
    errors.invalid(path, text, 'must be greater than zero')
}
