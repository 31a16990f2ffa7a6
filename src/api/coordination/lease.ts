import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { Lease } from '../types/coordination-v1.gen.ts'

function validate({ spec = {} }: Lease, errors: FieldErrors): void {
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = spec
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    errors.invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0')
  }
  nonnegative(leaseTransitions, 'spec.leaseTransitions', errors)
  if (preferredHolder && !strategy) {
    errors.forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined')
  }
}

export const leases = defineResource<Lease>('coordination.k8s.io/v1', 'Lease', {
  strategy: { validate, allowCreateOnUpdate: true, allowUnconditionalUpdate: false },
  storage: { volatile: true },
  cells: { Holder: ({ spec }) => spec?.holderIdentity ?? '' },
})
