import { createHash } from 'node:crypto'
import type { ClusterTrustBundle } from '../../api/types/certificates-v1beta1.gen.ts'
import type { Catalog } from '../../client/catalog.ts'
import { orUndefined } from '../../client/failure.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { StatusError } from '../../machinery/status/status.ts'
import { exponentialBuckets, type HistogramSpec, type MetricSpec } from '../../std/metrics.ts'
import { clusterTrustBundles } from '../kinds.ts'

const signerName = 'kubernetes.io/kube-apiserver-serving'
const key = 'bundle'

const labels = ['code']
/** Upstream's names and buckets (pkg/controller/certificates/clustertrustbundlepublisher). */
const syncTotal: MetricSpec = {
  name: 'clustertrustbundle_publisher_sync_total',
  help: 'Looks at the bundle of the server, by the code of the answer to the last write.',
  labels,
  stability: 'ALPHA',
}
const syncSeconds: HistogramSpec = {
  name: 'clustertrustbundle_publisher_sync_duration_seconds',
  help: 'Seconds that a look at the bundle of the server took.',
  labels,
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.001, 2, 15),
}

/** Keeps the one ClusterTrustBundle by which the API server can be verified, and no other of its signer. */
export function trustBundlePublisher(catalog: Catalog, rootCaPem: () => string): Worker {
  return {
    name: 'kube-apiserver-serving-trustbundle-publisher',
    identity: 'kube-apiserver-serving-clustertrustbundle-publisher',
    start(context) {
      if (!catalog.all().some(({ plural }) => plural === clusterTrustBundles.plural)) return async () => ({})
      const { store } = context.use(clusterTrustBundles)
      context.watch(clusterTrustBundles, (bundle, old) =>
        (bundle ?? old)?.spec.signerName === signerName ? [key] : [],
      )
      context.enqueue(key)
      return async () => {
        await counted(context, () => publish(context, store, rootCaPem()))
        return {}
      }
    },
  }
}

async function publish(
  { client }: WorkerContext,
  store: ObjectStore<ClusterTrustBundle>,
  trustBundle: string,
): Promise<void> {
  const digest = createHash('sha256').update(trustBundle).digest('hex').slice(0, 24)
  const name = `${signerName.replaceAll('/', ':')}:${digest}`
  const known = store.get(undefined, name)
  const spec = { signerName, trustBundle }
  if (!known) await client.create(clusterTrustBundles, { metadata: { name }, spec })
  else if (known.spec.trustBundle !== trustBundle)
    await client.update(clusterTrustBundles, { ...known, spec })
  const others = store
    .list()
    .filter(each => each.spec.signerName === signerName && each.metadata.name !== name)
  for (const { metadata } of others)
    await orUndefined(client.delete(clusterTrustBundles, undefined, metadata.name!))
}

async function counted({ ports }: WorkerContext, look: () => Promise<void>): Promise<void> {
  const { clock, metrics } = ports
  const startMs = clock.monotonicMs()
  const count = (code: number) => {
    metrics.counter(syncTotal).with(String(code)).inc()
    metrics
      .histogram(syncSeconds)
      .with(String(code))
      .observe((clock.monotonicMs() - startMs) / 1000)
  }
  try {
    await look()
    count(200)
  } catch (error) {
    count(error instanceof StatusError ? error.code : 500)
    throw error
  }
}
