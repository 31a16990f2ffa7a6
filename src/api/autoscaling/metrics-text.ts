import { none, unknown } from '../../machinery/table/cells.ts'
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../types/autoscaling-v2.gen.ts'

const shownMax = 2

interface Measured {
  readonly target: MetricTarget
  readonly current: MetricValueStatus | undefined
  /** Of a resource metric: printed before the numbers. */
  readonly resource?: string
}

/** `cpu: 12%/80%, …`: how far each metric is from its target (printers formatHPAMetrics). */
export function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const metrics = spec?.metrics ?? []
  if (metrics.length === 0) return none
  const texts = metrics.map((metric, i) => metricText(metric, status?.currentMetrics?.[i]))
  const shown = texts.slice(0, shownMax).join(', ')
  return texts.length > shownMax ? `${shown} + ${texts.length - shownMax} more...` : shown
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  const measured = measure(metric, status)
  if (!measured) return '<unknown type>'
  const { target, current, resource } = measured
  if (resource !== undefined) return resourceText(resource, target, current)
  if (metric.type === 'Pods') return `${current?.averageValue ?? unknown}/${target.averageValue}`
  if (target.averageValue !== undefined)
    return `${current?.averageValue ?? unknown}/${target.averageValue} (avg)`
  return `${current?.value ?? unknown}/${target.value}`
}

function measure(metric: MetricSpec, status: MetricStatus | undefined): Measured | undefined {
  const { external, pods, object, resource, containerResource } = metric
  if (external) return { target: external.target, current: status?.external?.current }
  if (pods) return { target: pods.target, current: status?.pods?.current }
  if (object) return { target: object.target, current: status?.object?.current }
  if (resource)
    return { target: resource.target, current: status?.resource?.current, resource: resource.name }
  if (!containerResource) return undefined
  const { target, name } = containerResource
  return { target, current: status?.containerResource?.current, resource: name }
}

function resourceText(name: string, target: MetricTarget, current: MetricValueStatus | undefined): string {
  if (target.averageValue !== undefined)
    return `${name}: ${current?.averageValue ?? unknown}/${target.averageValue}`
  const percent = (value: number | undefined, absent: string) => (value === undefined ? absent : `${value}%`)
  return `${name}: ${percent(current?.averageUtilization, unknown)}/${percent(target.averageUtilization, '<auto>')}`
}
