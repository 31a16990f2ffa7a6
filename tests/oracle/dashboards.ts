/**
 * What the dashboards, alerts and recording rules of kubernetes-mixin (and so kube-prometheus) ask an API server, a
 * scheduler and a controller manager for: families, and the labels that they select or sum by. Left out are
 * `go_goroutines`, for there is no Go, and what upstream's own programs do not tell any more
 * (`scheduler_volume_scheduling_duration_seconds`).
 */
export const askedByDashboards: Readonly<Record<string, readonly string[]>> = {
  aggregator_unavailable_apiservice: ['name'],
  aggregator_unavailable_apiservice_total: ['name', 'reason'],
  apiserver_client_certificate_expiration_seconds: [],
  apiserver_request_sli_duration_seconds: ['verb', 'scope', 'resource', 'subresource'],
  apiserver_request_terminations_total: ['code', 'component'],
  apiserver_request_total: ['code', 'verb', 'resource', 'subresource'],
  kubernetes_build_info: ['git_version'],
  process_cpu_seconds_total: [],
  process_resident_memory_bytes: [],
  process_start_time_seconds: [],
  rest_client_request_duration_seconds: ['verb', 'host'],
  rest_client_requests_total: ['code', 'method', 'host'],
  scheduler_pod_scheduling_sli_duration_seconds: ['attempts'],
  scheduler_scheduling_algorithm_duration_seconds: [],
  scheduler_scheduling_attempt_duration_seconds: ['result', 'profile'],
  scheduler_pending_pods: ['queue'],
  workqueue_adds_total: ['name'],
  workqueue_depth: ['name'],
  workqueue_queue_duration_seconds: ['name'],
}
/** Of these there are series when it happens first, as upstream; the gauge is of aggregation, which not all servers have. */
export const toldWhenItHappens: ReadonlySet<string> = new Set([
  'aggregator_unavailable_apiservice',
  'aggregator_unavailable_apiservice_total',
  'apiserver_client_certificate_expiration_seconds',
  'apiserver_request_terminations_total',
])
