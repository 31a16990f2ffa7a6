import { defineResource } from '../define-resource.ts'
import type { ValidatingAdmissionPolicyBinding } from '../types/admissionregistration-v1.gen.ts'
import { paramRefText } from './policy-cells.ts'
import { validatePolicyBinding } from './policy-validation.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicyBinding',
  {
    strategy: {
      standardFinalizers: false,
      setDefaults: ({ spec }) => setMatchDefaults(spec?.matchResources),
      validate: validatePolicyBinding,
      hasGeneration: true,
      allowUnconditionalUpdate: false,
    },
    cells: {
      PolicyName: ({ spec }) => spec?.policyName ?? '',
      ParamRef: ({ spec }) => paramRefText(spec?.paramRef),
    },
  },
)
