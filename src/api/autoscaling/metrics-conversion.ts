/** v1's metrics live in an annotation and keep target and current values flat (k8s.io/api/autoscaling/v1 MetricSpec). */
import { own } from '../../std/own.ts'
import type { MetricSpec, MetricStatus } from '../types/autoscaling-v2.gen.ts'

type Flat = Record<string, unknown>
interface Nested {
  name?: string
  container?: string
  describedObject?: unknown
  metric?: { name?: string; selector?: unknown }
  target?: { value?: string; averageValue?: string; averageUtilization?: number }
  current?: { value?: string; averageValue?: string; averageUtilization?: number }
}

const sourceOf: Readonly<Record<string, string>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
}

/** v2's spec or status of a metric as v1 writes it. */
export function toV1Metric(metric: MetricSpec | MetricStatus): Flat {
  const key = own(sourceOf, metric.type) ?? 'resource'
  const source = (metric as unknown as Record<string, Nested>)[key]
  if (!source) return { type: metric.type }
  const { name, container, describedObject, metric: identifier, target, current } = source
  const side = target ? 'target' : 'current'
  const value = target ?? current ?? {}
  const isResource = key === 'resource' || key === 'containerResource'
  const isObject = key === 'object'
  // In the order of v1's types. An amount that is held itself is always there.
  const average = value.averageValue ?? (isResource && current ? '0' : undefined)
  const flat = {
    target: describedObject,
    name,
    metricName: identifier?.name,
    metricSelector: key === 'external' ? identifier?.selector : undefined,
    [isResource ? `${side}AverageUtilization` : `${side}Value`]: isResource
      ? value.averageUtilization
      : (value.value ?? (isObject ? '0' : undefined)),
    [`${side}AverageValue`]: isObject ? undefined : average,
    selector: key === 'external' ? undefined : identifier?.selector,
    averageValue: isObject ? average : undefined,
    container,
  }
  return {
    type: metric.type,
    [key]: Object.fromEntries(Object.entries(flat).filter(([, field]) => field !== undefined)),
  }
}

/** The inverse of `toV1Metric`. */
export function fromV1Metric(flat: Flat): MetricSpec {
  const type = String(flat.type)
  const key = own(sourceOf, type)
  if (!key) return { type } as MetricSpec
  const source = (flat[key] ?? {}) as Flat
  const isStatus = Object.keys(source).some(field => field.startsWith('current'))
  const side = isStatus ? 'current' : 'target'
  const averageValue = source[`${side}AverageValue`] ?? source.averageValue
  const value = {
    value: source[`${side}Value`],
    averageValue,
    averageUtilization: source[`${side}AverageUtilization`],
  }
  const given = Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined))
  const targetType =
    given.averageUtilization !== undefined
      ? 'Utilization'
      : given.averageValue !== undefined
        ? 'AverageValue'
        : 'Value'
  const selector = source.metricSelector ?? source.selector
  const nested = {
    name: source.name,
    container: source.container,
    describedObject: source.target,
    metric:
      source.metricName === undefined
        ? undefined
        : { name: source.metricName, ...(selector ? { selector } : {}) },
    [side]: isStatus ? given : { type: targetType, ...given },
  }
  const kept = Object.fromEntries(Object.entries(nested).filter(([, field]) => field !== undefined))
  return { type, [key]: kept } as unknown as MetricSpec
}
