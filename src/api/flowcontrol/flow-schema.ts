import { findCondition } from '../../machinery/meta/conditions.ts'
import { none } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { FlowSchema, FlowSchemaSpec } from '../types/flowcontrol-v1.gen.ts'
import { validateFlowSchema, validateFlowStatus } from './flow-schema-validation.ts'

const precedence = 1000

export const flowSchemas = defineResource<FlowSchema>('flowcontrol.apiserver.k8s.io/v1', 'FlowSchema', {
  strategy: {
    setDefaults(schema) {
      schema.spec ??= {} as FlowSchemaSpec
      schema.spec.matchingPrecedence ||= precedence
    },
    validate: validateFlowSchema,
    hasGeneration: true,
  },
  subresources: { status: { keepsMetadata: true, strategy: { validate: validateFlowStatus } } },
  cells: {
    PriorityLevel: ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
    MatchingPrecedence: ({ spec }) => spec?.matchingPrecedence ?? 0,
    DistinguisherMethod: ({ spec }) => spec?.distinguisherMethod?.type ?? none,
    MissingPL: ({ status }) => findCondition(status?.conditions, 'Dangling')?.status ?? '?',
  },
})
