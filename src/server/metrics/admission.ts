import type { Histogram, HistogramSpec, MetricSpec, Metrics } from '../../std/metrics.ts'
import type { AdmissionRequest } from '../context.ts'
import { memo } from '../rest/memo.ts'

type Phase = 'admit' | 'validate'
type Operation = AdmissionRequest['operation']
type ByOperation = Map<Operation, Histogram>

const buckets = [0.005, 0.025, 0.1, 0.5, 1, 2.5]
const outcome = ['type', 'operation', 'rejected']

/** Names, labels and buckets are upstream's (apiserver pkg/admission/metrics). */
const stepSeconds: HistogramSpec = {
  name: 'apiserver_admission_step_admission_duration_seconds',
  help: 'Seconds of all mutating or all validating plugins together.',
  labels: outcome,
  stability: 'STABLE',
  buckets,
}
const pluginSeconds: HistogramSpec = {
  name: 'apiserver_admission_controller_admission_duration_seconds',
  help: 'Seconds of each plugin that had something to say about a request.',
  labels: ['name', ...outcome],
  stability: 'STABLE',
  buckets,
}
const webhookSeconds: HistogramSpec = {
  name: 'apiserver_admission_webhook_admission_duration_seconds',
  help: 'Seconds of each call of a webhook.',
  labels: ['name', ...outcome],
  stability: 'STABLE',
  buckets: [...buckets, 10, 25],
}
const webhookTotal: MetricSpec = {
  name: 'apiserver_admission_webhook_request_total',
  help: 'Calls of webhooks by the code of their answer; codes above 600 count as 600.',
  labels: ['name', 'type', 'operation', 'code', 'rejected'],
  stability: 'ALPHA',
}
const rejectionTotal: MetricSpec = {
  name: 'apiserver_admission_webhook_rejection_count',
  help: 'Requests that a webhook, or its failure, kept out.',
  labels: ['name', 'type', 'operation', 'error_type', 'rejection_code'],
  stability: 'ALPHA',
}
const failOpenTotal: MetricSpec = {
  name: 'apiserver_admission_webhook_fail_open_count',
  help: 'Requests that passed although a webhook did not answer.',
  labels: ['name', 'type'],
  stability: 'ALPHA',
}

/** Measures the steps and plugins of admission. */
export interface AdmissionMeter {
  step(phase: Phase, operation: Operation, rejected: boolean, ms: number): void
  plugin(name: string, phase: Phase, operation: Operation, rejected: boolean, ms: number): void
}

export function admissionMeter(metrics: Metrics): AdmissionMeter {
  const steps = metrics.histogram(stepSeconds)
  const plugins = metrics.histogram(pluginSeconds)
  // By names that are there already: a key that is put together for each plugin costs more than what it measures.
  const known = { admit: new Map<string, ByOperation>(), validate: new Map<string, ByOperation>() }
  const accepted = (name: string, phase: Phase, operation: Operation) =>
    memo(
      memo(known[phase], name, () => new Map()),
      operation,
      () => (name ? plugins.with(name, phase, operation, 'false') : steps.with(phase, operation, 'false')),
    )
  return {
    step(phase, operation, rejected, ms) {
      const series = rejected ? steps.with(phase, operation, 'true') : accepted('', phase, operation)
      series.observe(ms / 1000)
    },
    plugin(name, phase, operation, rejected, ms) {
      const series = rejected
        ? plugins.with(name, phase, operation, 'true')
        : accepted(name, phase, operation)
      series.observe(ms / 1000)
    },
  }
}

/** Measures the calls of webhooks. `mutating` ones are of the type `admit`, as upstream names it. */
export interface WebhookMeter {
  called(call: { name: string; operation: string; ms: number; code: number; rejected: boolean }): void
  rejected(call: { name: string; operation: string; code: number; isFailure: boolean }): void
  failedOpen(name: string): void
}

export function webhookMeter(metrics: Metrics, type: 'admit' | 'validating'): WebhookMeter {
  return {
    called({ name, operation, ms, code, rejected }) {
      metrics
        .counter(webhookTotal)
        .with(name, type, operation, String(Math.min(code, 600)), String(rejected))
        .inc()
      metrics
        .histogram(webhookSeconds)
        .with(name, type, operation, String(rejected))
        .observe(ms / 1000)
    },
    rejected({ name, operation, code, isFailure }) {
      const kind = isFailure ? 'calling_webhook_error' : 'no_error'
      metrics
        .counter(rejectionTotal)
        .with(name, type, operation, kind, String(Math.min(code, 600)))
        .inc()
    },
    failedOpen: name => metrics.counter(failOpenTotal).with(name, type).inc(),
  }
}
