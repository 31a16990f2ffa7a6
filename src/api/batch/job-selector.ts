import type { Job } from '../types/batch-v1.gen.ts'

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
