import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { Pod } from '../../types/core-v1.gen.ts'

export function validatePodUpdate(pod: Pod, old: Pod, errors: FieldErrors): void {
  if (pod.spec?.containers.length !== old.spec?.containers.length) {
    errors.forbidden('spec.containers', 'pod updates may not add or remove containers')
  }
}
