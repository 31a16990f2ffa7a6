import { StatusError, type StatusReason } from '../machinery/status/status.ts'

/** Whether a call failed with this Status reason. */
export function hasReason(error: unknown, ...reasons: readonly StatusReason[]): error is StatusError {
  return error instanceof StatusError && error.reason !== undefined && reasons.includes(error.reason)
}

export const isNotFound = (error: unknown): boolean => hasReason(error, 'NotFound')
export const isConflict = (error: unknown): boolean => hasReason(error, 'Conflict')
export const isAlreadyExists = (error: unknown): boolean => hasReason(error, 'AlreadyExists')

/** The revision that a list or watch asked for is gone: start over (410, reasons Expired and Gone). */
export const isExpired = (error: unknown): boolean => hasReason(error, 'Expired', 'Gone')

/** The namespace is being deleted, so nothing can be made in it (core/v1 NamespaceTerminatingCause). */
export function isNamespaceTerminating(error: unknown): boolean {
  if (!hasReason(error, 'Forbidden')) return false
  return error.status.details?.causes?.some(cause => cause.reason === 'NamespaceTerminating') ?? false
}

/** Passes on an absent object as undefined, every other failure as it is. */
export async function orUndefined<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}
