/** Rules of single values, with upstream's texts (apimachinery util/validation and api/validation/generic). */
import { isIP } from 'node:net'
import { patternError } from '../meta/names.ts'
import { parsePlain, parseSloppyRange } from './addresses.ts'
import type { FieldErrors } from './field-error.ts'
import { invalidFor } from './field-errors.ts'

/** What upstream says about a changed field that must not change. */
export const immutableText = 'field is immutable'
export const nonNegativeText = 'must be greater than or equal to 0'
const configKey = '[-._a-zA-Z0-9]+'
const configKeyPattern = new RegExp(`^${configKey}$`)
const percent = '[0-9]+%'
const headerName = '[-A-Za-z0-9]+'
const configKeyLengthMax = 253
const portNameLengthMax = 15

/** Absent is fine. */
export function nonnegative(value: number | undefined, path: string, errors: FieldErrors): void {
  if (value !== undefined && value < 0) errors.invalid(path, value, nonNegativeText)
}

/** Absent is fine. */
export function positive(value: number | undefined, path: string, errors: FieldErrors): void {
  if (value !== undefined && value <= 0) errors.invalid(path, value, 'must be greater than zero')
}

/** `must be between 1 and 65535, inclusive`. */
export function rangeText(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`
}

/** Complains about a number outside of [min, max]. */
export function inRange(
  value: number,
  range: readonly [number, number],
  path: string,
  errors: FieldErrors,
): void {
  if (!(value >= range[0] && value <= range[1])) errors.invalid(path, value, rangeText(...range))
}

/** A port number, 1 to 65535. */
export function validatePort(value: number, path: string, errors: FieldErrors): void {
  inRange(value, [1, 65535], path, errors)
}

/** Reasons why `name` is no port name (IANA_SVC_NAME). */
export function portNameErrors(name: string): readonly string[] {
  const reasons: string[] = []
  if (name.length > portNameLengthMax) reasons.push(`must be no more than ${portNameLengthMax} characters`)
  if (!/^[-a-z0-9]+$/.test(name)) {
    reasons.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)')
  }
  if (!/[a-z]/.test(name)) reasons.push('must contain at least one letter (a-z)')
  if (name.includes('--')) reasons.push('must not contain consecutive hyphens')
  if (/^-|-$/.test(name)) reasons.push('must not begin or end with a hyphen')
  return reasons
}

/** A port number or the name of a port. */
export function validatePortNumberOrName(value: number | string, path: string, errors: FieldErrors): void {
  if (typeof value === 'number') validatePort(value, path, errors)
  else invalidFor(errors, path, value, portNameErrors(value))
}

/** Reasons why `name` is no environment variable's name (1.35: any printable ASCII but `=`). */
export function envVarNameErrors(name: string): readonly string[] {
  const reasons: string[] = []
  if (name === '') reasons.push('environment variable name must be non-empty')
  if (/[^\x20-\x7e]|=/.test(name)) {
    reasons.push(
      "a valid environment variable name must consist only of printable ASCII characters other than '='",
    )
  }
  return reasons
}

/** Reasons why `key` may not stand in the data of a ConfigMap or Secret. */
export function configMapKeyErrors(key: string): readonly string[] {
  const reasons: string[] = []
  if (key.length > configKeyLengthMax) reasons.push(`must be no more than ${configKeyLengthMax} characters`)
  if (!configKeyPattern.test(key)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
    reasons.push(patternError(rule, configKey, 'key.name', 'KEY_NAME', 'key-name'))
  }
  if (key === '.' || key === '..') reasons.push(`must not be '${key}'`)
  else if (key.startsWith('..')) reasons.push("must not start with '..'")
  return reasons
}

/** Reasons why `name` is no HTTP header's name. */
export function httpHeaderNameErrors(name: string): readonly string[] {
  if (new RegExp(`^${headerName}$`).test(name)) return []
  const rule = "a valid HTTP header must consist of alphanumeric characters or '-'"
  return [patternError(rule, headerName, 'X-Header-Name')]
}

/** An address of either family. `old` lists values that stand already and stay allowed (validateOnlyNew). */
export function validateIp(
  value: string,
  path: string,
  errors: FieldErrors,
  old: readonly string[] = [],
): void {
  if (old.includes(value)) return
  if (ipFamily(value) === 0)
    errors.invalid(path, value, 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)')
}

/** 4, 6 or 0 for no address, as Go reads them of old (`parsePlain`). A zone is part of no address here. */
export function ipFamily(value: string): 0 | 4 | 6 {
  if (isIP(value) === 4) return 4
  const address = parsePlain(value)
  if (!address) return 0
  return address.kind() === 'ipv4' ? 4 : 6
}

/** An address range of either family. */
export function validateCidr(value: string, path: string, errors: FieldErrors): void {
  if (!parseSloppyRange(value)) {
    errors.invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')
  }
}

/** Whether `inner` lies strictly inside `outer`, both of which are ranges, of one family. */
export function cidrContains(outer: string, inner: string): boolean {
  const [outerAddress, outerBits] = parseSloppyRange(outer)!
  const [innerAddress, innerBits] = parseSloppyRange(inner)!
  return (
    outerAddress.kind() === innerAddress.kind() &&
    innerBits > outerBits &&
    innerAddress.match(outerAddress, outerBits)
  )
}

/** A number or a percentage such as `25%`. */
export function validatePositiveIntOrPercent(
  value: number | string,
  path: string,
  errors: FieldErrors,
): void {
  if (typeof value === 'number') return nonnegative(value, path, errors)
  if (new RegExp(`^${percent}$`).test(value)) return
  const rule = "a valid percent string must be a numeric string followed by an ending '%'"
  errors.invalid(path, value, patternError(rule, percent, '1%', '93%'))
}

/** Percentages above 100 are refused; numbers are left alone. */
export function validateNotMoreThan100Percent(
  value: number | string,
  path: string,
  errors: FieldErrors,
): void {
  if (typeof value === 'string' && percentOf(value) > 100)
    errors.invalid(path, value, 'must not be greater than 100%')
}

/** `25%` → 25, anything else 0. */
export function percentOf(value: number | string): number {
  return typeof value === 'string' && new RegExp(`^${percent}$`).test(value) ? Number.parseInt(value, 10) : 0
}

/** A value out of a fixed list. */
export function validateOneOf(
  value: string,
  supported: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  if (!supported.includes(value)) errors.notSupported(path, value, supported.toSorted())
}
