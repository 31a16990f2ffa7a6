import type { Resource } from '../define.ts'
import { defineResource } from '../define-resource.ts'
import type { MutatingAdmissionPolicyBinding } from '../types/admissionregistration-v1beta1.gen.ts'
import { alphaDeprecation } from './alpha.ts'
import { validateMutatingPolicyBinding } from './mutating-policy-validation.ts'
import { paramRefText } from './policy-cells.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

type SetDefaults = (binding: MutatingAdmissionPolicyBinding) => void

function define(version: string, setDefaults: SetDefaults): Resource<MutatingAdmissionPolicyBinding> {
  return defineResource<MutatingAdmissionPolicyBinding>(
    `admissionregistration.k8s.io/${version}`,
    'MutatingAdmissionPolicyBinding',
    {
      strategy: {
        setDefaults,
        validate: validateMutatingPolicyBinding,
        hasGeneration: true,
        allowUnconditionalUpdate: false,
      },
      ...(version === 'v1alpha1' && { deprecation: alphaDeprecation('MutatingAdmissionPolicyBinding') }),
      cells: {
        PolicyName: ({ spec }) => spec?.policyName ?? '',
        ParamRef: ({ spec }) => paramRefText(spec?.paramRef),
      },
    },
  )
}

const matchDefaults: SetDefaults = ({ spec }) => setMatchDefaults(spec?.matchResources)

export const mutatingAdmissionPolicyBindings = define('v1beta1', matchDefaults)
/** The older version says what happens without params. */
export const mutatingAdmissionPolicyBindingsAlpha = define('v1alpha1', binding => {
  matchDefaults(binding)
  const { paramRef } = binding.spec ?? {}
  if (paramRef) paramRef.parameterNotFoundAction ??= 'Deny'
})
