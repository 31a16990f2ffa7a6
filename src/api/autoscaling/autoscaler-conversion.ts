/** autoscaling/v1 and v2 of one autoscaler (pkg/apis/autoscaling/v1/conversion.go). */
import { conform, DecodeError } from '../../machinery/codec/index.ts'
import { hasMembers } from '../../machinery/meta/derived.ts'
import { isMap } from '../../machinery/meta/json.ts'
import { facts } from '../schema/index.ts'
import { internalValue } from '../shared/internal-value.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.gen.ts'
import type {
  HorizontalPodAutoscaler as AutoscalerV2,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
  MetricSpec,
  MetricStatus,
} from '../types/autoscaling-v2.gen.ts'
import { fromV1Metric, toV1Metric } from './metrics-conversion.ts'

const prefix = 'autoscaling.alpha.kubernetes.io/'
const metricsKey = `${prefix}metrics`
const currentMetricsKey = `${prefix}current-metrics`
const conditionsKey = `${prefix}conditions`
const behaviorKey = `${prefix}behavior`
/** Annotations that carry what v1 has no fields for, of what is wanted and of what there is. */
export const specCarriers = [metricsKey, behaviorKey]
export const statusCarriers = [currentMetricsKey, conditionsKey]
export const carrierAnnotations = [...specCarriers, ...statusCarriers]

/** Percent of what is requested, where nothing is said. */
export const cpuUtilization = 80

export function cpuMetric(averageUtilization: number): MetricSpec {
  const target = { type: 'Utilization', averageUtilization }
  return { type: 'Resource', resource: { name: 'cpu', target } }
}

const isCpu = ({ type, resource }: MetricSpec) => {
  return type === 'Resource' && resource?.name === 'cpu' && resource.target.averageUtilization !== undefined
}
const isCurrentCpu = ({ type, resource }: MetricStatus) => type === 'Resource' && resource?.name === 'cpu'

/** v2 has fields for what these carry: there they mean nothing and go (DropRoundTripHorizontalPodAutoscalerAnnotations). */
export function dropCarriers({ metadata }: AutoscalerV2): void {
  const { annotations } = metadata
  if (!annotations || !carrierAnnotations.some(key => Object.hasOwn(annotations, key))) return
  for (const key of carrierAnnotations) delete annotations[key]
  if (Object.keys(annotations).length === 0) delete metadata.annotations
}

/** As it comes back from the stored form: defaults are there, and annotations that carry nothing are not. */
export function settleV1(object: AutoscalerV1): void {
  const { metadata, spec, status } = fromV2(toV2(object))
  object.metadata = metadata
  object.spec = spec!
  if (object.status) object.status = status!
}

/** A door that does not write these leaves them as they were. */
export function keepCarriers(keys: readonly string[], { metadata }: AutoscalerV1, old?: AutoscalerV1): void {
  const annotations = { ...metadata.annotations }
  for (const key of keys) {
    const before = old?.metadata.annotations?.[key]
    if (before === undefined) delete annotations[key]
    else annotations[key] = before
  }
  if (Object.keys(annotations).length > 0) metadata.annotations = annotations
  else delete metadata.annotations
}

/** The stored form. Annotations that carried v2's fields become those fields. */
export function toV2({ spec, status, ...object }: AutoscalerV1): AutoscalerV2 {
  const annotations = object.metadata.annotations ?? {}
  const { targetCPUUtilizationPercentage: percent, ...sameSpec } =
    spec ?? ({} as NonNullable<AutoscalerV1['spec']>)
  const metrics = typedList<MetricSpec>(metricType, readList(annotations[metricsKey]).map(fromV1Metric))
  // The default of v1: its own defaults do not know the annotations.
  if (percent !== undefined || metrics.length === 0) metrics.push(cpuMetric(percent ?? cpuUtilization))
  const [behavior] = typedList<Behavior>(
    behaviorType,
    [fromInternal(read(annotations[behaviorKey]))].filter(isMap),
  )
  return {
    ...object,
    apiVersion: 'autoscaling/v2',
    metadata: withAnnotations(
      object.metadata,
      Object.fromEntries(Object.entries(annotations).filter(([key]) => !carrierAnnotations.includes(key))),
    ),
    spec: { ...sameSpec, metrics, ...(behavior && { behavior }) },
    ...(status && { status: toV2Status(status, annotations) }),
  }
}

