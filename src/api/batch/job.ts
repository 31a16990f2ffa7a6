import { isConditionTrue } from '../../machinery/meta/conditions.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { formatLabelSelector } from '../../machinery/table/cells.ts'
import { humanDuration } from '../../machinery/table/duration.ts'
import { nameWarnings, templateWarnings } from '../core/pod/warnings.ts'
import { defineResource } from '../define-resource.ts'
import { containerCells } from '../shared/cells.ts'
import { withTemplateDefaults } from '../shared/pod-template.ts'
import type { Job, JobSpec } from '../types/batch-v1.gen.ts'
import { generateSelector } from './job-selector.ts'
import { validateJobStatusUpdate } from './job-status.ts'
import { validateJob, validateJobUpdate } from './job-validation.ts'

const backoffLimit = 6

/** SetDefaults_Job without what only a Job of its own (not a CronJob's template) gets. */
function setDefaults(job: Job): void {
  job.spec ??= {} as JobSpec
  const { spec, metadata } = job
  spec.template = withTemplateDefaults(spec.template)
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? backoffLimit : 2 ** 31 - 1
  const labels = spec.template.metadata?.labels
  // The very same labels, as upstream has them: what the template gets later the job gets too.
  if (labels && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  spec.manualSelector ??= false
  for (const { onPodConditions } of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of onPodConditions ?? []) pattern.status ||= 'True'
  }
}

function statusText({ metadata, status }: Job): string {
  const holds = (type: string) => isConditionTrue(status?.conditions, type)
  if (holds('Complete')) return 'Complete'
  if (holds('Failed')) return 'Failed'
  if (metadata.deletionTimestamp) return 'Terminating'
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(holds) ?? 'Running'
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationText({ status }: Job, nowMs: number): string {
  if (!status?.startTime) return ''
  const endMs = status.completionTime ? Date.parse(status.completionTime) : nowMs
  return humanDuration(endMs - Date.parse(status.startTime))
}

export const jobs = defineResource<Job>('batch/v1', 'Job', {
  podTemplate: ({ spec }) => spec?.template,
  strategy: {
    setDefaults,
    prepareForCreate: generateSelector,
    validate: (job, errors) => validateJob(job, errors),
    validatesOnceOnly: true,
    validateUpdate: validateJobUpdate,
    warnings: (object, old) => [
      ...nameWarnings(object.metadata.name, old),
      ...templateWarnings(object.spec?.template, 'spec.template', [object, old]),
    ],
    hasGeneration: true,
    defaultPropagation: 'Orphan',
    propagationWarning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  },
  subresources: { status: { strategy: { validateUpdate: validateJobStatusUpdate } } },
  cells: {
    Status: statusText,
    Completions: completionsText,
    Duration: durationText,
    ...containerCells(({ spec }: Job) => spec?.template),
    Selector: ({ spec }) => formatLabelSelector(spec?.selector),
  },
  unknownField: field => `field label ${quote(field)} not supported for Job`,
  selectableFields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
})
