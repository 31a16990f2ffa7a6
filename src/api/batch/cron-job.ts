import { formatLabelSelector, none, since, unset } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { nameWarnings, templateWarnings } from '../core/pod/warnings.ts'
import { defineResource } from '../define-resource.ts'
import { containerCells } from '../shared/cells.ts'
import { withTemplateDefaults } from '../shared/pod-template.ts'
import type { CronJob, CronJobSpec, JobSpec } from '../types/batch-v1.gen.ts'
import { scheduleError } from './cron-schedule.ts'
import { validateJobSpec } from './job-validation.ts'

const nameLengthMax = 52
const policies = ['Allow', 'Forbid', 'Replace']

function setDefaults(cronJob: CronJob): void {
  cronJob.spec ??= {} as CronJobSpec
  const { spec } = cronJob
  spec.jobTemplate ??= {}
  spec.jobTemplate.spec ??= {} as JobSpec
  spec.jobTemplate.spec.template = withTemplateDefaults(spec.jobTemplate.spec.template)
  spec.concurrencyPolicy ||= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
}

function validate(cronJob: CronJob, errors: FieldErrors): void {
  const spec = cronJob.spec!
  validateSchedule(spec, errors)
  nonnegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds', errors)
  if (!policies.includes(spec.concurrencyPolicy ?? '')) {
    errors.notSupported('spec.concurrencyPolicy', spec.concurrencyPolicy ?? '', policies)
  }
  const template = spec.jobTemplate.spec!
  validateJobSpec(template, 'spec.jobTemplate.spec', errors)
  if (template.selector) {
    errors.invalid('spec.jobTemplate.spec.selector', template.selector, '`selector` will be auto-generated')
  }
  if (template.manualSelector)
    errors.notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false'])
  nonnegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit', errors)
  nonnegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit', errors)
  const name = cronJob.metadata.name ?? ''
  if (name.length > nameLengthMax) {
    errors.invalid('metadata.name', name, `must be no more than ${nameLengthMax} characters`)
  }
}

function validateSchedule({ schedule, timeZone }: CronJobSpec, errors: FieldErrors): void {
  if (!schedule) errors.required('spec.schedule')
  else {
    const problem = scheduleError(schedule)
    if (problem) errors.invalid('spec.schedule', schedule, problem)
    if (schedule.includes('TZ')) {
      const detail = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
      errors.invalid('spec.schedule', schedule, detail)
    }
  }
  if (timeZone === undefined) return
  if (timeZone === '') errors.invalid('spec.timeZone', timeZone, 'timeZone must be nil or non-empty string')
  else if (timeZone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
    errors.invalid('spec.timeZone', timeZone, detail)
  } else if (!isTimeZone(timeZone)) errors.invalid('spec.timeZone', timeZone, `unknown time zone ${timeZone}`)
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

export const cronJobs = defineResource<CronJob>('batch/v1', 'CronJob', {
  podTemplate: ({ spec }) => spec?.jobTemplate?.spec?.template,
  strategy: {
    setDefaults,
    validate,
    hasGeneration: true,
    warnings: (object, old) => {
      const template = object.spec?.jobTemplate?.spec?.template
      return [
        ...nameWarnings(object.metadata.name, old),
        ...templateWarnings(template, 'spec.jobTemplate.spec.template', [object, old]),
      ]
    },
  },
  cells: {
    Schedule: ({ spec }) => spec?.schedule ?? '',
    Timezone: ({ spec }) => spec?.timeZone ?? none,
    Suspend: ({ spec }) => (spec?.suspend === undefined ? unset : spec.suspend ? 'True' : 'False'),
    Active: ({ status }) => status?.active?.length ?? 0,
    'Last Schedule': ({ status }, nowMs) =>
      status?.lastScheduleTime ? since(status.lastScheduleTime, nowMs) : none,
    ...containerCells(({ spec }: CronJob) => spec?.jobTemplate.spec?.template),
    Selector: ({ spec }) => formatLabelSelector(spec?.jobTemplate.spec?.selector),
  },
})
