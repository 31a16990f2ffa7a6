import { validateConditions } from '../../machinery/validation/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import type { ValidatingAdmissionPolicy } from '../types/admissionregistration-v1.gen.ts'
import { paramKindText } from './policy-cells.ts'
import { validatePolicy } from './policy-validation.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

/** What was found when the expressions were checked. */
function validateStatus({ status }: ValidatingAdmissionPolicy, errors: FieldErrors): void {
  status?.typeChecking?.expressionWarnings?.forEach(({ fieldRef, warning }, index) => {
    const path = `status.typeChecking.expressionWarnings[${index}]`
    if (!warning) errors.required(`${path}.warning`)
    if (!fieldRef?.trim()) errors.required(`${path}.fieldRef`)
  })
  validateConditions(status?.conditions, 'status.conditions', errors)
}

export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicy',
  {
    strategy: {
      standardFinalizers: false,
      setDefaults({ spec }) {
        if (!spec) return
        spec.failurePolicy ??= 'Fail'
        setMatchDefaults(spec.matchConstraints)
      },
      validate: validatePolicy,
      hasGeneration: true,
      allowUnconditionalUpdate: false,
    },
    subresources: { status: { keepsMetadata: true, strategy: { validate: validateStatus } } },
    cells: {
      Validations: ({ spec }) => spec?.validations?.length ?? 0,
      ParamKind: ({ spec }) => paramKindText(spec?.paramKind),
    },
  },
)
