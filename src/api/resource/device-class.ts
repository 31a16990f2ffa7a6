import { defineResource } from '../define-resource.ts'
import type { DeviceClass } from '../types/resource-v1.gen.ts'

export const deviceClasses = defineResource<DeviceClass>('resource.k8s.io/v1', 'DeviceClass', {
  strategy: { returnsDeletedObject: true, hasGeneration: true },
})
