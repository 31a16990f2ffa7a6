import { labelValueErrors, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import { parseFieldSelector, parseLabelSelector } from '../../machinery/selector/index.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'

/** What a review says of the selector of the request that it asks about. */
export interface SelectorAttributes {
  readonly rawSelector?: string
  readonly requirements?: readonly Requirement[]
}

interface Requirement {
  readonly key?: string
  readonly operator?: string
  readonly values?: readonly string[]
}

export type SelectorKind = 'fieldSelector' | 'labelSelector'

/** The selector as a request writes it, as much as can be understood of it; less asks for more than was meant. */
export interface ReadSelector {
  readonly text: string | undefined
  /** Why not all of it is there, in upstream's words. */
  readonly fault?: string
}

/** Reads what the authorizer is asked with (pkg/registry/authorization/util). */
export function readSelector(kind: SelectorKind, selector: SelectorAttributes | undefined): ReadSelector {
  const { rawSelector, requirements = [] } = selector ?? {}
  if (rawSelector) return isReadable(kind, rawSelector) ? { text: rawSelector } : faulty(kind, '')
  const write = kind === 'fieldSelector' ? fieldTerm : labelTerm
  const terms = requirements.map(write)
  const text = terms.filter(term => term !== undefined).join(',')
  return terms.includes(undefined) ? faulty(kind, text) : { text: text || undefined }
}

function faulty(kind: SelectorKind, text: string): ReadSelector {
  const how = text ? 'partially ignored' : 'ignored'
  return { text: text || undefined, fault: `spec.resourceAttributes.${kind} ${how} due to parse error` }
}

function isReadable(kind: SelectorKind, text: string): boolean {
  try {
    if (kind === 'fieldSelector') parseFieldSelector(text)
    else parseLabelSelector(text)
    return true
  } catch (error) {
    if (error instanceof StatusError) return false
    throw error
  }
}

/** Fields are compared with one value each. */
function fieldTerm({ key = '', operator, values = [] }: Requirement): string | undefined {
  const sign = { In: '=', NotIn: '!=' }[operator ?? '']
  const [value] = values
  if (sign === undefined || value === undefined || values.length > 1) return undefined
  return `${key}${sign}${value.replace(/[\\,=]/g, '\\$&')}`
}

function labelTerm({ key = '', operator, values = [] }: Requirement): string | undefined {
  switch (operator) {
    case 'In':
      return `${key} in (${values.join(',')})`
    case 'NotIn':
      return `${key} notin (${values.join(',')})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    default:
      return undefined
  }
}

/** apis/authorization/validation; operators that nobody knows may be a newer client's. */
export function checkSelector(
  kind: SelectorKind,
  selector: SelectorAttributes | undefined,
  errors: FieldErrors,
): void {
  const path = `spec.resourceAttributes.${kind}`
  const { rawSelector, requirements = [] } = selector ?? {}
  if (rawSelector && requirements.length > 0)
    errors.invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements')
  if (selector && !rawSelector && requirements.length === 0)
    errors.required(
      `${path}.requirements`,
      `when ${path} is specified, requirements or rawSelector is required`,
    )
  for (const [index, requirement] of requirements.entries()) {
    const at = `${path}.requirements[${index}]`
    if (kind === 'fieldSelector' && !requirement.key) errors.required(`${at}.key`, 'must be specified')
    checkValues(requirement, at, errors)
    if (kind === 'labelSelector') checkLabel(requirement, at, errors)
  }
}

function checkValues({ operator, values = [] }: Requirement, at: string, errors: FieldErrors): void {
  if ((operator === 'In' || operator === 'NotIn') && values.length === 0)
    errors.required(`${at}.values`, "must be specified when `operator` is 'In' or 'NotIn'")
  if ((operator === 'Exists' || operator === 'DoesNotExist') && values.length > 0)
    errors.forbidden(`${at}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")
}

function checkLabel({ key = '', values = [] }: Requirement, at: string, errors: FieldErrors): void {
  invalidFor(errors, `${at}.key`, key, qualifiedNameErrors(key))
  for (const [index, value] of values.entries())
    invalidFor(errors, `${at}.values[${index}]`, value, labelValueErrors(value))
}
