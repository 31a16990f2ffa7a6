import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { validateConditions } from '../../machinery/validation/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import {
  nonnegative,
  validateNotMoreThan100Percent,
  validatePositiveIntOrPercent,
} from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { PodDisruptionBudget } from '../types/policy-v1.gen.ts'

const evictionPolicies = ['AlwaysAllow', 'IfHealthyBudget']

function validate({ spec = {} }: PodDisruptionBudget, errors: FieldErrors): void {
  const { minAvailable, maxUnavailable, unhealthyPodEvictionPolicy } = spec
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const shown = {
      MinAvailable: minAvailable,
      Selector: spec.selector ?? null,
      MaxUnavailable: maxUnavailable,
      UnhealthyPodEvictionPolicy: unhealthyPodEvictionPolicy ?? null,
    }
    errors.invalid('spec', shown, 'minAvailable and maxUnavailable cannot be both set')
  }
  for (const [field, value] of Object.entries({ minAvailable, maxUnavailable })) {
    if (value === undefined) continue
    validatePositiveIntOrPercent(value, `spec.${field}`, errors)
    validateNotMoreThan100Percent(value, `spec.${field}`, errors)
  }
  validateLabelSelector(spec.selector, 'spec.selector', errors)
  if (unhealthyPodEvictionPolicy !== undefined && !evictionPolicies.includes(unhealthyPodEvictionPolicy)) {
    errors.notSupported('spec.unhealthyPodEvictionPolicy', unhealthyPodEvictionPolicy, evictionPolicies)
  }
}

const counts = ['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const

export const podDisruptionBudgets = defineResource<PodDisruptionBudget>('policy/v1', 'PodDisruptionBudget', {
  strategy: {
    standardFinalizers: false,
    validateName: nameIsPathSegment,
    validate,
    hasGeneration: true,
    allowUnconditionalUpdate: false,
  },
  initialStatus: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
  subresources: {
    status: {
      strategy: {
        validate({ status }, errors) {
          validateConditions(status?.conditions, 'status.conditions', errors)
          for (const field of counts) nonnegative(status?.[field], `status.${field}`, errors)
        },
      },
    },
  },
  cells: {
    'Min Available': ({ spec }) => String(spec?.minAvailable ?? 'N/A'),
    'Max Unavailable': ({ spec }) => String(spec?.maxUnavailable ?? 'N/A'),
    'Allowed Disruptions': ({ status }) => status?.disruptionsAllowed ?? 0,
  },
})
