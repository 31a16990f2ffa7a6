/** Fields of gates that are off by default in 1.35: a write loses them (registry/resource dropDisabledFields). */
import { dropFields } from '../../machinery/schema/empties.ts'
import { inForce } from '../features/in-force.ts'
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimSpec,
  ResourceSlice,
} from '../types/resource-v1.gen.ts'

/** DRADeviceTaints, DRAPartitionableDevices, DRADeviceBindingConditions, DRAConsumableCapacity. */
export function dropSliceFields({ spec }: ResourceSlice, old?: ResourceSlice): void {
  if (!spec) return
  const keepsTaints = inForce('DRADeviceTaints') || old?.spec?.devices?.some(({ taints }) => taints?.length)
  if (!keepsTaints) for (const device of spec.devices ?? []) delete device.taints
  delete spec.sharedCounters
  delete spec.perDeviceNodeSelection
  for (const device of spec.devices ?? []) {
    for (const field of deviceFields) delete device[field]
    for (const capacity of Object.values(device.capacity ?? {})) delete capacity.requestPolicy
  }
}

const deviceFields = [
  'consumesCounters',
  'nodeName',
  'nodeSelector',
  'allNodes',
  'bindingConditions',
  'bindingFailureConditions',
  'bindsToNode',
  'allowMultipleAllocations',
] as const

/** DRADeviceTaints, DRAConsumableCapacity. */
export function dropClaimFields(spec: ResourceClaimSpec | undefined, old?: ResourceClaimSpec): void {
  const keepsTolerations =
    inForce('DRADeviceTaints') || exactRequests(old).some(({ tolerations }) => tolerations?.length)
  for (const request of exactRequests(spec)) {
    if (!keepsTolerations) dropFields(request, 'tolerations')
    dropFields(request, 'capacity')
  }
  for (const constraint of spec?.devices?.constraints ?? []) delete constraint.distinctAttribute
}

function exactRequests(spec: ResourceClaimSpec | undefined) {
  const requests = spec?.devices?.requests ?? []
  return requests.flatMap(({ exactly, firstAvailable = [] }) => [
    ...(exactly ? [exactly] : []),
    ...firstAvailable,
  ])
}

/** DRAConsumableCapacity, DRADeviceBindingConditions. */
export function dropClaimStatusFields({ status }: ResourceClaim): void {
  for (const result of status?.allocation?.devices?.results ?? []) {
    delete result.shareID
    delete result.consumedCapacity
    delete result.bindingConditions
    delete result.bindingFailureConditions
  }
  for (const device of status?.devices ?? []) delete device.shareID
}

/** DRAExtendedResource. */
export function dropClassFields({ spec }: DeviceClass): void {
  if (spec) delete spec.extendedResourceName
}
