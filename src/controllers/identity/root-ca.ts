import type { ConfigMap, Namespace } from '../../api/types/core-v1.gen.ts'
import { create, update } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { Worker } from '../../controller/worker.ts'
import { configMaps, namespaces } from '../kinds.ts'
import { publisherMeter } from './publisher-metrics.ts'

const name = 'kube-root-ca.crt'
const description =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.'

const count = publisherMeter('root_ca_cert_publisher')

/** Every namespace knows the CA of the API server (upstream pkg/controller/certificates/rootcacertpublisher). */
export function rootCaPublisher(rootCaPem: () => string): Worker {
  return defineController<Namespace>({
    synced: (look, metrics) => count(metrics, look),
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
