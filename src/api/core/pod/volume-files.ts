import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { DownwardAPIVolumeFile, KeyToPath } from '../../types/core-v1.gen.ts'
import { validateFieldRef, validateResourceFieldRef } from './field-refs.ts'
import { validateFileMode, validateNonReservedPath } from './local-path.ts'

/** Keys of a ConfigMap or Secret and the files that they become. */
export function validateItems(items: readonly KeyToPath[] = [], path: string, errors: FieldErrors): void {
  items.forEach(({ key, path: file = '', mode }, i) => {
    const at = `${path}[${i}]`
    if (!key) errors.required(`${at}.key`)
    if (!file) errors.required(`${at}.path`)
    validateNonReservedPath(file, `${at}.path`, errors)
    validateFileMode(mode, `${at}.mode`, errors)
  })
}

/** A file that shows a field of the pod or an amount of a container. */
export function validateDownwardFile(file: DownwardAPIVolumeFile, path: string, errors: FieldErrors): void {
  const { path: name = '', fieldRef, resourceFieldRef, mode } = file
  if (!name) errors.required(`${path}.path`)
  validateNonReservedPath(name, `${path}.path`, errors)
  if (fieldRef) {
    validateFieldRef(fieldRef, 'volume', `${path}.fieldRef`, errors)
    if (resourceFieldRef) {
      errors.invalid(path, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously')
    }
  } else if (resourceFieldRef)
    validateResourceFieldRef(resourceFieldRef, 'volume', `${path}.resourceFieldRef`, errors)
  else errors.required(path, 'one of fieldRef and resourceFieldRef is required')
  validateFileMode(mode, `${path}.mode`, errors)
}
