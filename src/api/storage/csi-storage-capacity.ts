import { isDeepStrictEqual } from 'node:util'
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { parseQuantity } from '../../machinery/quantity/index.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import { immutable, immutableText } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { nonnegativeQuantity } from '../shared/resource-names.ts'
import type { CSIStorageCapacity } from '../types/storage-v1.gen.ts'

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
        if (!isDeepStrictEqual(now.nodeTopology, old.nodeTopology))
          errors.invalid('nodeTopology', now.nodeTopology ?? null, immutableText)
        immutable(now.storageClassName, old.storageClassName, 'storageClassName', errors)
      },
      allowUnconditionalUpdate: false,
    },
  },
)
