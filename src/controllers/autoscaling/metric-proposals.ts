import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../api/types/autoscaling-v2.gen.ts'
import type { Pod } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { formatQuantity, parseQuantity } from '../../machinery/quantity/index.ts'
import { messageOf } from '../../std/message.ts'
import { goText } from '../shared/go-text.ts'
import type { AutoscalingTuning } from '../tuning.ts'
import { milli, podRequests, podUsage, type Usage, type UsageQuery } from './pod-metrics.ts'
import { calculateReplicas, type Tolerances } from './replica-calculator.ts'

export interface MetricSources {
  readonly client: Client
  readonly autoscaler: HorizontalPodAutoscaler
  /** As the target's scale says. */
  readonly selector: string
  readonly pods: readonly Pod[]
  readonly current: number
  readonly tuning: AutoscalingTuning
  readonly nowMs: number
}

/** What one metric asks for. */
export interface MetricProposal {
  readonly replicas: number
  readonly name: string
  readonly status: MetricStatus
}

/** A metric cannot be had; `reason` is the condition's and the event's. */
export class MetricError extends Error {
  override name = 'MetricError'
  readonly reason: string
  /** Goes before the message where all metrics are summed up. */
  readonly prefix: string

  constructor(reason: string, prefix: string, message: string) {
    super(message)
    this.reason = reason
    this.prefix = prefix
  }
}

/** Throws a MetricError when the metric cannot be had. */
export async function proposeFor(spec: MetricSpec, sources: MetricSources): Promise<MetricProposal> {
  const { type, resource, containerResource } = spec
  if (type === 'Resource') return await resourceProposal(resource!.name, resource!.target, sources)
  if (type === 'ContainerResource') {
    const { name, target, container } = containerResource!
    return await resourceProposal(name, target, sources, container)
  }
  throw unavailable(spec, sources.autoscaler.metadata.namespace!)
}

/** No server of custom or external metrics is spoken to: each is refused as where there is none. */
function unavailable({ type, pods, object, external }: MetricSpec, namespace: string): MetricError {
  const custom =
    'unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered'
  if (type === 'Pods')
    return new MetricError(
      'FailedGetPodsMetric',
      'failed to get pods metric value: ',
      `unable to get metric ${pods!.metric.name}: ${custom}`,
    )
  if (type === 'Object') {
    const { metric, describedObject } = object!
    // Upstream's text has its parts in this order.
    const where = `${describedObject.kind} on ${namespace} ${describedObject.name}/${custom}`
    return new MetricError(
      'FailedGetObjectMetric',
      'failed to get object metric value: ',
      `unable to get metric ${metric.name}: ${where}`,
    )
  }
  if (type !== 'External')
    return new MetricError('InvalidMetricSourceType', '', `unknown metric source type "${type}"`)
  const { name, selector } = external!.metric
  const inner = external!.target.averageValue ? `${name} external metric` : `external metric ${name}`
  const why = `unable to fetch metrics from external metrics API: the server could not find the requested resource (get ${name}.external.metrics.k8s.io)`
  const which = `${namespace}/${name}/${selector ? goText(selector) : 'nil'}`
  return new MetricError(
    'FailedGetExternalMetric',
    `failed to get ${name} external metric value: failed to get ${inner}: `,
    `unable to get external metric ${which}: ${why}`,
  )
}

async function resourceProposal(
  resource: string,
  target: MetricTarget,
  sources: MetricSources,
  container?: string,
): Promise<MetricProposal> {
  const reason = container === undefined ? 'FailedGetResourceMetric' : 'FailedGetContainerResourceMetric'
  const prefix =
    container === undefined
      ? `failed to get ${resource} resource metric value: `
      : `failed to get ${container} container metric value: `
  try {
    const { replicas, current } = await computed({ resource, target, container }, sources)
    const name =
      target.averageValue === undefined
        ? `${resource} ${container === undefined ? '' : 'container '}resource utilization (percentage of request)`
        : `${resource} resource`
    const status: MetricStatus =
      container === undefined
        ? { type: 'Resource', resource: { name: resource, current } }
        : { type: 'ContainerResource', containerResource: { name: resource, container, current } }
    return { replicas, name, status }
  } catch (error) {
    throw new MetricError(reason, prefix, messageOf(error))
  }
}

