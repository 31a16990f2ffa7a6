import { auditModes } from '../server/audit/batch.ts'
import { amount, choice, count, file, time, yes } from './flag-makers.ts'
import type { Flag } from './flags.ts'

interface Defaults {
  readonly batchMax: number
  readonly waitMax: string
  /** Whether batches are throttled, how many a second and how many at once. */
  readonly throttle: readonly [isOn: boolean, perSecond: string, burst: number]
}

/** How events wait for a backend and what becomes of those that are too large; the same for both. */
function backendFlags(backend: string, { batchMax, waitMax, throttle }: Defaults): Flag[] {
  const name = (rest: string) => `audit-${backend}-${rest}`
  const [isOn, perSecond, burst] = throttle
  return [
    amount(name('batch-buffer-size'), 10_000, 'audit events that may wait'),
    amount(name('batch-max-size'), batchMax, 'audit events in one batch'),
    time(name('batch-max-wait'), waitMax, 'a batch that is not full goes after so long'),
    yes(name('batch-throttle-enable'), isOn, 'limit how many batches go at a time'),
    {
      ...{ name: name('batch-throttle-qps'), type: 'string', placeholder: 'N', default: perSecond },
      help: 'batches in a second, where they are limited',
      check: text => {
        if (!/^\d*\.?\d+$/.test(text)) throw new Error(`"${text}" is not a number`)
      },
    },
    count(name('batch-throttle-burst'), burst, 'batches at once after a while without any'),
    yes(name('truncate-enabled'), false, 'leave request and answer out of events that are too large'),
    amount(name('truncate-max-event-size'), 102_400, 'bytes from which on an event is too large'),
    amount(name('truncate-max-batch-size'), 10_485_760, 'bytes of a batch, where truncation is enabled'),
    choice(name('version'), 'audit.k8s.io/v1', {
      ...{ values: ['audit.k8s.io/v1'], help: 'API version of the events' },
    }),
  ]
}

/** What is written of requests, where and how: names and meanings are kube-apiserver's. */
export const auditFlags: readonly Flag[] = [
  file('audit-policy-file', 'what is audited (audit.k8s.io/v1 Policy)'),
  file('audit-log-path', 'append audit events to this file; - is standard output'),
  choice('audit-log-format', 'json', { values: ['json', 'legacy'], help: 'json or legacy' }),
  choice('audit-log-mode', 'blocking', {
    values: auditModes,
    help: 'batch, blocking, or blocking-strict: a request fails when its event cannot be written',
  }),
  ...backendFlags('log', { batchMax: 1, waitMax: '0s', throttle: [false, '0', 0] }),
  yes('audit-log-compress', false, 'pack rotated audit logs with gzip'),
  count('audit-log-maxage', 0, 'days for which rotated audit logs are kept; 0 is for ever'),
  count('audit-log-maxbackup', 0, 'rotated audit logs that are kept; 0 is all of them'),
  count('audit-log-maxsize', 100, 'megabytes at which the audit log is rotated'),
  file('audit-webhook-config-file', 'kubeconfig of the service that audit events are sent to'),
  choice('audit-webhook-mode', 'batch', {
    values: auditModes,
    help: 'batch, blocking (requests wait for it) or blocking-strict (and fail with it)',
  }),
  ...backendFlags('webhook', { batchMax: 400, waitMax: '30s', throttle: [true, '10', 15] }),
  time('audit-webhook-initial-backoff', '10s', 'pause before a batch is sent again'),
]
