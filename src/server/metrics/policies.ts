import type { HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'

const buckets = [0.0000005, 0.001, 0.01, 0.1, 1]
const validatingLabels = ['policy', 'policy_binding', 'error_type', 'enforcement_action']
const mutatingLabels = ['policy', 'policy_binding', 'error_type']

/** Names, labels and buckets are upstream's (admission/plugin/policy validating/metrics and mutating/metrics). */
const validatingTotal: MetricSpec = {
  name: 'apiserver_validating_admission_policy_check_total',
  help: 'Validations that failed or could not be evaluated, by what was done about it.',
  labels: validatingLabels,
  stability: 'BETA',
}
const validatingSeconds: HistogramSpec = {
  name: 'apiserver_validating_admission_policy_check_duration_seconds',
  help: 'Seconds of each validation that failed or could not be evaluated.',
  labels: validatingLabels,
  stability: 'BETA',
  buckets,
}
const mutatingTotal: MetricSpec = {
  name: 'apiserver_mutating_admission_policy_check_total',
  help: 'Mutations that were tried.',
  labels: mutatingLabels,
  stability: 'ALPHA',
}
const mutatingSeconds: HistogramSpec = {
  name: 'apiserver_mutating_admission_policy_check_duration_seconds',
  help: 'Seconds of each mutation.',
  labels: mutatingLabels,
  stability: 'ALPHA',
  buckets,
}

/** One expression of a policy, evaluated. `fault` is absent where it could be. */
export interface PolicyCheck {
  readonly policy: string
  readonly binding: string
  readonly ms: number
  readonly fault?: string
}

export interface PolicyMeter {
  /** A validation that failed and what came of it; what holds is not counted, as upstream. */
  validated(check: PolicyCheck, action: 'allow' | 'deny' | 'audit' | 'warn'): void
  mutated(check: PolicyCheck): void
}

export function policyMeter(metrics: Metrics): PolicyMeter {
  const measure = (total: MetricSpec, seconds: HistogramSpec, ms: number, labels: readonly string[]) => {
    metrics
      .counter(total)
      .with(...labels)
      .inc()
    metrics
      .histogram(seconds)
      .with(...labels)
      .observe(ms / 1000)
  }
  return {
    validated: ({ policy, binding, ms, fault = '' }, action) =>
      measure(validatingTotal, validatingSeconds, ms, [policy, binding, errorType(fault), action]),
    mutated: ({ policy, binding, ms, fault }) =>
      measure(mutatingTotal, mutatingSeconds, ms, [
        policy,
        binding,
        fault === undefined ? 'no_error' : errorType(fault),
      ]),
  }
}

/** By the text, as upstream (validating/errors.go): a validation that is false is an `invalid_error` too. */
function errorType(message: string): string {
  if (message.startsWith('compilation')) return 'compile_error'
  return message.startsWith('validation failed due to running out of cost budget')
    ? 'out_of_budget'
    : 'invalid_error'
}
