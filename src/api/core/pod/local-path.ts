/** Paths inside volumes (pkg/apis/core/validation validateLocalDescendingPath). */
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'

export const fileModeText = 'must be a number between 0 and 0777 (octal), both inclusive'
const fileModeMax = 0o777

/** No `..` on the way. True when the path is fine. */
export function validateNoBacksteps(value: string, path: string, errors: FieldErrors): boolean {
  const isFine = !value.split('/').includes('..')
  if (!isFine) errors.invalid(path, value, "must not contain '..'")
  return isFine
}

/** Relative, and never up. */
export function validateDescendingPath(value: string, path: string, errors: FieldErrors): void {
  if (value.startsWith('/')) errors.invalid(path, value, 'must be a relative path')
  validateNoBacksteps(value, path, errors)
}

/** A descending path that does not start like the kubelet's own `..data`. */
export function validateNonReservedPath(value: string, path: string, errors: FieldErrors): void {
  validateDescendingPath(value, path, errors)
  if (value.startsWith('..') && !value.startsWith('../'))
    errors.invalid(path, value, "must not start with '..'")
}

/** Permission bits; absent is fine. */
export function validateFileMode(mode: number | undefined, path: string, errors: FieldErrors): void {
  if (mode !== undefined && (mode < 0 || mode > fileModeMax)) errors.invalid(path, mode, fileModeText)
}
