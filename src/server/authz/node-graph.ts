import { isMirrorPod } from '../../api/core/pod/annotations.ts'
import { podReferences, volumeSecretKeys } from '../../api/core/pod/references.ts'
import type { PersistentVolume, Pod } from '../../api/types/core-v1.gen.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import { exponentialBuckets, type HistogramSpec } from '../../std/metrics.ts'
import type { Ports } from '../../std/ports.ts'
import type { Change, Source } from '../lister.ts'

/** The kinds that a node reaches through what runs on it. */
export type NodeRelated =
  | 'configmap'
  | 'secret'
  | 'pvc'
  | 'pv'
  | 'resourceclaim'
  | 'serviceaccount'
  | 'pod'
  | 'volumeattachment'
  | 'resourceslice'
  | 'podcertificaterequest'

/** Objects that say in `spec.nodeName` which node they belong to. */
export type NodeOwned = KubeObject & { spec?: { nodeName?: string } }

/** What the graph is made of; the optional kinds only where they are served. */
export interface NodeGraphSource {
  readonly pods: Source<Pod>
  readonly persistentVolumes: Source<PersistentVolume>
  readonly volumeAttachments?: Source<NodeOwned>
  readonly resourceSlices?: Source<NodeOwned>
  readonly podCertificateRequests?: Source<NodeOwned>
}

/**
 * Which node may read what, because of the pods bound to it (plugin/pkg/auth/authorizer/node Graph):
 *
 *     secret, configmap, claim, service account ── pod ── node
 *     secret ── volume ── claim
 *     volume attachment, resource slice, certificate request ── node
 */
export interface NodeGraph {
  reaches(node: string, kind: NodeRelated, namespace: string, name: string): boolean
}

const actionSeconds: HistogramSpec = {
  name: 'node_authorizer_graph_actions_duration_seconds',
  help: 'Seconds that it took to take a change into the graph.',
  labels: ['operation'],
  stability: 'ALPHA',
  buckets: exponentialBuckets(0.0001, 2, 12),
}

type Timed = <T extends KubeObject>(
  what: string,
  take: (change: Change<T>) => void,
) => (change: Change<T>) => void

/** Times what a change does, as `AddPod` while there is an object and as `DeletePod` once it is gone. */
function timer({ metrics, clock }: Pick<Ports, 'metrics' | 'clock'>): Timed {
  const family = metrics.histogram(actionSeconds)
  return (what, take) => change => {
    const startMs = clock.monotonicMs()
    take(change)
    const operation = `${change.now ? 'Add' : 'Delete'}${what}`
    family.with(operation).observe((clock.monotonicMs() - startMs) / 1000)
  }
}

type Key = `${NodeRelated}:${string}`

export function createNodeGraph(source: NodeGraphSource, ports: Pick<Ports, 'metrics' | 'clock'>): NodeGraph {
  const timed = timer(ports)
  const edges = new NodeEdges()
  const volumes = new VolumeEdges()
  const takePod = timed<Pod>('Pod', ({ old, now }) => {
    if (old) edges.release(keyOf('pod', old))
    if (now?.spec?.nodeName) edges.hold(keyOf('pod', now), now.spec.nodeName, podKeys(now))
  })
  // A pod that no node runs yet gives nobody anything.
  const isBound = (pod: Pod | undefined) => Boolean(pod?.spec?.nodeName)
  source.pods.onChange(change => void ((isBound(change.now) || isBound(change.old)) && takePod(change)))
  source.persistentVolumes.onChange(
    timed('PV', ({ old, now }) => {
      if (old) volumes.remove(old)
      if (now) volumes.add(now)
    }),
  )
  const owned = (what: string, kind: NodeRelated) => timed(what, takeOwned(edges, kind))
  source.volumeAttachments?.onChange(owned('VolumeAttachment', 'volumeattachment'))
  source.resourceSlices?.onChange(owned('ResourceSlice', 'resourceslice'))
  source.podCertificateRequests?.onChange(owned('PodCertificateRequest', 'podcertificaterequest'))
  return {
    reaches(node, kind, namespace, name) {
      const path = `${namespace}/${name}`
      if (edges.has(`${kind}:${path}`, node)) return true
      if (kind !== 'pv' && kind !== 'secret') return false
      return volumes.claims(kind, kind === 'pv' ? name : path).some(claim => edges.has(`pvc:${claim}`, node))
    },
  }
}

