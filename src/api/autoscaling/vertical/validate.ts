import {
  compareQuantity,
  formatQuantity,
  milliValue,
  parseQuantities,
  parseQuantity,
  type Quantity,
  quantityValue,
} from '../../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import type { ContainerPolicy, StartupBoost, UpdatePolicy, VerticalPodAutoscaler } from './types.ts'

const updateModes = ['InPlace', 'InPlaceOrRecreate', 'Initial', 'Off', 'Recreate'] as const
const scalingModes = ['Auto', 'Off'] as const
const resources = ['cpu', 'memory'] as const
/** Behind upstream's gate PerVPAConfig, which is off. */
const gatedPolicyFields = [
  'oomBumpUpRatio',
  'oomMinBumpUp',
  'memoryAggregationIntervalSeconds',
  'memoryAggregationIntervalCount',
] as const

/**
 * What upstream's webhook says of an autoscaler (admission-controller/resource/vpa/validation.go): complaints go to
 * `errors`, warnings are answered. What gates of upstream's that are off by default stand before is refused unless the
 * object had it already.
 */
export function validateAutoscaler(
  { spec }: VerticalPodAutoscaler,
  old: VerticalPodAutoscaler | undefined,
  errors: FieldErrors,
): readonly string[] {
  const warnings = spec.updatePolicy ? updatePolicyFaults(spec.updatePolicy, old, errors) : []
  const held = heldBy(old)
  const policies = spec.resourcePolicy?.containerPolicies ?? []
  const more = policies.flatMap((policy, index) =>
    policyFaults(policy, `spec.resourcePolicy.containerPolicies[${index}]`, { held, errors }),
  )
  if (spec.startupBoost) boostFaults(spec.startupBoost, 'spec.startupBoost', { held, errors })
  const count = spec.recommenders?.length ?? 0
  if (count > 1) errors.tooMany('spec.recommenders', count, 1)
  return [...warnings, ...more]
}

const boostText =
  'in order to use startupBoost, you must enable feature gate CPUStartupBoost in the admission-controller args'
const perVpaText = 'not supported when feature flag PerVPAConfig is disabled'

const atLeast = (least: number | string) => `must be greater than or equal to ${least}`

interface Checking {
  readonly held: Held
  readonly errors: FieldErrors
}

/** Fields that the gate PerVPAConfig stands before: the least that each may say. */
function gatedFault(
  policy: ContainerPolicy,
  field: (typeof gatedPolicyFields)[number],
  path: string,
  { held, errors }: Checking,
): void {
  const value = policy[field]
  if (value === undefined) return
  const place = `${path}.${field}`
  if (!held.perVpaConfig) return errors.forbidden(place, perVpaText)
  const amount = parseQuantity(String(value))
  if (field === 'oomMinBumpUp') {
    const bytes = Number(quantityValue(amount))
    if (bytes < 0) errors.invalid(place, bytes, atLeast(0))
    return
  }
  const number = Number(milliValue(amount)) / 1000
  if (number < 1) errors.invalid(place, number, atLeast(field === 'oomBumpUpRatio' ? '1.0' : 1))
}

function boostFaults({ cpu }: StartupBoost, path: string, { held, errors }: Checking): void {
  if (!held.boosts) return errors.forbidden(path, boostText)
  if (!cpu) return
  const place = `${path}.cpu`
  const { type, factor, quantity } = cpu
  if (!type) errors.required(`${place}.type`, 'must be either Factor or Quantity')
  else if (type === 'Factor') {
    if (factor === undefined) errors.required(`${place}.factor`, 'required when type is Factor')
    else if (factor < 1) errors.invalid(`${place}.factor`, factor, 'must be >= 1 for type Factor')
  } else if (type === 'Quantity') {
    if (quantity === undefined) errors.required(`${place}.quantity`, 'required when type is Quantity')
    else precisionFault('cpu', parseQuantity(String(quantity)), `${place}.quantity`, errors)
  } else errors.notSupported(`${place}.type`, type, ['Factor', 'Quantity'])
}

interface Held {
  readonly boosts: boolean
  readonly perVpaConfig: boolean
  readonly resources: ReadonlySet<string>
}

function heldBy(old: VerticalPodAutoscaler | undefined): Held {
  const policies = old?.spec.resourcePolicy?.containerPolicies ?? []
  return {
    boosts: old?.spec.startupBoost !== undefined || policies.some(({ startupBoost }) => startupBoost),
    perVpaConfig:
      old?.spec.updatePolicy?.evictAfterOOMSeconds !== undefined ||
      policies.some(policy => gatedPolicyFields.some(field => policy[field] !== undefined)),
    resources: new Set(policies.flatMap(({ controlledResources = [] }) => controlledResources)),
  }
}

