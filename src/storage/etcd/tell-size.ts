import { messageOf } from '../../std/message.ts'
import type { MetricSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { EtcdConnection } from './connection.ts'

const size: MetricSpec = {
  name: 'apiserver_storage_size_bytes',
  help: 'Bytes that the database of etcd takes on its disk.',
  labels: ['storage_cluster_id'],
  stability: 'STABLE',
}
/** Upstream counts its etcds; here is one. */
const cluster = 'etcd-0'

/** Asks etcd for the size of its database whenever metrics are read; it is not told while etcd does not say. */
export function tellSize(
  connection: Pick<EtcdConnection, 'status'>,
  { metrics, log }: Pick<Ports, 'metrics' | 'log'>,
): () => void {
  const family = metrics.gauge(size)
  return metrics.beforeRead(async () => {
    try {
      const { dbSize } = await connection.status()
      family.with(cluster).set(dbSize)
    } catch (error) {
      family.drop(cluster)
      log.warn('the size of etcd is not known', { error: messageOf(error) })
    }
  })
}
