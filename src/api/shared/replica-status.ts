import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'

type Counts = { readonly [field: string]: unknown }

/** Counts in a workload's status: none below zero, none of `bounded` above `replicas`, available ≤ ready. */
export function validateReplicaCounts(
  status: Counts,
  bounded: readonly string[],
  readyPath: string,
  errors: FieldErrors,
): void {
  const count = (field: string) => (status[field] as number | undefined) ?? 0
  for (const field in status) {
    const value = status[field]
    if (typeof value === 'number') nonnegative(value, `status.${field}`, errors)
  }
  for (const field of bounded) {
    if (count(field) > count('replicas')) {
      errors.invalid(`status.${field}`, count(field), 'cannot be greater than status.replicas')
    }
  }
  if (count('availableReplicas') > count('readyReplicas')) {
    errors.invalid(
      'status.availableReplicas',
      count('availableReplicas'),
      `cannot be greater than ${readyPath}`,
    )
  }
}

/** The collision count of a workload only grows. */
export function validateCollisionCount(
  status: { readonly collisionCount?: number } | undefined,
  old: { readonly collisionCount?: number } | undefined,
  errors: FieldErrors,
): void {
  const now = status?.collisionCount
  const before = old?.collisionCount
  if (before !== undefined && (now === undefined || now < before)) {
    errors.invalid('status.collisionCount', now ?? 0, 'cannot be decremented')
  }
}
