import { defineResource } from '../define-resource.ts'
import { immutableField } from '../shared/same-field.ts'
import type { PriorityClass } from '../types/scheduling-v1.gen.ts'

const systemPrefix = 'system-'
const userValueMax = 1_000_000_000
const systemValues: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}
const policies = ['PreemptLowerPriority', 'Never']

/** Why a `system-` name is not one of the two that there are; undefined when it is. */
function systemProblem({ metadata, value, globalDefault }: PriorityClass): string | undefined {
  const name = metadata.name ?? ''
  const known = Object.hasOwn(systemValues, name) ? systemValues[name] : undefined
  if (known === undefined) return `${name} is not a known system priority class`
  if (value !== known) return `value of ${name} PriorityClass must be ${known}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export const priorityClasses = defineResource<PriorityClass>('scheduling.k8s.io/v1', 'PriorityClass', {
  strategy: {
    setDefaults(priorityClass) {
      priorityClass.preemptionPolicy ??= 'PreemptLowerPriority'
    },
    validate(priorityClass, errors) {
      const { metadata, value, preemptionPolicy = '' } = priorityClass
      if (metadata.name?.startsWith(systemPrefix)) {
        const problem = systemProblem(priorityClass)
        const reserved = `priority class names with '${systemPrefix}' prefix are reserved for system use only`
        if (problem) errors.forbidden('metadata.name', `${reserved}. error: ${problem}`)
      } else if (value > userValueMax) {
        errors.forbidden('value', `maximum allowed value of a user defined priority is ${userValueMax}`)
      }
      if (!policies.includes(preemptionPolicy))
        errors.notSupported('preemptionPolicy', preemptionPolicy, policies)
    },
    validatesOnceOnly: true,
    validateUpdate(now, old, errors) {
      if (now.value !== old.value) errors.forbidden('value', 'may not be changed in an update.')
      immutableField(
        'k8s.io/api/scheduling/v1.PriorityClass',
        'preemptionPolicy',
        [now, old],
        'preemptionPolicy',
        errors,
      )
    },
    prepareForCreate({ metadata }) {
      metadata.generation = 1
    },
  },
  cells: {
    Value: ({ value }) => value,
    'Global-Default': ({ globalDefault }) => globalDefault ?? false,
    PreemptionPolicy: ({ preemptionPolicy }) => preemptionPolicy ?? '',
  },
})
