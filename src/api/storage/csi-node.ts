import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { immutableText, nonnegative } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { validateDriverName } from '../shared/driver-names.ts'
import { internalValue } from '../shared/internal-value.ts'
import { sameValue } from '../shared/same-field.ts'
import type { CSINode, CSINodeDriver } from '../types/storage-v1.gen.ts'

const driverType = 'k8s.io/api/storage/v1.CSINodeDriver'
const nodeIdMax = 256

/** What of a driver's entry must stay. */
function identity({ allocatable: _allocatable, ...rest }: CSINodeDriver): Omit<CSINodeDriver, 'allocatable'> {
  return rest
}

function validateDriver(driver: CSINodeDriver, seen: Set<string>, path: string, errors: FieldErrors): void {
  const { name = '', nodeID = '', allocatable, topologyKeys = [] } = driver
  validateDriverName(name, `${path}.name`, errors)
  if (!nodeID) errors.required(`${path}.nodeID`)
  if (nodeID.length > nodeIdMax)
    errors.invalid(`${path}.nodeID`, nodeID, `must be ${nodeIdMax} characters or less`)
  nonnegative(allocatable?.count, `${path}.allocatable.count`, errors)
  if (seen.has(name)) errors.duplicate(`${path}.name`, name)
  seen.add(name)
  topologyKeys.forEach((key, index) => {
    if (!key) errors.required(path)
    if (topologyKeys.indexOf(key) < index) errors.duplicate(path, key)
    invalidFor(errors, path, key, qualifiedNameErrors(key))
  })
}

export const csiNodes = defineResource<CSINode>('storage.k8s.io/v1', 'CSINode', {
  strategy: {
    returnsDeletedObject: true,
    validate({ spec }, errors) {
      const seen = new Set<string>()
      spec?.drivers?.forEach((driver, i) => {
        validateDriver(driver, seen, `spec.drivers[${i}]`, errors)
      })
    },
    validateUpdate({ spec }, old, errors) {
      for (const before of old.spec?.drivers ?? []) {
        for (const driver of spec?.drivers ?? []) {
          if (driver.name !== before.name || sameValue(driverType, identity(driver), identity(before)))
            continue
          errors.invalid('spec.drivers', internalValue(driverType, identity(driver)), immutableText)
        }
      }
    },
    allowUnconditionalUpdate: false,
  },
  cells: { Drivers: ({ spec }) => spec?.drivers?.length ?? 0 },
})
