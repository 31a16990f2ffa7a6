import type { MetricSpec } from '../../std/metrics.ts'

/** Events that a backend lost, by backend. */
export const auditErrors: MetricSpec = {
  name: 'apiserver_audit_error_total',
  help: 'Audit events that a backend lost.',
  labels: ['plugin'],
  stability: 'ALPHA',
}
