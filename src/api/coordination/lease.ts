import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { Lease } from '../types/coordination-v1.gen.ts'

function validate({ spec = {} }: Lease, errors: FieldErrors): void {
  const { leaseDurationSeconds, leaseTransitions } = spec
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0')
  }
  nonnegative(leaseTransitions, 'spec.leaseTransitions', errors)
}

/** Coordinated leader election is off by default: its fields are not kept (KEP-4355). */
function dropCoordination({ spec }: Lease): void {
  delete spec?.strategy
  delete spec?.preferredHolder
}

export const leases = defineResource<Lease>('coordination.k8s.io/v1', 'Lease', {
  strategy: {
    standardFinalizers: false,
    prepareForCreate: dropCoordination,
    prepareForUpdate: dropCoordination,
    validate,
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  storage: { volatile: true },
  cells: { Holder: ({ spec }) => spec?.holderIdentity ?? '' },
})
