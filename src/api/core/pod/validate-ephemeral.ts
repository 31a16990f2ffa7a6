import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { PodSpec } from '../../types/core-v1.gen.ts'

/** Names of ephemeral containers are unique among all containers of the pod. */
export function validateEphemeralContainers(spec: PodSpec, path: string, errors: FieldErrors): void {
  const names = new Set([...spec.containers, ...(spec.initContainers ?? [])].map(({ name }) => name))
  spec.ephemeralContainers?.forEach(({ name }, index) => {
    if (!name) errors.required(`${path}[${index}].name`)
    else if (names.has(name)) errors.duplicate(`${path}[${index}].name`, name)
    names.add(name)
  })
}
