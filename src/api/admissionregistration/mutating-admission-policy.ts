import type { Resource } from '../define.ts'
import { defineResource } from '../define-resource.ts'
import type { MutatingAdmissionPolicy } from '../types/admissionregistration-v1beta1.gen.ts'
import { alphaDeprecation } from './alpha.ts'
import { validateMutatingPolicy } from './mutating-policy-validation.ts'
import { paramKindText } from './policy-cells.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

/** The versions differ in name alone. */
function define(version: string): Resource<MutatingAdmissionPolicy> {
  return defineResource<MutatingAdmissionPolicy>(
    `admissionregistration.k8s.io/${version}`,
    'MutatingAdmissionPolicy',
    {
      strategy: {
        setDefaults({ spec }) {
          if (!spec) return
          spec.failurePolicy ??= 'Fail'
          setMatchDefaults(spec.matchConstraints)
        },
        validate: validateMutatingPolicy,
        hasGeneration: true,
        allowUnconditionalUpdate: false,
      },
      ...(version === 'v1alpha1' && { deprecation: alphaDeprecation('MutatingAdmissionPolicy') }),
      cells: {
        Mutations: ({ spec }) => spec?.mutations?.length ?? 0,
        ParamKind: ({ spec }) => paramKindText(spec?.paramKind),
      },
    },
  )
}

/** Changes objects on their way in, by expressions (KEP-3962). */
export const mutatingAdmissionPolicies = define('v1beta1')
export const mutatingAdmissionPoliciesAlpha = define('v1alpha1')
