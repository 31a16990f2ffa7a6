import { isNumber } from '../../../std/exact-json.ts'
import { DecodeError } from '../errors.ts'

/**
 * A value of the wrong JSON type, on its way up to the top: each object that it passes adds its field's name.
 * Reads as Go's UnmarshalTypeError.
 */
export class TypeMismatch extends DecodeError {
  readonly #found: string
  readonly #goType: string
  readonly #path: string[] = []
  #struct = ''

  constructor(found: string, goType: string) {
    super('')
    this.#found = found
    this.#goType = goType
    this.#describe()
  }

  /** Notes that the value lies in `field` of `struct`; `inlinedFrom` is the Go name of a struct in between. */
  within(struct: string, field: string, inlinedFrom: string | undefined): void {
    this.#path.unshift(field)
    if (inlinedFrom) this.#path.unshift(inlinedFrom)
    this.#struct ||= struct
    this.#describe()
  }

  #describe(): void {
    const place = this.#path.length > 0 ? `struct field ${this.#struct}.${this.#path.join('.')}` : 'value'
    this.message = `json: cannot unmarshal ${this.#found} into Go ${place} of type ${this.#goType}`
  }
}

/** `withNumber`: Go names the number itself where an integer was expected. */
export function mismatch(value: unknown, goType: string, withNumber = false): TypeMismatch {
  return new TypeMismatch(jsonType(value, withNumber), goType)
}

function jsonType(value: unknown, withNumber: boolean): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (!isNumber(value)) return typeof value
  return withNumber ? `number ${value}` : 'number'
}
