/** Rules of Jobs (pkg/apis/batch/validation). */
import { dns1123LabelErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import { immutableText, nonnegative } from '../../machinery/validation/values.ts'
import { immutableInternal, internalTemplate } from '../shared/internal-value.ts'
import { selectorMatches, validatePodTemplate } from '../shared/pod-template.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import type { Job, JobSpec } from '../types/batch-v1.gen.ts'
import type { PodTemplateSpec } from '../types/core-v1.gen.ts'
import { validateJobPolicies } from './job-policies.ts'
import { validateGeneratedSelector } from './job-selector.ts'

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const
const indexedParallelismMax = 100_000
const managedByMax = 63

/** A new or changed job. */
export function validateJob(job: Job, errors: FieldErrors, old?: Job): void {
  const spec = job.spec!
  validateGeneratedSelector(job, old, errors)
  validateJobSpec(spec, 'spec', errors)
  if (!spec.selector) errors.required('spec.selector')
  validateLabelSelector(spec.selector, 'spec.selector', errors)
  const labels = spec.template.metadata?.labels
  if (selectorMatches(spec.selector, labels) === false) {
    errors.invalid(
      'spec.template.metadata.labels',
      labels ?? null,
      '`selector` does not match template `labels`',
    )
  }
  const { completionMode, completions = 0 } = spec
  if (completionMode !== 'Indexed' || completions < 1) return
  const hostname = `${job.metadata.name}-${completions - 1}`
  if (dns1123LabelErrors(hostname).length > 0) {
    errors.invalid(
      'metadata.name',
      job.metadata.name,
      `will not able to create pod with invalid DNS label: ${hostname}`,
    )
  }
}

/** What a Job and a CronJob's template share. */
export function validateJobSpec(spec: JobSpec, path: string, errors: FieldErrors): void {
  for (const field of counts) nonnegative(spec[field], `${path}.${field}`, errors)
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')
  }
  const { managedBy } = spec
  if (managedBy !== undefined) {
    if (!/^[^/]+\/.+$/.test(managedBy)) {
      errors.invalid(`${path}.managedBy`, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")')
    }
    if (managedBy.length > managedByMax) errors.tooLong(`${path}.managedBy`, managedByMax)
  }
  validateCompletionMode(spec, path, errors)
  validateJobPolicies(spec, path, errors)
  validatePodTemplate(spec.template, `${path}.template`, errors)
  validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`, errors)
}

function validateCompletionMode(spec: JobSpec, path: string, errors: FieldErrors): void {
  const {
    completionMode = 'NonIndexed',
    completions,
    parallelism,
    maxFailedIndexes,
    backoffLimitPerIndex,
  } = spec
  if (completionMode !== 'NonIndexed' && completionMode !== 'Indexed') {
    errors.notSupported(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed'])
  }
  if (completionMode === 'NonIndexed') {
    for (const [field, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes })) {
      if (value !== undefined) errors.invalid(`${path}.${field}`, value, 'requires indexed completion mode')
    }
  }
  if (completionMode !== 'Indexed') return
  if (completions === undefined) errors.required(`${path}.completions`, 'when completion mode is Indexed')
  if (parallelism !== undefined && parallelism > indexedParallelismMax) {
    const detail = `must be less than or equal to ${indexedParallelismMax} when completion mode is Indexed`
    errors.invalid(`${path}.parallelism`, parallelism, detail)
  }
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions) {
    errors.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions')
  }
}

function validateRestartPolicy(
  { template, podFailurePolicy }: JobSpec,
  path: string,
  errors: FieldErrors,
): void {
  const { restartPolicy = '' } = template.spec!
  if (restartPolicy === '' || restartPolicy === 'Always') {
    errors.required(path, 'valid values: "OnFailure", "Never"')
  } else if (restartPolicy !== 'OnFailure' && restartPolicy !== 'Never') {
    errors.notSupported(path, restartPolicy, ['OnFailure', 'Never'])
  } else if (podFailurePolicy && restartPolicy !== 'Never') {
    errors.invalid(path, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')
  }
}

const specType = 'k8s.io/api/batch/v1.JobSpec'
const fixed = [
  'completionMode',
  'podFailurePolicy',
  'backoffLimitPerIndex',
  'managedBy',
  'successPolicy',
] as const

/** Those that upstream shows in their internal form. */
const fixedTypes: Readonly<Record<string, string>> = {
  podFailurePolicy: 'k8s.io/api/batch/v1.PodFailurePolicy',
  successPolicy: 'k8s.io/api/batch/v1.SuccessPolicy',
}

/** Most of a job is fixed; a suspended one may still choose its nodes. */
export function validateJobUpdate(job: Job, oldJob: Job, errors: FieldErrors): void {
  validateJob(job, errors, oldJob)
  const { spec } = job
  const old = oldJob.spec!
  const now = spec!
  if (now.completionMode !== 'Indexed')
    immutableField(specType, 'completions', [now, old], 'spec.completions', errors)
  else if (now.completions !== old.completions && now.completions !== now.parallelism) {
    errors.invalid(
      'spec.completions',
      now.completions,
      'can only be modified in tandem with spec.parallelism',
    )
  }
  immutableField(specType, 'selector', [now, old], 'spec.selector', errors)
  const isOpen = Boolean(old.suspend) && !oldJob.status?.startTime
  const before = isOpen ? withDirectivesOf(old.template, now.template) : old.template
  if (!sameField(specType, 'template', now, { template: before }))
    errors.invalid('spec.template', internalTemplate(now.template), immutableText)
  for (const field of fixed) {
    const type = fixedTypes[field]
    if (type) immutableInternal(type, [now[field], old[field]], `spec.${field}`, errors)
    else if (!sameField(specType, field, now, old))
      errors.invalid(`spec.${field}`, now[field] ?? null, immutableText)
  }
}

/** The old template with what a suspended job may change taken from the new one. */
function withDirectivesOf(old: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = now.spec!
  const { labels, annotations } = now.metadata ?? {}
  const { nodeAffinity: _, ...others } = old.spec?.affinity ?? {}
  const merged = { ...others, ...(affinity?.nodeAffinity && { nodeAffinity: affinity.nodeAffinity }) }
  // No affinity at all and one that says nothing are two things: the new one is taken then.
  const isEmpty = Object.keys(merged).length === 0
  return {
    ...old,
    metadata: { ...old.metadata, labels, annotations },
    spec: { ...old.spec, nodeSelector, tolerations, schedulingGates, affinity: isEmpty ? affinity : merged },
  } as PodTemplateSpec
}
