import { quote } from '../meta/quote.ts'
import type { FieldError, FieldErrors, FieldErrorType } from './field-error.ts'

const typeTexts: Readonly<Record<FieldErrorType, string>> = {
  FieldValueNotFound: 'Not found',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
  FieldValueInvalid: 'Invalid value',
  FieldValueNotSupported: 'Unsupported value',
  FieldValueForbidden: 'Forbidden',
  FieldValueTooLong: 'Too long',
  FieldValueTooMany: 'Too many',
  InternalError: 'Internal error',
  FieldValueTypeInvalid: 'Invalid value',
}

/** Nobody reads more of what is wrong with one object; one of a million empty items would be told of for half a minute. */
const faultsMax = 2_000

class TooManyFaults extends Error {}

/** What `check` finds, up to 2,000 complaints: behind them it is not asked further. */
export function collectFaults(check: (errors: FieldErrors) => void): readonly FieldError[] {
  const errors = createFieldErrors(faultsMax)
  try {
    check(errors)
  } catch (error) {
    if (!(error instanceof TooManyFaults)) throw error
  }
  return errors.list
}

/** An empty collection of complaints; messages are upstream's field.Error.ErrorBody (util/validation/field). */
export function createFieldErrors(max = Number.POSITIVE_INFINITY): FieldErrors {
  const list: FieldError[] = []
  const add = (type: FieldErrorType, field: string, value?: string, detail = '') => {
    const parts = [typeTexts[type]]
    if (value !== undefined) parts.push(value)
    if (detail !== '') parts.push(detail)
    list.push({ type, field, message: parts.join(': ') })
    if (list.length >= max) throw new TooManyFaults()
  }
  return {
    list,
    required: (path, detail) => add('FieldValueRequired', path, undefined, detail),
    invalid: (path, value, detail) => add('FieldValueInvalid', path, showValue(value), detail),
    invalidHidden: (path, detail) => add('FieldValueInvalid', path, undefined, detail),
    notSupported: (path, value, supported) =>
      add('FieldValueNotSupported', path, showValue(value), supportedText(supported)),
    forbidden: (path, detail) => add('FieldValueForbidden', path, undefined, detail),
    internal: (path, detail) => add('InternalError', path, undefined, detail),
    duplicate: (path, value, detail) => add('FieldValueDuplicate', path, showValue(value), detail),
    notFound: (path, value, detail) => add('FieldValueNotFound', path, showValue(value), detail),
    tooLong: (path, max) => add('FieldValueTooLong', path, undefined, tooLongText(max)),
    tooMany: (path, actual, max) => add('FieldValueTooMany', path, String(actual), tooManyText(max)),
    typeInvalid: (path, value, detail) => add('FieldValueTypeInvalid', path, showValue(value), detail),
  }
}

/** Adds one `invalid` complaint per reason. */
export function invalidFor(
  errors: FieldErrors,
  path: string,
  value: unknown,
  reasons: readonly string[],
): void {
  for (const reason of reasons) errors.invalid(path, value, reason)
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return quote(value)
  return value === undefined ? 'null' : JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, escapeCode)
}

/** Go's JSON is safe in HTML. */
function escapeCode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function supportedText(values: readonly string[]): string {
  return values.length === 0 ? '' : `supported values: ${values.map(quote).join(', ')}`
}

function tooLongText(max: number): string {
  return max < 0 ? 'value is too long' : `may not be more than ${max} ${max === 1 ? 'byte' : 'bytes'}`
}

function tooManyText(max: number): string {
  return max < 0 ? 'has too many items' : `must have at most ${max} ${max === 1 ? 'item' : 'items'}`
}