interface ResourceMetric {
  readonly resource: string
  readonly target: MetricTarget
  readonly container: string | undefined
}

interface Computed {
  readonly replicas: number
  readonly current: MetricValueStatus
}

async function computed(metric: ResourceMetric, sources: MetricSources): Promise<Computed> {
  const { resource, target, container } = metric
  const what = target.averageValue === undefined ? 'utilization' : 'usage'
  try {
    const { autoscaler, selector, client } = sources
    const namespace = autoscaler.metadata.namespace!
    const query: UsageQuery = { namespace, selector, resource, ...(container && { container }) }
    const usage = await podUsage(client, query).catch(error => {
      throw new Error(`unable to get metrics for resource ${resource}: ${error.message}`)
    })
    return target.averageValue === undefined
      ? byUtilization(metric, usage, sources)
      : byValue(metric, usage, sources)
  } catch (error) {
    throw new Error(`failed to get ${resource} ${what}: ${error instanceof Error ? error.message : error}`)
  }
}

type Values = ReadonlyMap<string, number>

function sum(values: Iterable<number>): number {
  return [...values].reduce((total, value) => total + value, 0)
}

function byUtilization(
  { resource, target, container }: ResourceMetric,
  usage: ReadonlyMap<string, Usage>,
  sources: MetricSources,
): Computed {
  const wanted = target.averageUtilization
  if (wanted === undefined)
    throw new Error(
      'invalid resource metric source: neither an average utilization target nor an average value (usage) target was set',
    )
  const requests = podRequests(sources.pods, resource, container)
  let averageUtilization = 0
  let average = 0
  let isFirst = true
  const ratio = (values: Values) => {
    const known = [...values].filter(([pod]) => requests.has(pod))
    const requested = sum(known.map(([pod]) => requests.get(pod)!))
    if (requested === 0) throw new Error('no metrics returned matched known pods')
    const used = sum(known.map(([, value]) => value))
    const percent = Math.trunc((used * 100) / requested)
    if (isFirst) {
      averageUtilization = percent
      average = Math.trunc(used / known.length)
    }
    isFirst = false
    return percent / wanted
  }
  const assumed = (pod: string) => Math.trunc((requests.get(pod)! * Math.max(100, wanted)) / 100)
  const replicas = calculateReplicas({ ...common(sources), usage, resource, ratio, assumed })
  return { replicas, current: { averageUtilization, averageValue: amount(average, resource) } }
}

function byValue(
  { resource, target }: ResourceMetric,
  usage: ReadonlyMap<string, Usage>,
  sources: MetricSources,
): Computed {
  const wanted = milli(target.averageValue!)
  let average: number | undefined
  const ratio = (values: Values) => {
    const current = Math.trunc(sum(values.values()) / values.size)
    average ??= current
    return current / wanted
  }
  const replicas = calculateReplicas({ ...common(sources), usage, resource, ratio, assumed: () => wanted })
  return { replicas, current: { averageValue: amount(average ?? 0, resource) } }
}

function common({ autoscaler, pods, current, tuning, nowMs }: MetricSources) {
  return { pods, current, nowMs, tuning, tolerances: tolerancesOf(autoscaler, tuning) }
}

function tolerancesOf({ spec }: HorizontalPodAutoscaler, { tolerance }: AutoscalingTuning): Tolerances {
  const { scaleUp, scaleDown } = spec?.behavior ?? {}
  const share = (text: string | undefined) => (text === undefined ? tolerance : milli(text) / 1000)
  return { up: share(scaleUp?.tolerance), down: share(scaleDown?.tolerance) }
}

/** Thousandths as a quantity; memory in powers of two. */
function amount(thousandths: number, resource: string): string {
  const whole = thousandths % 1000 === 0
  if (resource === 'memory' && whole)
    return formatQuantity({ amount: BigInt(thousandths / 1000), scale: 0, format: 'BinarySI' })
  return formatQuantity(parseQuantity(whole ? String(thousandths / 1000) : `${thousandths}m`))
}
