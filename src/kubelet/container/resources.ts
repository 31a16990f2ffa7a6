import type { Container, Pod } from '../../api/types/core-v1.gen.ts'
import { milliValue, parseQuantity, quantityValue } from '../../machinery/quantity/index.ts'
import { type ContainerResources, cpuPeriodUs } from '../runtime/runtime.ts'
import { qosClass } from '../status/qos.ts'

const sharesMin = 2
const sharesMax = 262_144
const quotaMinUs = 1_000

/** What requests and limits mean to the kernel (upstream pkg/kubelet/cm helpers, qos policy). */
export function containerResources(
  pod: Pod,
  { resources }: Container,
  memoryCapacityBytes: number,
): ContainerResources {
  const { requests, limits } = resources ?? {}
  const cpu = requests?.cpu ?? limits?.cpu
  const shares =
    cpu === undefined ? sharesMin : Math.floor((Number(milliValue(parseQuantity(cpu))) * 1024) / 1000)
  const limitMilli = limits?.cpu === undefined ? 0 : Number(milliValue(parseQuantity(limits.cpu)))
  const memory = limits?.memory === undefined ? 0 : Number(quantityValue(parseQuantity(limits.memory)))
  const request =
    requests?.memory === undefined ? memory : Number(quantityValue(parseQuantity(requests.memory)))
  return {
    cpuShares: Math.min(Math.max(shares, sharesMin), sharesMax),
    cpuQuotaUs: limitMilli > 0 ? Math.max((limitMilli * cpuPeriodUs) / 1000, quotaMinUs) : undefined,
    memoryLimitBytes: memory > 0 ? memory : undefined,
    oomScoreAdj: oomScoreAdj(pod, request, memoryCapacityBytes),
  }
}

function oomScoreAdj(pod: Pod, requestBytes: number, capacityBytes: number): number {
  const critical = (pod.spec?.priority ?? 0) >= 2_000_000_000
  const qos = qosClass(pod)
  if (critical || qos === 'Guaranteed') return -997
  if (qos === 'BestEffort') return 1000
  const share = Math.floor(1000 - (1000 * requestBytes) / capacityBytes)
  return Math.min(Math.max(share, 3), 999)
}
