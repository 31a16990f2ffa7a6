import { aggregateContainers } from '../api/core/pod/pod-resources.ts'
import type { Pod } from '../api/types/core-v1.gen.ts'
import {
  addQuantity,
  isZeroQuantity,
  parseQuantities,
  type Quantity,
  quantityToNumber,
} from '../machinery/quantity/index.ts'
import { createMetrics, type MetricSpec } from '../std/metrics.ts'

const spec = (name: string, what: string): MetricSpec => ({
  name,
  help: `${what}, broken down by pod. This shows the resource usage the scheduler and kubelet expect per pod for resources along with the unit for the resource if any.`,
  labels: ['namespace', 'pod', 'node', 'scheduler', 'priority', 'resource', 'unit'],
  stability: 'STABLE',
})
const requestSpec = spec('kube_pod_resource_request', 'Resources requested by workloads on the cluster')
const limitSpec = spec('kube_pod_resource_limit', 'Resources limit for workloads on the cluster')

/**
 * What all pods that have not ended ask for and may use, as the scheduler's `/metrics/resources` tells it (upstream
 * pkg/scheduler/metrics/resources): read from the pods when somebody asks, and only then.
 */
export function podResourcesText(pods: Iterable<Pod>): string {
  const metrics = createMetrics()
  const requests = metrics.gauge(requestSpec)
  const limits = metrics.gauge(limitSpec)
  for (const pod of pods) {
    if (hasEnded(pod)) continue
    for (const [gauge, amounts] of [
      [requests, requestsOf(pod)],
      [limits, limitsOf(pod)],
    ] as const)
      for (const [resource, amount] of Object.entries(amounts))
        if (!isZeroQuantity(amount))
          gauge.with(...labelsOf(pod), resource, unitOf(resource)).set(quantityToNumber(amount))
  }
  return metrics.text()
}

/** A pod without a node has not begun. */
function hasEnded({ spec, status }: Pod): boolean {
  return Boolean(spec?.nodeName) && (status?.phase === 'Succeeded' || status?.phase === 'Failed')
}

function labelsOf({ metadata, spec }: Pod): string[] {
  const { nodeName = '', schedulerName = '', priority } = spec ?? {}
  return [
    metadata.namespace ?? '',
    metadata.name ?? '',
    nodeName,
    schedulerName,
    priority === undefined ? '' : String(priority),
  ]
}

type Amounts = Readonly<Record<string, Quantity>>

/** With its overhead (component-helpers/resource PodRequests). */
function requestsOf(pod: Pod): Amounts {
  const sum: Record<string, Quantity> = { ...ofPod(pod, 'requests') }
  for (const [name, amount] of Object.entries(overheadOf(pod)))
    sum[name] = sum[name] ? addQuantity(sum[name], amount) : amount
  return sum
}

/** Overhead adds to what has a limit (PodLimits). */
function limitsOf(pod: Pod): Amounts {
  const overhead = overheadOf(pod)
  return Object.fromEntries(
    Object.entries(ofPod(pod, 'limits')).map(([name, amount]) => [
      name,
      overhead[name] && !isZeroQuantity(amount) ? addQuantity(amount, overhead[name]) : amount,
    ]),
  )
}

/** What is said of the pod as a whole counts instead of what its containers say. */
function ofPod({ spec }: Pod, side: 'requests' | 'limits'): Amounts {
  return spec ? { ...aggregateContainers(spec, side), ...parseQuantities(spec.resources?.[side]) } : {}
}

function overheadOf({ spec }: Pod): Amounts {
  return parseQuantities(spec?.overhead)
}

function unitOf(resource: string): string {
  if (resource === 'cpu') return 'cores'
  if (['memory', 'storage', 'ephemeral-storage'].includes(resource)) return 'bytes'
  if (resource.startsWith('hugepages-')) return 'bytes'
  return resource.startsWith('attachable-volumes-') ? 'integer' : ''
}
