import { grpcCodeName } from '../../std/grpc-codes.ts'
import type { MetricSpec, Metrics } from '../../std/metrics.ts'

const call = ['grpc_type', 'grpc_service', 'grpc_method']
const started: MetricSpec = {
  ...{ name: 'grpc_client_started_total', help: 'Calls of etcd that were begun.', labels: call },
}
const handled: MetricSpec = {
  name: 'grpc_client_handled_total',
  help: 'Calls of etcd that have ended, by how.',
  labels: [...call, 'grpc_code'],
}
const sent: MetricSpec = {
  ...{ name: 'grpc_client_msg_sent_total', help: 'Messages that etcd was sent.', labels: call },
}
const received: MetricSpec = {
  name: 'grpc_client_msg_received_total',
  help: 'Messages of streams that came from etcd.',
  labels: call,
}

/** One call of etcd, as the gRPC library of a stock server counts it. */
export interface CallMeter {
  sent(): void
  received(): void
  /** With gRPC's code. */
  ended(code: number): void
}

export type GrpcMeter = (type: 'unary' | 'bidi_stream', path: string) => CallMeter

const uncounted: CallMeter = { sent() {}, received() {}, ended() {} }

/** `path` is `/etcdserverpb.KV/Range`; each call of the result begins one. */
export function grpcMeter(metrics: Metrics | undefined): GrpcMeter {
  if (!metrics) return () => uncounted
  const [starts, ends] = [metrics.counter(started), metrics.counter(handled)]
  const [sends, receives] = [metrics.counter(sent), metrics.counter(received)]
  return (type, path) => {
    const [, service = '', method = ''] = path.split('/')
    const labels = [type, service, method] as const
    starts.with(...labels).inc()
    return {
      sent: () => sends.with(...labels).inc(),
      received: () => receives.with(...labels).inc(),
      ended: code => ends.with(...labels, grpcCodeName(code)).inc(),
    }
  }
}
