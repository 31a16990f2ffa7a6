/** Rules of autoscalers (pkg/apis/autoscaling/validation). */
import { nameIsPathSegment } from '../../machinery/meta/names.ts'
import { compareQuantity, parseQuantity, zeroQuantity } from '../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../types/autoscaling-v2.gen.ts'

const windowSecondsMax = 3600
const periodSecondsMax = 1800
const sources = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
} as const

/** Bounds, target and metrics. Scaling to zero needs an object or external metric and its feature gate. */
export function validateAutoscaler({ spec }: HorizontalPodAutoscaler, errors: FieldErrors): void {
  const { minReplicas, maxReplicas = 0, metrics = [], behavior } = spec!
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')
  }
  if (maxReplicas < 1) errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0')
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')
  }
  validateReference(spec!.scaleTargetRef ?? { kind: '', name: '' }, 'spec.scaleTargetRef', errors)
  metrics.forEach((metric, i) => {
    validateMetric(metric, `spec.metrics[${i}]`, errors)
  })
  if (minReplicas === 0 && !metrics.some(({ type }) => type === 'Object' || type === 'External')) {
    const detail = 'must specify at least one Object or External metric to support scaling to zero replicas'
    errors.forbidden('spec.metrics', detail)
  }
  if (behavior?.scaleUp) validateRules(behavior.scaleUp, 'spec.behavior.scaleUp', errors)
  if (behavior?.scaleDown) validateRules(behavior.scaleDown, 'spec.behavior.scaleDown', errors)
}

function validateReference(reference: CrossVersionObjectReference, path: string, errors: FieldErrors): void {
  for (const field of ['kind', 'name'] as const) {
    const value = reference[field]
    if (!value) errors.required(`${path}.${field}`)
    else invalidFor(errors, `${path}.${field}`, value, nameIsPathSegment(value, false))
  }
}

function validateMetric(metric: MetricSpec, path: string, errors: FieldErrors): void {
  const { type = '' } = metric
  if (!type) errors.required(`${path}.type`, 'must specify a metric source type')
  const field = Object.hasOwn(sources, type) ? sources[type as keyof typeof sources] : undefined
  if (type && !field) {
    // Upstream says it twice: once for the name, once for the missing source.
    for (let times = 0; times < 2; times++)
      errors.notSupported(`${path}.type`, type, Object.keys(sources).toSorted())
  }
  if (!field) return
  for (const other of Object.values(sources)) {
    if (other !== field && metric[other]) {
      errors.forbidden(`${path}.${other}`, 'must populate information for the given metric source only')
    }
  }
  const source = metric[field]
  if (!source)
    return errors.required(`${path}.${field}`, `must populate information for the given metric source`)
  if ('describedObject' in source)
    validateReference(source.describedObject, `${path}.${field}.describedObject`, errors)
  if ('name' in source && !source.name)
    errors.required(`${path}.${field}.name`, 'must specify a resource name')
  if ('container' in source && !source.container)
    errors.required(`${path}.${field}.container`, 'must specify a container')
  if ('metric' in source && !source.metric?.name)
    errors.required(`${path}.${field}.metric.name`, 'must specify a metric name')
  validateTarget(source.target, field, `${path}.${field}.target`, errors)
}

function validateTarget(target: MetricTarget, source: string, path: string, errors: FieldErrors): void {
  const { type, value, averageValue, averageUtilization } = target ?? ({} as MetricTarget)
  const types = ['AverageValue', 'Utilization', 'Value']
  if (!type) errors.required(`${path}.type`, 'must specify a metric target type')
  else if (!types.includes(type))
    errors.invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue')
  for (const [field, text] of Object.entries({ value, averageValue })) {
    if (text !== undefined && compareQuantity(parseQuantity(text), zeroQuantity) <= 0) {
      errors.invalid(`${path}.${field}`, text, 'must be positive')
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0')
  }
  if (source === 'resource' || source === 'containerResource') {
    const both = averageUtilization !== undefined && averageValue !== undefined
    if (averageUtilization === undefined && averageValue === undefined) {
      errors.required(
        `${path}.averageUtilization`,
        'must set either a target raw value or a target utilization',
      )
    } else if (both)
      errors.forbidden(`${path}.averageValue`, 'may not set both a target raw value and a target utilization')
  } else if (source === 'pods' && averageValue === undefined) {
    errors.required(`${path}.averageValue`, 'must specify a positive target averageValue')
  }
}

function validateRules(rules: HPAScalingRules, path: string, errors: FieldErrors): void {
  const { stabilizationWindowSeconds: seconds, selectPolicy, policies = [] } = rules
  if (seconds !== undefined && seconds < 0) {
    errors.invalid(`${path}.stabilizationWindowSeconds`, seconds, 'must be greater than or equal to zero')
  }
  if (seconds !== undefined && seconds > windowSecondsMax) {
    errors.invalid(
      `${path}.stabilizationWindowSeconds`,
      seconds,
      `must be less than or equal to ${windowSecondsMax}`,
    )
  }
  const selections = ['Disabled', 'Max', 'Min']
  if (selectPolicy !== undefined && !selections.includes(selectPolicy)) {
    errors.notSupported(`${path}.selectPolicy`, selectPolicy, selections)
  }
  if (policies.length === 0) errors.required(`${path}.policies`, 'must specify at least one Policy')
  policies.forEach((policy, i) => {
    const at = `${path}.policies[${i}]`
    if (policy.type !== 'Pods' && policy.type !== 'Percent') {
      errors.notSupported(`${at}.type`, policy.type, ['Percent', 'Pods'])
    }
    if (policy.value <= 0) errors.invalid(`${at}.value`, policy.value, 'must be greater than zero')
    if (policy.periodSeconds <= 0)
      errors.invalid(`${at}.periodSeconds`, policy.periodSeconds, 'must be greater than zero')
    if (policy.periodSeconds > periodSecondsMax) {
      errors.invalid(
        `${at}.periodSeconds`,
        policy.periodSeconds,
        `must be less than or equal to ${periodSecondsMax}`,
      )
    }
  })
}
