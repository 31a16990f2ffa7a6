import type { ClusterTrustBundle } from '../../api/types/certificates-v1beta1.gen.ts'
import type { ClusterTrustBundleProjection } from '../../api/types/core-v1.gen.ts'
import type { Client } from '../../client/client.ts'
import { createInformer, type Informer } from '../../client/informer.ts'
import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/index.ts'
import type { Ports } from '../../std/ports.ts'
import { clusterTrustBundles } from '../resources.ts'
import { certificateBodies, certificatesPem } from './pem.ts'

/** ClusterTrustBundles for the volumes of pods: watched as long as some pod has such a volume (KEP-3257). */
export interface TrustBundles {
  /** Keeps bundles live for a pod; `changed` is called when any of them changes. */
  hold(podUid: string, changed: () => void): void
  release(podUid: string): void
  /** The certificates that a projection names, each once, as PEM. Rejects when there are none and they are not optional. */
  anchors(projection: ClusterTrustBundleProjection): Promise<string>
}

/** How long a mount waits for the first list; it is tried again. */
const syncMaxMs = 10_000

export function createTrustBundles({
  client,
  ports,
}: {
  readonly client: Client
  readonly ports: Ports
}): TrustBundles {
  const holders = new Map<string, () => void>()
  let live: { readonly informer: Informer<ClusterTrustBundle>; readonly stop: AbortController } | undefined
  const start = () => {
    const informer = createInformer({ client, ports, resource: clusterTrustBundles })
    const stop = new AbortController()
    informer.onChange(() => {
      if (informer.synced()) for (const changed of holders.values()) changed()
    })
    void informer.run(stop.signal)
    return { informer, stop }
  }
  return {
    hold(podUid, changed) {
      holders.set(podUid, changed)
      live ??= start()
    },
    release(podUid) {
      if (!holders.delete(podUid) || holders.size > 0) return
      live?.stop.abort()
      live = undefined
    },
    async anchors(projection) {
      live ??= start()
      const { informer } = live
      if (!informer.synced()) await within(ports, informer.whenSynced())
      if (!informer.synced()) throw new Error('ClusterTrustBundle informer has not yet synced')
      return normalized(chosen(informer.store.list(), projection))
    },
  }
}

async function within({ clock }: Ports, synced: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const cancel = clock.setTimer(syncMaxMs, late.resolve)
  await Promise.race([synced, late.promise])
  cancel()
}

/** By name, or by signer and labels: without a selector none, with an empty one all of the signer's. */
function chosen(
  bundles: readonly ClusterTrustBundle[],
  { name, signerName, labelSelector, optional }: ClusterTrustBundleProjection,
): readonly ClusterTrustBundle[] {
  if (name !== undefined) {
    const found = bundles.filter(({ metadata }) => metadata.name === name)
    if (found.length > 0 || optional) return found
    throw new Error(
      `while getting ClusterTrustBundle: clustertrustbundle.certificates.k8s.io ${JSON.stringify(name)} not found`,
    )
  }
  if (signerName === undefined)
    throw new Error('ClusterTrustBundle projection requires either name or signerName to be set')
  const selector = labelSelectorFrom(labelSelector)
  const found = bundles.filter(
    ({ metadata, spec }) => spec.signerName === signerName && matchesLabels(selector, metadata.labels),
  )
  if (found.length > 0 || optional) return found
  throw new Error('combination of signerName and labelSelector matched zero ClusterTrustBundles')
}

/** Each certificate once, in an order that does not depend on that of the bundles, without what stands between them. */
function normalized(bundles: readonly ClusterTrustBundle[]): string {
  const all = bundles.flatMap(({ spec }) => certificateBodies(spec.trustBundle ?? ''))
  return certificatesPem([...new Set(all)].toSorted())
}