function takeOwned(edges: NodeEdges, kind: NodeRelated): (change: Change<NodeOwned>) => void {
  return ({ old, now }) => {
    if (old) edges.release(keyOf(kind, old))
    if (now?.spec?.nodeName) edges.hold(keyOf(kind, now), now.spec.nodeName, [keyOf(kind, now)])
  }
}

function keyOf(kind: NodeRelated, { metadata }: KubeObject): Key {
  return `${kind}:${metadata.namespace ?? ''}/${metadata.name ?? ''}`
}

function podKeys(pod: Pod): readonly Key[] {
  const self = keyOf('pod', pod)
  // A mirror pod gives its node nothing: a node must not create its own rights.
  if (isMirrorPod(pod)) return [self]
  const references = podReferences(pod)
  const namespace = pod.metadata.namespace ?? ''
  const all = (kind: NodeRelated, names: readonly string[]) =>
    names.map((name): Key => `${kind}:${namespace}/${name}`)
  return [
    self,
    ...all('secret', references.secrets),
    ...all('configmap', references.configMaps),
    ...all('pvc', references.claims),
    ...all('resourceclaim', references.resourceClaims),
    ...all('serviceaccount', references.serviceAccount ? [references.serviceAccount] : []),
  ]
}

/** object → node → how many holders (pods) make the relation. */
class NodeEdges {
  readonly #counts = new Map<Key, Map<string, number>>()
  readonly #held = new Map<Key, { readonly node: string; readonly keys: readonly Key[] }>()

  has(key: Key, node: string): boolean {
    return this.#counts.get(key)?.has(node) ?? false
  }

  hold(holder: Key, node: string, keys: readonly Key[]): void {
    this.#held.set(holder, { node, keys })
    for (const key of keys) {
      const byNode = this.#counts.get(key) ?? new Map<string, number>()
      this.#counts.set(key, byNode.set(node, (byNode.get(node) ?? 0) + 1))
    }
  }

  release(holder: Key): void {
    const held = this.#held.get(holder)
    if (!held) return
    this.#held.delete(holder)
    for (const key of held.keys) this.#decrement(key, held.node)
  }

  #decrement(key: Key, node: string): void {
    const byNode = this.#counts.get(key)
    const left = (byNode?.get(node) ?? 0) - 1
    if (left > 0) byNode?.set(node, left)
    else byNode?.delete(node)
    if (byNode?.size === 0) this.#counts.delete(key)
  }
}

/** volume → claim, and secret → claims of the volumes that use it. */
class VolumeEdges {
  readonly #claimOfVolume = new Map<string, string>()
  readonly #volumesOfSecret = new Map<string, Set<string>>()

  claims(kind: 'pv' | 'secret', key: string): readonly string[] {
    const volumes = kind === 'pv' ? [key] : [...(this.#volumesOfSecret.get(key) ?? [])]
    return volumes.flatMap(volume => this.#claimOfVolume.get(volume) ?? [])
  }

  add(volume: PersistentVolume): void {
    const claim = volume.spec?.claimRef
    const name = volume.metadata.name ?? ''
    if (!claim) return
    this.#claimOfVolume.set(name, `${claim.namespace ?? ''}/${claim.name ?? ''}`)
    for (const secret of volumeSecretKeys(volume)) {
      this.#volumesOfSecret.set(secret, (this.#volumesOfSecret.get(secret) ?? new Set()).add(name))
    }
  }

  remove(volume: PersistentVolume): void {
    const name = volume.metadata.name ?? ''
    this.#claimOfVolume.delete(name)
    for (const secret of volumeSecretKeys(volume)) {
      const volumes = this.#volumesOfSecret.get(secret)
      volumes?.delete(name)
      if (volumes?.size === 0) this.#volumesOfSecret.delete(secret)
    }
  }
}
