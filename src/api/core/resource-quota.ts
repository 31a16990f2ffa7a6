import { defineResource } from '../define-resource.ts'
import type { ResourceQuota } from '../types/core-v1.gen.ts'
import {
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from './resource-quota-validation.ts'

/** `pods: 1/10, …`, of limits or of everything else. */
const usageCell =
  (limits: boolean) =>
  ({ status }: ResourceQuota) => {
    const names = Object.keys(status?.hard ?? {}).filter(name => name.startsWith('limits.') === limits)
    return names
      .toSorted()
      .map(name => `${name}: ${status?.used?.[name] ?? '0'}/${status?.hard?.[name]}`)
      .join(', ')
  }

export const resourceQuotas = defineResource<ResourceQuota>('v1', 'ResourceQuota', {
  strategy: {
    returnsDeletedObject: true,
    validate: validateResourceQuota,
    validateUpdate: validateResourceQuotaUpdate,
  },
  subresources: { status: { strategy: { validate: validateResourceQuotaStatus } } },
  cells: { Request: usageCell(false), Limit: usageCell(true) },
})
