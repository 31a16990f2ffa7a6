import type { ConfigMap, Namespace } from '../../api/types/core-v1.gen.ts'
import { create, update } from '../../controller/actions.ts'
import { defineController, type Synced, watched } from '../../controller/define.ts'
import type { Worker } from '../../controller/worker.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec, type Metrics } from '../../std/metrics.ts'
import { configMaps, namespaces } from '../kinds.ts'

const name = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

const labels = ['code']
/** Upstream's names and buckets (rootcacertpublisher/metrics.go). */
const syncTotal: MetricSpec = {
  name: 'root_ca_cert_publisher_sync_total',
  help: 'Looks at namespaces, by the code of the answer to the last write.',
  labels,
  stability: 'ALPHA',
}
const syncSeconds: HistogramSpec = {
  name: 'root_ca_cert_publisher_sync_duration_seconds',
  help: 'Seconds that a look at a namespace took.',
  labels,
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}

function countSync({ error, ms }: Synced<Namespace>, metrics: Metrics): void {
  const code = error === undefined ? '200' : error instanceof StatusError ? String(error.status.code) : '500'
  metrics.counter(syncTotal).with(code).inc()
  metrics
    .histogram(syncSeconds)
    .with(code)
    .observe(ms / 1000)
}

/** Every namespace knows the CA of the API server (upstream pkg/controller/certificates/rootcacertpublisher). */
export function rootCaPublisher(rootCaPem: () => string): Worker {
  return defineController<Namespace>({
    synced: countSync,
    name: 'root-ca-publisher',
    identity: 'root-ca-cert-publisher',
    primary: namespaces,
    watches: [watched(configMaps, ({ metadata }) => (metadata.name === name ? [metadata.namespace!] : []))],
    plan({ metadata, status }, view) {
      if (metadata.deletionTimestamp || status?.phase === 'Terminating') return []
      const data = { 'ca.crt': rootCaPem() }
      const annotations = { 'kubernetes.io/description': description }
      const current = view.store(configMaps).get(metadata.name, name)
      const wanted: ConfigMap = { metadata: { name, namespace: metadata.name, annotations }, data }
      if (!current) return [create(configMaps, wanted)]
      const described = current.metadata.annotations?.['kubernetes.io/description'] !== undefined
      const sole = Object.keys(current.data ?? {}).length === 1
      if (described && sole && current.data?.['ca.crt'] === data['ca.crt']) return []
      const merged = { ...current.metadata.annotations, ...annotations }
      return [
        update(configMaps, { ...current, metadata: { ...current.metadata, annotations: merged }, data }),
      ]
    },
  })
}
