import { none } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { PriorityLevelConfiguration } from '../types/flowcontrol-v1.gen.ts'
import { validateFlowStatus } from './flow-schema-validation.ts'
import { validatePriorityLevel } from './priority-level-validation.ts'

const concurrencyShares = 30
const queueDefaults = { queues: 64, handSize: 8, queueLengthLimit: 50 }

const queuing = ({ spec }: PriorityLevelConfiguration) => spec?.limited?.limitResponse?.queuing

export const priorityLevelConfigurations = defineResource<PriorityLevelConfiguration>(
  'flowcontrol.apiserver.k8s.io/v1',
  'PriorityLevelConfiguration',
  {
    strategy: {
      setDefaults(level) {
        const { exempt, limited } = level.spec ?? {}
        if (exempt) {
          exempt.nominalConcurrencyShares ??= 0
          exempt.lendablePercent ??= 0
        }
        if (!limited) return
        limited.nominalConcurrencyShares ??= concurrencyShares
        limited.lendablePercent ??= 0
        const queue = queuing(level)
        if (!queue) return
        for (const field of ['queues', 'handSize', 'queueLengthLimit'] as const)
          queue[field] ||= queueDefaults[field]
      },
      validate: validatePriorityLevel,
      hasGeneration: true,
    },
    subresources: { status: { keepsMetadata: true, strategy: { validate: validateFlowStatus } } },
    cells: {
      Type: ({ spec }) => spec?.type ?? '',
      NominalConcurrencyShares: ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? none,
      Queues: level => queuing(level)?.queues ?? none,
      HandSize: level => queuing(level)?.handSize ?? none,
      QueueLengthLimit: level => queuing(level)?.queueLengthLimit ?? none,
    },
  },
)
