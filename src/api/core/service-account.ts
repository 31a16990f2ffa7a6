import { defineResource } from '../define-resource.ts'
import type { ServiceAccount } from '../types/core-v1.gen.ts'

export const serviceAccounts = defineResource<ServiceAccount>('v1', 'ServiceAccount', {
  strategy: { returnsDeletedObject: true },
})
