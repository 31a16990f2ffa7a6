import { isDeepStrictEqual } from 'node:util'
import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { defineResource } from '../define-resource.ts'
import { validateProvisioner } from '../shared/driver-names.ts'
import { immutableField, sameExactly } from '../shared/same-field.ts'
import type { TopologySelectorTerm } from '../types/core-v1.gen.ts'
import type { StorageClass } from '../types/storage-v1.gen.ts'

const defaultAnnotations = [
  'storageclass.kubernetes.io/is-default-class',
  'storageclass.beta.kubernetes.io/is-default-class',
]
const parametersMax = 512
const parameterBytesMax = 256 * 1024
const bindingModes = ['Immediate', 'WaitForFirstConsumer']

function validate(storageClass: StorageClass, errors: FieldErrors): void {
  const { provisioner = '', reclaimPolicy, volumeBindingMode } = storageClass
  validateProvisioner(provisioner, 'provisioner', errors)
  validateParameters(storageClass.parameters, 'parameters', errors)
  if (reclaimPolicy && reclaimPolicy !== 'Delete' && reclaimPolicy !== 'Retain') {
    errors.notSupported('reclaimPolicy', reclaimPolicy, ['Delete', 'Retain'])
  }
  if (volumeBindingMode !== undefined && !bindingModes.includes(volumeBindingMode)) {
    errors.notSupported('volumeBindingMode', volumeBindingMode, bindingModes)
  }
  validateTopologies(storageClass.allowedTopologies ?? [], 'allowedTopologies', errors)
}

/** Upstream starts its search for equal terms with as many empty ones as there are terms. */
function validateTopologies(terms: readonly TopologySelectorTerm[], path: string, errors: FieldErrors): void {
  const seen: Record<string, readonly string[]>[] = terms.map(() => ({}))
  terms.forEach((term, i) => {
    const found = validateTopology(term, `${path}[${i}].matchLabelExpressions`, errors)
    for (const other of seen)
      if (isDeepStrictEqual(found, other)) errors.duplicate(`${path}[${i}].matchLabelExpressions`, '')
    seen.push(found)
  })
}

function validateTopology(term: TopologySelectorTerm, path: string, errors: FieldErrors) {
  const found: Record<string, readonly string[]> = {}
  term.matchLabelExpressions?.forEach(({ key = '', values = [] }, i) => {
    const at = `${path}[${i}]`
    if (values.length === 0) errors.required(`${at}.values`)
    values.forEach((value, index) => {
      if (values.indexOf(value) < index) errors.duplicate(`${at}.values[${index}]`, value)
    })
    invalidFor(errors, `${at}.key`, key, qualifiedNameErrors(key))
    if (Object.hasOwn(found, key)) errors.duplicate(`${at}.key`, key)
    found[key] = [...new Set(values)].toSorted()
  })
  return found
}

/** What a provisioner is told: bounded in number and size. */
export function validateParameters(
  parameters: Readonly<Record<string, string>> = {},
  path: string,
  errors: FieldErrors,
): void {
  const entries = Object.entries(parameters)
  if (entries.length > parametersMax) return errors.tooLong(path, parametersMax)
  let bytes = 0
  for (const [key, value] of entries) {
    if (!key) errors.invalid(path, key, 'field can not be empty.')
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  }
  if (bytes > parameterBytesMax) errors.tooLong(path, parameterBytesMax)
}

const classType = 'k8s.io/api/storage/v1.StorageClass'

function validateUpdate(now: StorageClass, old: StorageClass, errors: FieldErrors): void {
  for (const field of ['parameters', 'provisioner', 'reclaimPolicy'] as const) {
    const isSame =
      field === 'parameters' ? sameExactly(classType, field, now, old) : now[field] === old[field]
    if (!isSame) errors.forbidden(field, `updates to ${field} are forbidden.`)
  }
  immutableField(classType, 'volumeBindingMode', [now, old], 'volumeBindingMode', errors)
}

export const storageClasses = defineResource<StorageClass>('storage.k8s.io/v1', 'StorageClass', {
  strategy: {
    returnsDeletedObject: true,
    setDefaults(storageClass) {
      storageClass.reclaimPolicy ??= 'Delete'
      storageClass.volumeBindingMode ??= 'Immediate'
    },
    validate,
    validateUpdate,
  },
  cells: {
    Name({ metadata }) {
      const isDefault = defaultAnnotations.some(key => metadata.annotations?.[key] === 'true')
      return isDefault ? `${metadata.name} (default)` : (metadata.name ?? '')
    },
    Provisioner: ({ provisioner }) => provisioner,
    ReclaimPolicy: ({ reclaimPolicy }) => reclaimPolicy ?? 'Delete',
    VolumeBindingMode: ({ volumeBindingMode }) => volumeBindingMode ?? 'Immediate',
    AllowVolumeExpansion: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
  },
})
