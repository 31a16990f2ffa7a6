import { none } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { FlowSchema, FlowSchemaSpec } from '../types/flowcontrol-v1.gen.ts'

const precedence = 1000
const precedenceMax = 10000

export const flowSchemas = defineResource<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', {
  strategy: {
    setDefaults(schema) {
      schema.spec ??= {} as FlowSchemaSpec
      schema.spec.matchingPrecedence ||= precedence
    },
    validate({ spec }, errors) {
      const { matchingPrecedence = 0, priorityLevelConfiguration, distinguisherMethod } = spec!
      if (matchingPrecedence <= 0) {
        errors.invalid('spec.matchingPrecedence', matchingPrecedence, 'must be a positive value')
      }
      if (matchingPrecedence > precedenceMax) {
        errors.invalid(
          'spec.matchingPrecedence',
          matchingPrecedence,
          `must not be greater than ${precedenceMax}`,
        )
      }
      const methods = ['ByNamespace', 'ByUser']
      if (distinguisherMethod && !methods.includes(distinguisherMethod.type)) {
        errors.notSupported('spec.distinguisherMethod', distinguisherMethod, methods)
      }
      if (!priorityLevelConfiguration?.name) {
        errors.required('spec.priorityLevelConfiguration.name', 'must reference a priority level')
      }
    },
    hasGeneration: true,
  },
  subresources: { status: { keepsMetadata: true } },
  cells: {
    PriorityLevel: ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
    MatchingPrecedence: ({ spec }) => spec?.matchingPrecedence ?? 0,
    DistinguisherMethod: ({ spec }) => spec?.distinguisherMethod?.type ?? none,
    MissingPL: ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
  },
})