function toV2Status(
  status: NonNullable<AutoscalerV1['status']>,
  annotations: Readonly<Record<string, string>>,
) {
  const { currentCPUUtilizationPercentage: percent, currentReplicas, ...same } = status
  const current = { name: 'cpu', current: { averageUtilization: percent } }
  // What is annotated tells more.
  const currentMetrics =
    annotations[currentMetricsKey] === undefined && percent !== undefined
      ? [{ type: 'Resource', resource: current }]
      : readList(annotations[currentMetricsKey]).map(fromV1Metric)
  const conditions = readList(
    annotations[conditionsKey],
  ) as unknown as HorizontalPodAutoscalerStatus['conditions']
  return {
    // The old version always tells it, the stored one leaves zero out.
    ...(currentReplicas && { currentReplicas }),
    ...same,
    ...(currentMetrics.length > 0 && { currentMetrics: currentMetrics as MetricStatus[] }),
    ...(conditions?.length && { conditions }),
  }
}

/** The old form. What it has no field for is written into annotations. */
export function fromV2({ spec, status, ...object }: AutoscalerV2): AutoscalerV1 {
  const { metrics = [], behavior, ...sameSpec } = spec ?? ({} as HorizontalPodAutoscalerSpec)
  const {
    currentMetrics = [],
    conditions = [],
    ...sameStatus
  } = status ?? ({} as HorizontalPodAutoscalerStatus)
  const cpu = metrics.find(isCpu)
  const others = metrics.filter(metric => metric !== cpu)
  const currentCpu = currentMetrics.find(isCurrentCpu)?.resource?.current.averageUtilization
  const added = {
    ...(others.length > 0 && { [metricsKey]: JSON.stringify(others.map(toV1Metric)) }),
    ...(currentMetrics.length > 0 && { [currentMetricsKey]: JSON.stringify(currentMetrics.map(toV1Metric)) }),
    ...(conditions.length > 0 && { [conditionsKey]: JSON.stringify(conditions.map(inOrder)) }),
    ...(behavior && { [behaviorKey]: JSON.stringify(internalValue(behaviorType, behavior)) }),
  }
  const percent = cpu?.resource?.target.averageUtilization
  return {
    ...object,
    apiVersion: 'autoscaling/v1',
    metadata: withAnnotations(object.metadata, { ...object.metadata.annotations, ...added }),
    spec: { ...sameSpec, ...(percent !== undefined && { targetCPUUtilizationPercentage: percent }) },
    status: {
      ...sameStatus,
      currentReplicas: sameStatus.currentReplicas ?? 0,
      ...(currentCpu !== undefined && { currentCPUUtilizationPercentage: currentCpu }),
    },
  }
}

type Behavior = NonNullable<HorizontalPodAutoscalerSpec['behavior']>
type Condition = NonNullable<HorizontalPodAutoscalerStatus['conditions']>[number]

/** In the order of v1's type; a time is always told. */
function inOrder({
  type,
  status,
  lastTransitionTime = null as never,
  reason,
  message,
}: Condition): Condition {
  return { type, status, lastTransitionTime, ...(reason && { reason }), ...(message && { message }) }
}

function withAnnotations(metadata: AutoscalerV1['metadata'], annotations: Record<string, string>) {
  const { annotations: _, ...rest } = metadata
  return Object.keys(annotations).length > 0 ? { ...rest, annotations } : rest
}

/** Upstream writes the rules in their internal form, and reads names whatever their case. */
const behaviorType = 'k8s.io/api/autoscaling/v2.HorizontalPodAutoscalerBehavior'

function fromInternal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromInternal)
  if (typeof value !== 'object' || value === null) return value
  const given = Object.entries(value).filter(([, member]) => member !== null)
  return Object.fromEntries(
    given.map(([name, member]) => [name[0]!.toLowerCase() + name.slice(1), fromInternal(member)]),
  )
}

const metricType = 'k8s.io/api/autoscaling/v2.MetricSpec'

/** As their types read them; values of other types are as good as none. */
function typedList<T>(type: string, values: readonly unknown[]): T[] {
  try {
    return values.map(value => conform(facts.typeNamed(type)!, value)).filter(hasMembers) as T[]
  } catch (error) {
    if (error instanceof DecodeError) return []
    throw error
  }
}

/** What is no list of objects is none. */
function readList(text: string | undefined): readonly Record<string, unknown>[] {
  const value = read<unknown>(text)
  return Array.isArray(value) && value.every(isMap) ? value : []
}

/** Upstream ignores an annotation that is no JSON: it is a user's text. */
function read<T>(text: string | undefined): T | undefined {
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
