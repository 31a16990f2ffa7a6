import { isNumber } from '../../../std/exact-json.ts'
import { DecodeError } from '../errors.ts'

/** `PodSpec`, and `v1.PodSpec` as Go prints the type. */
export interface GoNames {
  readonly struct: string
  readonly goType: string
}

/**
 * A value of the wrong JSON type, on its way up to the top: each object that it passes adds its field's name.
 * Reads as Go's UnmarshalTypeError.
 */
export class TypeMismatch extends DecodeError {
  /** The value itself. */
  readonly found: unknown
  readonly goType: string
  /** Where it was found, as Go names the innermost one: `v1.ConfigMap.data`. */
  field: string | undefined
  readonly #shown: string
  readonly #path: string[] = []
  #struct = ''

  constructor(found: unknown, goType: string, shown: string) {
    super('')
    this.found = found
    this.goType = goType
    this.#shown = shown
    this.#describe()
  }

  /** Notes that the value lies in `field` of a struct; `inlinedFrom` is the Go name of a struct in between. */
  within({ struct, goType }: GoNames, field: string, inlinedFrom: string | undefined): void {
    this.field ??= `${goType}.${field}`
    this.#path.unshift(field)
    if (inlinedFrom) this.#path.unshift(inlinedFrom)
    this.#struct ||= struct
    this.#describe()
  }

  #describe(): void {
    const place = this.#path.length > 0 ? `struct field ${this.#struct}.${this.#path.join('.')}` : 'value'
    this.message = `json: cannot unmarshal ${this.#shown} into Go ${place} of type ${this.goType}`
  }
}

/** `withNumber`: Go names the number itself where an integer was expected. */
export function mismatch(value: unknown, goType: string, withNumber = false): TypeMismatch {
  return new TypeMismatch(value, goType, jsonType(value, withNumber))
}

function jsonType(value: unknown, withNumber: boolean): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  const spelling = typeof value === 'symbol' ? value.description : undefined
  if (!isNumber(value) && spelling === undefined) return typeof value
  return withNumber ? `number ${spelling ?? String(value)}` : 'number'
}
