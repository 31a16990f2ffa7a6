import { createHash } from 'node:crypto'
import type { ClusterTrustBundle } from '../../api/types/certificates-v1beta1.gen.ts'
import type { Catalog } from '../../client/catalog.ts'
import { orUndefined } from '../../client/failure.ts'
import type { ObjectStore } from '../../client/object-store.ts'
import type { Worker, WorkerContext } from '../../controller/worker.ts'
import { clusterTrustBundles } from '../kinds.ts'
import { publisherMeter } from './publisher-metrics.ts'

const signerName = 'kubernetes.io/kube-apiserver-serving'
const key = 'bundle'

const count = publisherMeter('clustertrustbundle_publisher')

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
  const looked = (error: unknown) => count(metrics, { error, ms: clock.monotonicMs() - startMs })
  try {
    await look()
    looked(undefined)
  } catch (error) {
    looked(error)
    throw error
  }
}
