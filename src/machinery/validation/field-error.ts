/** apimachinery util/validation/field ErrorType, with the texts that its String() prints. */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'InternalError'
  | 'FieldValueTypeInvalid'

/** One complaint about one field. `message` is upstream's ErrorBody text. */
export interface FieldError {
  readonly type: FieldErrorType
  /** `spec.containers[0].image` */
  readonly field: string
  readonly message: string
}

/** Collects complaints; the methods format as upstream's field.Invalid, field.Required, … do. */
export interface FieldErrors {
  readonly list: readonly FieldError[]
  required(path: string, detail?: string): void
  invalid(path: string, value: unknown, detail: string): void
  /** An invalid value that is not shown (upstream's OmitValueType). */
  invalidHidden(path: string, detail: string): void
  notSupported(path: string, value: unknown, supported: readonly string[]): void
  forbidden(path: string, detail: string): void
  duplicate(path: string, value: unknown, detail?: string): void
  notFound(path: string, value: unknown, detail?: string): void
  /** What went wrong here is not the caller's fault. */
  internal(path: string, detail: string): void
  tooLong(path: string, maxLength: number): void
  tooMany(path: string, actual: number, max: number): void
  typeInvalid(path: string, value: unknown, detail: string): void
}
