import { findCondition } from '../../machinery/meta/conditions.ts'
import { defineResource } from '../define-resource.ts'
import type { ComponentStatus } from '../types/core-v1.gen.ts'

function health({ conditions }: ComponentStatus) {
  return findCondition(conditions, 'Healthy')
}

/** Made up on each read, never stored. */
export const componentStatuses = defineResource<ComponentStatus>('v1', 'ComponentStatus', {
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  strategy: { ephemeral: true },
  reader: 'componentstatuses',
  cells: {
    Status(object) {
      const condition = health(object)
      if (!condition) return 'Unknown'
      return condition.status === 'True' ? 'Healthy' : 'Unhealthy'
    },
    Message: object => health(object)?.message ?? '',
    Error: object => health(object)?.error ?? '',
  },
})
