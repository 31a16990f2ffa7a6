import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { Pod, PodSpec } from '../../types/core-v1.gen.ts'

/** Where a PodSpec stands and what its metadata says. */
export interface PodSpecContext {
  readonly path: string
  readonly labels: Readonly<Record<string, string>>
}

/** Rules of a new pod (pkg/apis/core/validation ValidatePodCreate). */
export function validatePod(pod: Pod, errors: FieldErrors): void {
  validatePodSpec(pod.spec!, { path: 'spec', labels: pod.metadata.labels ?? {} }, errors)
}

/** Rules of a PodSpec, in a pod and in a template. */
export function validatePodSpec(spec: PodSpec, { path }: PodSpecContext, errors: FieldErrors): void {
  if ((spec.containers ?? []).length === 0) errors.required(`${path}.containers`)
}
