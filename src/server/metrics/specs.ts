import { exponentialBuckets, type HistogramSpec, type MetricSpec } from '../../std/metrics.ts'

const what = ['group', 'version', 'resource', 'subresource', 'scope', 'component']
const seconds = [0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

/** Names, labels, buckets and stability are upstream's (apiserver pkg/endpoints/metrics): dashboards know them. */
export const requestTotal: MetricSpec = {
  name: 'apiserver_request_total',
  help: 'Requests answered, by what was asked and the HTTP code of the answer.',
  labels: ['verb', 'dry_run', ...what, 'code'],
  stability: 'STABLE',
}
export const requestSeconds: HistogramSpec = {
  name: 'apiserver_request_duration_seconds',
  help: 'Seconds from the arrival of a request to the end of its answer.',
  labels: ['verb', 'dry_run', ...what],
  stability: 'STABLE',
  buckets: [0.005, 0.025, ...seconds],
}
export const requestSliSeconds: HistogramSpec = {
  name: 'apiserver_request_sli_duration_seconds',
  help: 'Seconds of a request without those that it waited in a queue or for webhooks.',
  labels: ['verb', ...what],
  stability: 'ALPHA',
  buckets: seconds,
}
export const responseBytes: HistogramSpec = {
  name: 'apiserver_response_sizes',
  help: 'Bytes of the answers to reads.',
  labels: ['verb', ...what],
  stability: 'STABLE',
  buckets: exponentialBuckets(1000, 10, 7),
}
export const bodyBytes: HistogramSpec = {
  name: 'apiserver_request_body_size_bytes',
  help: 'Bytes of the bodies of writes that came over the wire.',
  labels: ['group', 'resource', 'verb'],
  stability: 'ALPHA',
  buckets: Array.from({ length: 31 }, (_, index) => 50_000 + 100_000 * index),
}
export const fieldValidationSeconds: HistogramSpec = {
  name: 'field_validation_request_duration_seconds',
  help: 'Seconds of writes by the field validation that was asked for.',
  labels: ['field_validation'],
  stability: 'ALPHA',
  buckets: seconds,
}
export const filterSeconds: HistogramSpec = {
  name: 'apiserver_request_filter_duration_seconds',
  help: 'Seconds that requests spent in a link of the chain, those after it not counted.',
  labels: ['filter'],
  stability: 'ALPHA',
  buckets: [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 5, 10, 15, 30],
}
export const longRunning: MetricSpec = {
  name: 'apiserver_longrunning_requests',
  help: 'Watches, logs, execs and the like that run now.',
  labels: ['verb', ...what],
  stability: 'STABLE',
}
export const requestedDeprecated: MetricSpec = {
  name: 'apiserver_requested_deprecated_apis',
  help: '1 for each deprecated kind that somebody asked for.',
  labels: ['group', 'version', 'resource', 'subresource', 'removed_release'],
  stability: 'STABLE',
}
export const inFlight: MetricSpec = {
  name: 'apiserver_current_inflight_requests',
  help: 'The most requests in work at a time within the last second that had any, by kind.',
  labels: ['request_kind'],
  stability: 'STABLE',
}
export const inQueue: MetricSpec = {
  name: 'apiserver_current_inqueue_requests',
  help: 'Requests that wait for seats, by kind.',
  labels: ['request_kind'],
  stability: 'ALPHA',
}
export const terminations: MetricSpec = {
  name: 'apiserver_request_terminations_total',
  help: 'Requests that the server gave up to protect itself.',
  labels: ['verb', ...what, 'code'],
  stability: 'ALPHA',
}
export const watchEvents: MetricSpec = {
  name: 'apiserver_watch_events_total',
  help: 'Events sent to watchers.',
  labels: ['group', 'version', 'resource'],
  stability: 'ALPHA',
}
export const watchEventBytes: HistogramSpec = {
  name: 'apiserver_watch_events_sizes',
  help: 'Bytes of events sent to watchers over the wire.',
  labels: ['group', 'version', 'resource'],
  stability: 'ALPHA',
  buckets: [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072],
}
const kind = ['group', 'resource']
export const storageRequests: MetricSpec = {
  name: 'etcd_requests_total',
  help: 'Writes that the store was asked for; there is no etcd, the name is what dashboards know.',
  labels: ['operation', ...kind],
  stability: 'ALPHA',
}
export const storageErrors: MetricSpec = {
  name: 'etcd_request_errors_total',
  help: 'Writes that the store did not carry out.',
  labels: ['operation', ...kind],
  stability: 'ALPHA',
}
export const storageSeconds: HistogramSpec = {
  name: 'etcd_request_duration_seconds',
  help: 'Seconds until a write was durable.',
  labels: ['operation', ...kind],
  stability: 'ALPHA',
  buckets: [0.005, 0.025, ...seconds],
}
export const storageEvents: MetricSpec = {
  name: 'apiserver_storage_events_received_total',
  help: 'Events that the store told.',
  labels: kind,
  stability: 'ALPHA',
}
export const cacheEvents: MetricSpec = {
  name: 'apiserver_watch_cache_events_received_total',
  help: 'Events that the watch cache took from the store.',
  labels: kind,
  stability: 'ALPHA',
}
export const storageObjects: MetricSpec = {
  name: 'apiserver_storage_objects',
  help: 'Stored objects of each kind.',
  labels: ['resource'],
  stability: 'STABLE',
}
export const resourceObjects: MetricSpec = {
  name: 'apiserver_resource_objects',
  help: 'Stored objects of each kind.',
  labels: kind,
  stability: 'ALPHA',
}
export const selfRequestTotal: MetricSpec = {
  name: 'apiserver_selfrequest_total',
  help: 'Requests that the server made to itself.',
  labels: ['verb', 'group', 'resource', 'subresource'],
  stability: 'ALPHA',
}
export const unavailableApi: MetricSpec = {
  name: 'aggregator_unavailable_apiservice',
  help: '1 for each APIService that is not available, 0 for the others.',
  labels: ['name'],
  stability: 'ALPHA',
}
export const lostApiTotal: MetricSpec = {
  name: 'aggregator_unavailable_apiservice_total',
  help: 'Times that an APIService was available and is no more.',
  labels: ['name', 'reason'],
  stability: 'ALPHA',
}
export const handshakeErrors: MetricSpec = {
  name: 'apiserver_tls_handshake_errors_total',
  help: 'TLS handshakes that failed.',
  stability: 'ALPHA',
}
