import type { Pod } from '../../api/types/core-v1.gen.ts'
import { type Catalog, resourceOfKind } from '../../client/catalog.ts'
import type { Client } from '../../client/client.ts'
import { orUndefined } from '../../client/failure.ts'
import type { View } from '../../controller/view.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject, OwnerReference } from '../../machinery/meta/object.ts'
import { controllerOf } from '../../machinery/meta/owners.ts'
import { deployments, replicaSets, replicationControllers, statefulSets } from '../kinds.ts'

/** How many pods there should be. */
export interface ExpectedScale {
  readonly count: number
  /** Names of pods that nobody keeps up. */
  readonly unmanaged: readonly string[]
}

export interface ScaleSources {
  readonly store: View['store']
  readonly catalog: Catalog
  readonly client: Client
}

type Scale = KubeObject & { readonly spec?: { readonly replicas?: number } }

interface Found {
  readonly uid: string
  readonly replicas: number
}

/**
 * The sum of the sizes that the controllers of these pods shall have (disruption.go getExpectedScale). Throws when
 * the size of one cannot be told.
 */
export async function expectedScale(pods: readonly Pod[], sources: ScaleSources): Promise<ExpectedScale> {
  const unmanaged: string[] = []
  const sizes = new Map<string, number>()
  const seen = new Set<string>()
  for (const pod of pods) {
    const owner = controllerOf(pod)
    if (!owner) unmanaged.push(pod.metadata.name!)
    if (!owner || seen.has(owner.uid)) continue
    seen.add(owner.uid)
    const found = builtinScale(owner, pod, sources.store) ?? (await scaleOf(owner, pod, sources))
    if (!found) throw new Error(`found no controllers for pod "${pod.metadata.name}"`)
    sizes.set(found.uid, found.replicas)
  }
  return { count: [...sizes.values()].reduce((sum, size) => sum + size, 0), unmanaged }
}

/** Of a replica set of a deployment the deployment's size counts. */
function builtinScale(owner: OwnerReference, { metadata }: Pod, store: View['store']): Found | undefined {
  const { namespace } = metadata
  const group = fromApiVersion(owner.apiVersion)?.group
  const kinds = [
    { of: replicationControllers, store: store(replicationControllers) },
    { of: replicaSets, store: store(replicaSets) },
    { of: statefulSets, store: store(statefulSets) },
  ]
  const kind = kinds.find(({ of }) => of.kind === owner.kind && of.group === group)
  const object = kind?.store.get(namespace, owner.name) as Scale | undefined
  if (object?.metadata.uid !== owner.uid) return undefined
  const parent = kind!.of.kind === 'ReplicaSet' ? controllerOf(object) : undefined
  if (parent?.kind !== 'Deployment') return found(object)
  const deployment = store(deployments).get(namespace, parent.name)
  return deployment?.metadata.uid === parent.uid ? found(deployment) : undefined
}

function found({ metadata, spec }: Scale): Found {
  return { uid: metadata.uid!, replicas: spec?.replicas ?? 1 }
}

/** Any other kind may say its size by a scale subresource. */
async function scaleOf(
  { apiVersion, kind, name, uid }: OwnerReference,
  { metadata }: Pod,
  { catalog, client }: ScaleSources,
): Promise<Found | undefined> {
  const resource = resourceOfKind(catalog, apiVersion, kind)
  if (!resource) throw new Error(`no matches for kind "${kind}" in version "${apiVersion}"`)
  if (!resource.subresources?.some(subresource => subresource.name === 'scale')) {
    const groupResource = resource.group ? `${resource.plural}.${resource.group}` : resource.plural
    throw new Error(`${groupResource} does not implement the scale subresource`)
  }
  const { namespace } = metadata
  const call = { verb: 'get' as const, namespace, name, subresource: 'scale' }
  const scale = await orUndefined(client.subresource<Scale>(resource, call))
  return scale?.metadata.uid === uid ? { uid, replicas: scale.spec?.replicas ?? 0 } : undefined
}
