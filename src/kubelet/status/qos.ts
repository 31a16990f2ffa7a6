import type { Pod } from '../../api/types/core-v1.gen.ts'
import { compareQuantity, isZeroQuantity, parseQuantity } from '../../machinery/quantity/index.ts'

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const counted = ['cpu', 'memory']

/** The pod's quality of service class (upstream pkg/apis/core/v1/helper/qos). */
export function qosClass(pod: Pod): QosClass {
  const set = pod.status?.qosClass
  if (set) return set as QosClass
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const resources = containers.map(container => container.resources ?? {})
  const used = resources.some(({ requests, limits }) =>
    counted.some(name => isSet(requests?.[name]) || isSet(limits?.[name])),
  )
  if (!used) return 'BestEffort'
  const guaranteed = resources.every(({ requests, limits }) =>
    counted.every(name => {
      const limit = limits?.[name]
      const request = requests?.[name] ?? limit
      if (!isSet(limit) || limit === undefined || request === undefined) return false
      return compareQuantity(parseQuantity(request), parseQuantity(limit)) === 0
    }),
  )
  return guaranteed ? 'Guaranteed' : 'Burstable'
}

function isSet(quantity: string | undefined): boolean {
  return quantity !== undefined && !isZeroQuantity(parseQuantity(quantity))
}
