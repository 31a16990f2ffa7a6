/** What a job's controller may say of it (pkg/apis/batch/validation validateJobStatus). */
import { isConditionTrue } from '../../machinery/meta/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import type { Job } from '../types/batch-v1.gen.ts'
import { validateIndexes, validateUncounted } from './job-indexes.ts'

const counts = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const
const terminal = ['Failed', 'Complete', 'FailureTarget'] as const

/** A finished job has no pods left and never becomes unfinished. */
export function validateJobStatusUpdate(job: Job, old: Job, errors: FieldErrors): void {
  const { status = {} } = job
  for (const field of counts) nonnegative(status[field], `status.${field}`, errors)
  validateUncounted(job, errors)
  validateConditions(job, old, errors)
  validateTimes(job, old, errors)
  const isFinished = holds(job, 'Complete') || holds(job, 'Failed')
  if (isFinished && (status.active ?? 0) > 0) {
    errors.invalid('status.active', status.active, 'active>0 is invalid for finished job')
  }
  validateIndexes(job, old, errors)
  if ((status.failed ?? 0) < (old.status?.failed ?? 0)) {
    errors.invalid('status.failed', status.failed ?? 0, 'cannot decrease the failed counter')
  }
  if ((status.succeeded ?? 0) < (old.status?.succeeded ?? 0)) {
    errors.invalid('status.succeeded', status.succeeded ?? 0, 'cannot decrease the succeeded counter')
  }
}

function holds({ status }: Job, type: string): boolean {
  return isConditionTrue(status?.conditions, type)
}

function validateConditions(job: Job, old: Job, errors: FieldErrors): void {
  const refuse = (detail: string) => errors.invalidHidden('status.conditions', detail)
  if (holds(job, 'Complete') && holds(job, 'Failed'))
    refuse('cannot set Complete=True and Failed=true conditions')
  if (holds(job, 'Complete') && holds(job, 'FailureTarget')) {
    refuse('cannot set Complete=True and FailureTarget=true conditions')
  }
  for (const type of terminal) {
    if (holds(old, type) && !holds(job, type)) refuse(`cannot disable the terminal ${type}=True condition`)
  }
}

function validateTimes({ status, ...job }: Job, _old: Job, errors: FieldErrors): void {
  const isComplete = holds({ ...job, status } as Job, 'Complete')
  const { startTime, completionTime } = status ?? {}
  if (completionTime && !isComplete) {
    const detail = 'cannot set completionTime when there is no Complete=True condition'
    errors.invalid('status.completionTime', completionTime, detail)
  }
  if (!completionTime && isComplete) {
    errors.required('status.completionTime', 'completionTime is required for Complete jobs')
  }
  if (startTime && completionTime && Date.parse(completionTime) < Date.parse(startTime)) {
    errors.invalid('status.completionTime', completionTime, 'must be equal to or after `startTime`')
  }
}
