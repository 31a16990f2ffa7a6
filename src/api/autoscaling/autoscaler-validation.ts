/** Rules of autoscalers (pkg/apis/autoscaling/validation). */
import { fromApiVersion } from '../../machinery/meta/group.ts'
import { dns1123LabelErrors, nameIsPathSegment } from '../../machinery/meta/names.ts'
import { compareQuantity, parseQuantity, zeroQuantity } from '../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { nonnegativeQuantity, validateContainerResourceName } from '../shared/resource-names.ts'
import type {
  ContainerResourceMetricSource,
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../types/autoscaling-v2.gen.ts'

const windowSecondsMax = 3600
const periodSecondsMax = 1800
/** In the order in which upstream looks at them. */
const sources = {
  Object: 'object',
  External: 'external',
  Pods: 'pods',
  Resource: 'resource',
  ContainerResource: 'containerResource',
} as const

/** What the controller counted. */
export function validateAutoscalerStatus(
  { status }: { readonly status?: Counts },
  errors: FieldErrors,
): void {
  nonnegative(status?.currentReplicas, 'status.currentReplicas', errors)
  nonnegative(status?.desiredReplicas, 'status.desiredReplicas', errors)
}

interface Counts {
  readonly currentReplicas?: number
  readonly desiredReplicas?: number
}

/** Bounds, target and metrics. Scaling to zero needs an object or external metric and its feature gate. */
export function validateAutoscaler(
  { spec }: HorizontalPodAutoscaler,
  errors: FieldErrors,
  old?: HorizontalPodAutoscaler,
): void {
  const { minReplicas, maxReplicas = 0, metrics = [], behavior } = spec!
  if (minReplicas !== undefined && minReplicas < 1) {
    errors.invalid('spec.minReplicas', minReplicas, 'must be greater than or equal to 1')
  }
  if (maxReplicas < 1) errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0')
  if (minReplicas !== undefined && maxReplicas < minReplicas) {
    errors.invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`')
  }
  validateTargetRef(spec!.scaleTargetRef ?? { kind: '', name: '' }, old?.spec?.scaleTargetRef, errors)
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

/** A group must be named, but for the one scalable kind of the core group; what does not change may stay. */
function validateTargetRef(
  reference: CrossVersionObjectReference,
  old: CrossVersionObjectReference | undefined,
  errors: FieldErrors,
): void {
  const { apiVersion = '', kind } = reference
  validateReference(reference, 'spec.scaleTargetRef', errors)
  if (old && (old.apiVersion ?? '') === apiVersion && old.kind === kind) return
  const version = apiVersion === '' ? { group: '' } : fromApiVersion(apiVersion)
  const path = 'spec.scaleTargetRef.apiVersion'
  if (!version) errors.invalid(path, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)
  else if (version.group === '' && kind !== 'ReplicationController')
    errors.invalid(path, apiVersion, 'apiVersion must specify API group')
}

/** Upstream says twice what types there are: once for the name, once for the missing source. */
function validateMetric(metric: MetricSpec, path: string, errors: FieldErrors): void {
  const { type = '' } = metric
  const types = Object.keys(sources).toSorted()
  const field = Object.hasOwn(sources, type) ? sources[type as keyof typeof sources] : undefined
  if (!type) errors.required(`${path}.type`, 'must specify a metric source type')
  if (!field) errors.notSupported(`${path}.type`, type, types)
  const given = Object.values(sources).filter(each => metric[each])
  const [first] = given
  if (first) validateSource(metric, first, `${path}.${first}`, errors)
  if (!field) errors.notSupported(`${path}.type`, type, types)
  else if (!metric[field])
    errors.required(`${path}.${field}`, 'must populate information for the given metric source')
  if (given.length === 1) return
  for (const other of given) {
    if (other !== field) errors.forbidden(`${path}.${other}`, 'must populate the given metric source only')
  }
}

type SourceField = (typeof sources)[keyof typeof sources]

function validateSource(metric: MetricSpec, field: SourceField, path: string, errors: FieldErrors): void {
  const source = metric[field]!
  if ('describedObject' in source)
    validateReference(source.describedObject, `${path}.describedObject`, errors)
  if (field === 'resource' || field === 'containerResource')
    validateResource(source as ContainerResourceMetricSource, field, path, errors)
  else
    validateIdentifier((source as { metric?: MetricIdentifier }).metric?.name, `${path}.metric.name`, errors)
  const { target = {} as MetricTarget } = source
  validateTarget(target, `${path}.target`, errors)
  validateAmounts(target, field, `${path}.target`, errors)
}

function validateResource(
  source: ContainerResourceMetricSource,
  field: SourceField,
  path: string,
  errors: FieldErrors,
): void {
  const { name, container } = source
  if (!name) errors.required(`${path}.name`, 'must specify a resource name')
  if (field === 'resource') return
  if (name) validateContainerResourceName(name, `${path}.name`, errors)
  if (!container) errors.required(`${path}.container`, 'must specify a container')
  else invalidFor(errors, `${path}.container`, container, dns1123LabelErrors(container))
}

function validateIdentifier(name: string | undefined, path: string, errors: FieldErrors): void {
  if (!name) errors.required(path, 'must specify a metric name')
  else invalidFor(errors, path, name, nameIsPathSegment(name, false))
}

const targetTypes = ['AverageValue', 'Utilization', 'Value']

function validateTarget(target: MetricTarget, path: string, errors: FieldErrors): void {
  const { type = '', value, averageValue, averageUtilization } = target
  if (!type) errors.required(`${path}.type`, 'must specify a metric target type')
  if (!targetTypes.includes(type))
    errors.invalid(`${path}.type`, type, 'must be either Utilization, Value, or AverageValue')
  for (const [field, text] of Object.entries({ value, averageValue })) {
    if (text !== undefined && compareQuantity(parseQuantity(text), zeroQuantity) <= 0) {
      errors.invalid(`${path}.${field}`, text, 'must be positive')
    }
  }
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.invalid(`${path}.averageUtilization`, averageUtilization, 'must be greater than 0')
  }
}

/** Which of the amounts each kind of metric needs. */
function validateAmounts(target: MetricTarget, field: SourceField, path: string, errors: FieldErrors): void {
  const [value, average, utilization] = [target.value, target.averageValue, target.averageUtilization].map(
    amount => amount !== undefined,
  )
  const at = `${path}.averageValue`
  if (field === 'pods') {
    if (!average) errors.required(at, 'must specify a positive target averageValue')
  } else if (field === 'object') {
    if (!value && !average) errors.required(at, 'must set either a target value or averageValue')
  } else if (field === 'external') {
    if (!value && !average)
      errors.required(at, 'must set either a target value for metric or a per-pod target')
    if (value && average)
      errors.forbidden(`${path}.value`, 'may not set both a target value for metric and a per-pod target')
  } else if (!average && !utilization)
    errors.required(
      `${path}.averageUtilization`,
      'must set either a target raw value or a target utilization',
    )
  else if (average && utilization)
    errors.forbidden(at, 'may not set both a target raw value and a target utilization')
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
  const { tolerance } = rules
  if (tolerance !== undefined)
    nonnegativeQuantity(parseQuantity(tolerance), tolerance, `${path}.tolerance`, errors)
}
