/** Counts of indexes and of pods in a job's status (pkg/apis/batch/validation validateJobStatus). */
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { Job } from '../types/batch-v1.gen.ts'

/** Looks at what this write changes: what stands already may stay. */
export function validateIndexes(job: Job, old: Job, errors: FieldErrors): void {
  const { status = {}, spec } = job
  const { completedIndexes = '', failedIndexes } = status
  const path = 'status.completedIndexes'
  if (completedIndexes !== (old.status?.completedIndexes ?? '')) {
    const fault =
      spec?.completions === undefined ? undefined : indexesFault(completedIndexes, spec.completions)
    if (fault) errors.invalid(path, completedIndexes, `error parsing completedIndexes: ${fault}`)
    if (completedIndexes !== '' && spec?.completionMode !== 'Indexed') {
      const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode'
      errors.invalid(path, completedIndexes, detail)
    }
  }
  if (failedIndexes !== undefined && failedIndexes !== old.status?.failedIndexes)
    validateFailedIndexes(job, failedIndexes, 'status.failedIndexes', errors)
  const { ready, active = 0 } = status
  if (ready !== undefined && ready !== old.status?.ready && ready > active)
    errors.invalid('status.ready', ready, 'cannot set more ready pods than active')
}

function validateFailedIndexes({ spec }: Job, indexes: string, path: string, errors: FieldErrors): void {
  if (spec?.backoffLimitPerIndex === undefined) {
    const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
    return errors.invalid(path, indexes, detail)
  }
  const fault = spec.completions === undefined ? undefined : indexesFault(indexes, spec.completions)
  if (fault) errors.invalid(path, indexes, `error parsing failedIndexes: ${fault}`)
}

/** Pods that ended and are not counted yet, each once. */
export function validateUncounted({ status }: Job, errors: FieldErrors): void {
  const seen = new Set<string>()
  for (const field of ['succeeded', 'failed'] as const) {
    status?.uncountedTerminatedPods?.[field]?.forEach((uid, i) => {
      const path = `status.uncountedTerminatedPods.${field}[${i}]`
      if (!uid) errors.invalid(path, uid, 'must not be empty')
      else if (seen.has(uid)) errors.duplicate(path, uid)
      seen.add(uid)
    })
  }
}

/** Why `1,3-5` is no rising list of indexes below `completions`; undefined when it is one. */
function indexesFault(text: string, completions: number): string | undefined {
  if (text === '') return undefined
  let last: number | undefined
  for (const interval of text.split(',')) {
    const limits = interval.split('-')
    if (limits.length > 2)
      return `the fragment ${JSON.stringify(interval)} violates the requirement that an index interval can have at most two parts separated by '-'`
    for (const limit of limits)
      if (!/^[+-]?\d+$/.test(limit))
        return `cannot convert string to integer for index: ${JSON.stringify(limit)}`
    const [first = 0, end = first] = limits.map(Number)
    for (const index of [first, end])
      if (index >= completions) return `too large index: ${JSON.stringify(String(index))}`
    if (last !== undefined && last >= first)
      return `non-increasing order, previous: ${last}, current: ${first}`
    last = end
  }
  return undefined
}
