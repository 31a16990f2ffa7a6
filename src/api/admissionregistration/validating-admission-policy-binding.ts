import { formatLabelSelector, unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { ValidatingAdmissionPolicyBinding } from '../types/admissionregistration-v1.gen.ts'
import { validatePolicyBinding } from './policy-validation.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

function paramText({ spec }: ValidatingAdmissionPolicyBinding): string {
  const { name, namespace, selector } = spec?.paramRef ?? {}
  if (name) return `${namespace || '*'}/${name}`
  return selector ? formatLabelSelector(selector) : unset
}

export const validatingAdmissionPolicyBindings = defineResource<ValidatingAdmissionPolicyBinding>(
  'admissionregistration.k8s.io/v1',
  'ValidatingAdmissionPolicyBinding',
  {
    strategy: {
      setDefaults: ({ spec }) => setMatchDefaults(spec?.matchResources),
      validate: validatePolicyBinding,
      hasGeneration: true,
      allowUnconditionalUpdate: false,
    },
    cells: { PolicyName: ({ spec }) => spec?.policyName ?? '', ParamRef: paramText },
  },
)
