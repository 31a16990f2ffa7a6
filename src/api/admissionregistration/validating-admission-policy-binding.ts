import { formatLabelSelector, unset } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { ValidatingAdmissionPolicyBinding } from '../types/admissionregistration-v1.gen.ts'
import { setMatchDefaults } from './webhook-defaults.ts'

const actions = ['Audit', 'Deny', 'Warn']

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
      validate({ spec = {} }, errors) {
        const { policyName, validationActions = [], paramRef } = spec
        if (!policyName) errors.required('spec.policyName')
        if (paramRef && !paramRef.name && !paramRef.selector) {
          errors.required('spec.paramRef', 'one of name or selector must be specified')
        }
        if (validationActions.length === 0)
          errors.required('spec.validationActions', 'at least one validation action is required')
        validationActions.forEach((action, i) => {
          const path = `spec.validationActions[${i}]`
          if (!actions.includes(action)) errors.notSupported(path, action, actions)
          else if (validationActions.indexOf(action) < i) errors.duplicate(path, action)
        })
        if (validationActions.includes('Deny') && validationActions.includes('Warn')) {
          errors.invalid(
            'spec.validationActions',
            validationActions,
            'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
          )
        }
      },
      hasGeneration: true,
      allowUnconditionalUpdate: false,
    },
    cells: { PolicyName: ({ spec }) => spec?.policyName ?? '', ParamRef: paramText },
  },
)
