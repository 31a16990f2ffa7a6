import { defineResource } from '../define-resource.ts'
import type { ValidatingAdmissionPolicy } from '../types/admissionregistration-v1.gen.ts'
import { paramKindText } from './policy-cells.ts'
import { validatePolicy } from './policy-validation.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

export const validatingAdmissionPolicies = defineResource<ValidatingAdmissionPolicy>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicy',
  {
    strategy: {
      standardFinalizers: 'atCreation',
      setDefaults({ spec }) {
        if (!spec) return
        spec.failurePolicy ??= 'Fail'
        setMatchDefaults(spec.matchConstraints)
      },
      validate: validatePolicy,
      hasGeneration: true,
      allowUnconditionalUpdate: false,
    },
    subresources: { status: { keepsMetadata: true } },
    cells: {
      Validations: ({ spec }) => spec?.validations?.length ?? 0,
      ParamKind: ({ spec }) => paramKindText(spec?.paramKind),
    },
  },
)
