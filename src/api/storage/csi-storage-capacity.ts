import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { parseQuantity } from '../../machinery/quantity/index.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import { immutableText } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { nonnegativeQuantity } from '../shared/resource-names.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import type { CSIStorageCapacity } from '../types/storage-v1.gen.ts'

const capacityType = 'k8s.io/api/storage/v1.CSIStorageCapacity'

export const csiStorageCapacities = defineResource<CSIStorageCapacity>(
  'storage.k8s.io/v1',
  'CSIStorageCapacity',
  {
    strategy: {
      validate({ nodeTopology, storageClassName = '', capacity }, errors) {
        validateLabelSelector(nodeTopology, 'nodeTopology', errors)
        invalidFor(errors, 'storageClassName', storageClassName, dns1123SubdomainErrors(storageClassName))
        if (capacity !== undefined) nonnegativeQuantity(parseQuantity(capacity), capacity, 'capacity', errors)
      },
      validateUpdate(now, old, errors) {
        if (!sameField(capacityType, 'nodeTopology', now, old))
          errors.invalid('nodeTopology', now.nodeTopology ?? null, immutableText)
        immutableField(capacityType, 'storageClassName', [now, old], 'storageClassName', errors)
      },
      allowUnconditionalUpdate: false,
    },
  },
)