function updatePolicyFaults(
  { updateMode, minReplicas, evictAfterOOMSeconds }: UpdatePolicy,
  old: VerticalPodAutoscaler | undefined,
  errors: FieldErrors,
): readonly string[] {
  const path = 'spec.updatePolicy'
  const modes: readonly string[] = updateModes
  if (updateMode === undefined)
    errors.required(`${path}.updateMode`, 'updateMode is required if UpdatePolicy is used')
  else if (updateMode !== 'Auto' && !modes.includes(updateMode))
    errors.notSupported(`${path}.updateMode`, updateMode, updateModes)
  if (updateMode === 'InPlace' && old?.spec.updatePolicy?.updateMode !== 'InPlace')
    errors.forbidden(
      `${path}.updateMode`,
      'in order to use UpdateMode InPlace, you must enable feature gate InPlace in the admission-controller args',
    )
  if (minReplicas !== undefined && minReplicas <= 0)
    errors.invalid(`${path}.minReplicas`, minReplicas, 'minReplicas has to be positive')
  if (evictAfterOOMSeconds !== undefined && !heldBy(old).perVpaConfig)
    errors.forbidden(`${path}.evictAfterOOMSeconds`, perVpaText)
  else if (evictAfterOOMSeconds !== undefined && evictAfterOOMSeconds < 1)
    errors.invalid(`${path}.evictAfterOOMSeconds`, evictAfterOOMSeconds, atLeast(1))
  if (updateMode !== 'Auto') return []
  const advice = `Use explicit update modes like: [${updateModes.join(' ')}].`
  const issue = 'See https://github.com/kubernetes/autoscaler/issues/8424 for more details.'
  return [
    `${path}: "Auto" mode is deprecated and will be removed in a future API version. ${advice} ${issue}`,
  ]
}

function policyFaults(policy: ContainerPolicy, path: string, { held, errors }: Checking): readonly string[] {
  const { mode, controlledValues, controlledResources = [] } = policy
  if (!policy.containerName) errors.required(`${path}.containerName`)
  if (mode !== undefined && !scalingModes.includes(mode))
    errors.notSupported(`${path}.mode`, mode, scalingModes)
  allowedFaults(policy, path, errors)
  if (mode === 'Off' && controlledValues === 'RequestsAndLimits')
    errors.forbidden(
      `${path}.controlledValues`,
      "controlledValues shouldn't be specified if container scaling mode is off",
    )
  const warnings = controlledResources.flatMap((resource, index) =>
    controlledFault(resource, `${path}.controlledResources[${index}]`, { held, errors }),
  )
  for (const field of gatedPolicyFields) gatedFault(policy, field, path, { held, errors })
  if (policy.startupBoost) boostFaults(policy.startupBoost, `${path}.startupBoost`, { held, errors })
  return warnings
}

function allowedFaults(policy: ContainerPolicy, path: string, errors: FieldErrors): void {
  const [min, max] = [parseQuantities(policy.minAllowed), parseQuantities(policy.maxAllowed)]
  for (const [resource, least] of Object.entries(min)) {
    precisionFault(resource, least, `${path}.minAllowed[${resource}]`, errors)
    const most = max[resource]
    if (!most || compareQuantity(most, least) >= 0) continue
    const text = `max resource for ${resource} is lower than min of "${formatQuantity(least)}"`
    errors.invalid(`${path}.maxAllowed[${resource}]`, formatQuantity(most), text)
  }
  for (const [resource, most] of Object.entries(max))
    precisionFault(resource, most, `${path}.maxAllowed[${resource}]`, errors)
}

function precisionFault(resource: string, amount: Quantity, path: string, errors: FieldErrors): void {
  const places = resource === 'cpu' ? 3 : resource === 'memory' ? 0 : undefined
  if (places === undefined || amount.scale <= places) return
  if (amount.amount % 10n ** BigInt(amount.scale - places) === 0n) return
  const unit = resource === 'cpu' ? 'milli CPUs' : 'bytes'
  errors.invalid(path, formatQuantity(amount), `must be a whole number of ${unit}`)
}

function controlledFault(resource: string, path: string, { held, errors }: Checking): readonly string[] {
  const known: readonly string[] = resources
  if (known.includes(resource)) return []
  if (!held.resources.has(resource)) {
    errors.notSupported(path, resource, resources)
    return []
  }
  const why = 'is allowed only because it is present in the existing VPA object'
  return [`${path}: unsupported value "${resource}" ${why}; supported values: "cpu", "memory"`]
}
