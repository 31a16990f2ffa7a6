import { sidecarsOf } from '../../api/core/pod/lifecycle.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { PodMetrics } from '../../api/types/metrics-v1beta1.gen.ts'
import type { Client } from '../../client/client.ts'
import { isNotFound } from '../../client/failure.ts'
import type { ResourceRef } from '../../client/resource.ts'
import { fromTimestamp } from '../../client/timestamp.ts'
import { parseDuration } from '../../machinery/codec/duration.ts'
import { milliValue, parseQuantity } from '../../machinery/quantity/index.ts'
import { messageOf } from '../../std/message.ts'

const podMetrics: ResourceRef<PodMetrics> = {
  group: 'metrics.k8s.io',
  version: 'v1beta1',
  plural: 'pods',
  kind: 'PodMetrics',
  namespaced: true,
}

/** What one pod uses of a resource, in thousandths. */
export interface Usage {
  readonly value: number
  readonly atMs: number
  readonly windowMs: number
}

export interface UsageQuery {
  readonly namespace: string
  readonly selector: string
  readonly resource: string
  /** One container of each pod; the whole pods when absent. */
  readonly container?: string
}

/** Asks the resource metrics API; throws upstream's texts (podautoscaler/metrics client.go). */
export async function podUsage(client: Client, query: UsageQuery): Promise<Map<string, Usage>> {
  const { namespace, selector } = query
  const items = await listMetrics(client, namespace, selector)
  if (items.length === 0) throw new Error('no metrics returned from resource metrics API')
  return new Map(
    items.flatMap(item => {
      const value = usageOf(item, query)
      if (value === undefined) return []
      const windowMs = Number(parseDuration(item.window) / 1_000_000n)
      return [[item.metadata.name!, { value, atMs: fromTimestamp(item.timestamp) ?? 0, windowMs }] as const]
    }),
  )
}

async function listMetrics(client: Client, namespace: string, labelSelector: string): Promise<PodMetrics[]> {
  try {
    return [...(await client.list(podMetrics, { namespace, labelSelector })).items]
  } catch (error) {
    const absent = 'the server could not find the requested resource (get pods.metrics.k8s.io)'
    const why = isNotFound(error) ? absent : messageOf(error)
    throw new Error(`unable to fetch metrics from resource metrics API: ${why}`)
  }
}

function usageOf({ containers }: PodMetrics, { resource, container }: UsageQuery): number | undefined {
  const counted = container ? containers.filter(({ name }) => name === container) : containers
  const amounts = counted.map(({ usage }) => usage[resource])
  if (amounts.length === 0 || amounts.includes(undefined)) return undefined
  return amounts.reduce((sum, amount) => sum + milli(amount!), 0)
}

export function milli(amount: string): number {
  return Number(milliValue(parseQuantity(amount)))
}

/** What the pods ask for of a resource, in thousandths; throws when one does not say. */
export function podRequests(
  pods: readonly Pod[],
  resource: string,
  container: string | undefined,
): Map<string, number> {
  return new Map(pods.map(pod => [pod.metadata.name!, requestOf(pod, resource, container)]))
}

function requestOf({ metadata, spec }: Pod, resource: string, container: string | undefined): number {
  const level = container === undefined ? spec?.resources?.requests : undefined
  if (level && Object.keys(level).length > 0) {
    if (level[resource] === undefined)
      throw new Error(`missing pod-level request for ${resource} in Pod ${metadata.name}`)
    return milli(level[resource])
  }
  const sidecars = sidecarsOf(spec)
  const all = [...(spec?.containers ?? []), ...sidecars]
  const counted = container === undefined ? all : all.filter(({ name }) => name === container)
  if (container !== undefined && counted.length === 0)
    throw new Error(`container ${container} not found in Pod ${metadata.name}`)
  return counted.reduce((sum, { name, resources }) => {
    const request = resources?.requests?.[resource]
    if (request === undefined)
      throw new Error(`missing request for ${resource} in container ${name} of Pod ${metadata.name}`)
    return sum + milli(request)
  }, 0)
}
