import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { createFieldErrors } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import type { Job } from '../types/batch-v1.gen.ts'
import type { LabelSelector } from '../types/meta-v1.gen.ts'

/** A job finds its pods by its own uid, unless the user says otherwise (pkg/registry/batch/job generateSelector). */
export function generateSelector({ metadata, spec }: Job): void {
  if (!spec || spec.manualSelector) return
  const { uid = '', name = '' } = metadata
  const isShared = metadata.labels !== undefined && metadata.labels === spec.template.metadata?.labels
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: {
      ...spec.template.metadata?.labels,
      'batch.kubernetes.io/job-name': name,
      'job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
      'controller-uid': uid,
    },
  }
  // SetDefaults_Job gives a job without labels those of its template, also when it is read back.
  if (isShared || Object.keys(metadata.labels ?? {}).length === 0)
    metadata.labels = { ...spec.template.metadata.labels }
  const matchLabels = { ...spec.selector?.matchLabels, 'batch.kubernetes.io/controller-uid': uid }
  spec.selector = { ...spec.selector, matchLabels }
}

/** What was generated is still there, and finds the pods of this very job (validateGeneratedSelector). */
export function validateGeneratedSelector(
  { metadata, spec }: Job,
  old: Job | undefined,
  errors: FieldErrors,
): void {
  const { selector, manualSelector, template } = spec!
  if (manualSelector || !selector) return
  const { uid = '', name = '' } = metadata
  if (!uid) errors.required('metadata.uid')
  const labels = template.metadata?.labels ?? {}
  const expected: Readonly<Record<string, string>> = {
    'controller-uid': uid,
    'job-name': name,
    ...(needsPrefixedLabels(old) && {
      'batch.kubernetes.io/controller-uid': uid,
      'batch.kubernetes.io/job-name': name,
    }),
  }
  for (const [key, value] of Object.entries(expected)) {
    const path = `spec.template.metadata.labels[${key}]`
    if (labels[key] === undefined) errors.required(path, `must be '${value}'`)
    else if (labels[key] !== value) errors.invalid(path, labels, `must be '${value}'`)
  }
  if (selectsNothing(selector, expected))
    errors.invalid('spec.selector', selector, '`selector` not auto-generated')
}

/** A job that stands without the younger labels goes on without them. */
function needsPrefixedLabels(old: Job | undefined): boolean {
  const had = old?.spec?.template.metadata?.labels ?? {}
  return !old || ('batch.kubernetes.io/job-name' in had && 'batch.kubernetes.io/controller-uid' in had)
}

/** A selector that cannot be read is complained about elsewhere. */
function selectsNothing(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  const faults = createFieldErrors()
  validateLabelSelector(selector, '', faults)
  return faults.list.length === 0 && !matchesLabels(labelSelectorFrom(selector), labels)
}
