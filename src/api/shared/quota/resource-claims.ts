import { quantityOf } from '../../../machinery/quantity/index.ts'
import type { DeviceRequest, ResourceClaim } from '../../types/resource-v1.gen.ts'
import { addLists, type Evaluator, type Usage } from './evaluator.ts'

const classSuffix = '.deviceclass.resource.k8s.io/devices'
/** As many devices as a request for all of them may get (resource/v1 AllocationResultsMaxSize). */
const devicesMax = 32

/** Devices by their class; of several choices each class counts with its largest (evaluator/core resource_claims.go). */
export const resourceClaimEvaluator: Evaluator = {
  charges: name => name.endsWith(classSuffix),
  usage: object =>
    ((object as ResourceClaim).spec?.devices?.requests ?? []).map(devicesOf).reduce<Usage>(addLists, {}),
}

type DeviceChoice = NonNullable<DeviceRequest['exactly']>

function devicesOf(request: DeviceRequest): Usage {
  // An older version has the only choice in the request itself.
  const choices: readonly Partial<DeviceChoice>[] = request.firstAvailable ?? [
    request.exactly ?? (request as Partial<DeviceChoice>),
  ]
  const counts: Record<string, number> = {}
  for (const { deviceClassName, allocationMode, count = 1 } of choices) {
    if (!deviceClassName) continue
    const name = `${deviceClassName}${classSuffix}`
    counts[name] = Math.max(counts[name] ?? 0, allocationMode === 'All' ? devicesMax : count)
  }
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, quantityOf(count)]))
}
