import { none } from '../../machinery/table/cells.ts'
import { defineResource } from '../define-resource.ts'
import type { PriorityLevelConfiguration } from '../types/flowcontrol-v1.gen.ts'

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
      validate({ spec }, errors) {
        const { type = '', limited, exempt } = spec ?? {}
        if (type !== 'Exempt' && type !== 'Limited')
          errors.notSupported('spec.type', type, ['Exempt', 'Limited'])
        if (type === 'Exempt' && limited)
          errors.forbidden('spec.limited', 'must be nil if the type is not Limited')
        if (type === 'Limited' && exempt)
          errors.forbidden('spec.exempt', 'must be nil if the type is Limited')
        if (type === 'Limited' && !limited)
          errors.required('spec.limited', 'must not be empty when type is Limited')
      },
      hasGeneration: true,
    },
    subresources: { status: { keepsMetadata: true } },
    cells: {
      Type: ({ spec }) => spec?.type ?? '',
      NominalConcurrencyShares: ({ spec }) => spec?.limited?.nominalConcurrencyShares ?? none,
      Queues: level => queuing(level)?.queues ?? none,
      HandSize: level => queuing(level)?.handSize ?? none,
      QueueLengthLimit: level => queuing(level)?.queueLengthLimit ?? none,
    },
  },
)
