import { unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { ValidatingAdmissionPolicy } from '../types/admissionregistration-v1.gen.ts'
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
      validate({ spec = {} }, errors) {
        const { validations = [], auditAnnotations = [], matchConstraints, paramKind } = spec
        if (validations.length + auditAnnotations.length === 0) {
          const detail = 'validations or auditAnnotations must contain at least one item'
          errors.required('spec.validations', detail)
          errors.required('spec.auditAnnotations', detail)
        }
        validations.forEach(({ expression }, i) => {
          if (!expression?.trim())
            errors.required(`spec.validations[${i}].expression`, 'expression is not specified')
        })
        if (!matchConstraints) errors.required('spec.matchConstraints')
        else if (!matchConstraints.resourceRules?.length)
          errors.required('spec.matchConstraints.resourceRules')
        if (!paramKind) return
        if (!paramKind.apiVersion) errors.required('spec.paramKind.apiVersion')
        if (!paramKind.kind) errors.required('spec.paramKind.kind')
      },
      hasGeneration: true,
      allowUnconditionalUpdate: false,
    },
    subresources: { status: { keepsMetadata: true } },
    cells: {
      Validations: ({ spec }) => spec?.validations?.length ?? 0,
      ParamKind: ({ spec }) =>
        spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : unset,
    },
  },
)
