import type { ResourceName } from '../../client/resource.ts'
import { toApiVersion } from '../../machinery/meta/group.ts'
import type { KubeObject, OwnerReference } from '../../machinery/meta/object.ts'

/** An object as far as collecting garbage needs to know it. */
export interface GraphNode {
  readonly uid: string
  readonly resource: ResourceName
  readonly namespace: string | undefined
  readonly name: string
  readonly owners: readonly OwnerReference[]
  readonly deleting: boolean
  readonly finalizers: readonly string[]
}

export const orphanFinalizer = 'orphan'
export const foregroundFinalizer = 'foregroundDeletion'

const forgottenMax = 2_000

/** Who owns whom among all objects, by uid. Owners that were never seen have dependents all the same. */
export class DependencyGraph {
  readonly #nodes = new Map<string, GraphNode>()
  readonly #dependents = new Map<string, Set<string>>()
  /** Uids seen to go: they never come back. The oldest are dropped. */
  readonly #forgotten = new Set<string>()

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  /** True when this object was here and has gone. */
  isForgotten(uid: string): boolean {
    return this.#forgotten.has(uid)
  }

  dependentsOf(uid: string): readonly GraphNode[] {
    return [...(this.#dependents.get(uid) ?? [])].flatMap(dependent => this.#nodes.get(dependent) ?? [])
  }

  nodesOf(resource: ResourceName): GraphNode[] {
    return [...this.#nodes.values()].filter(node => node.resource === resource)
  }

  put(node: GraphNode): void {
    const old = this.#nodes.get(node.uid)
    this.#nodes.set(node.uid, node)
    const kept = new Set(node.owners.map(({ uid }) => uid))
    for (const { uid } of old?.owners ?? []) if (!kept.has(uid)) this.#unlink(uid, node.uid)
    for (const uid of kept) this.#link(uid, node.uid)
  }

  /** Its kind is followed no more: nobody here knows whether it is there. */
  lose(uid: string): void {
    for (const owner of this.#nodes.get(uid)?.owners ?? []) this.#unlink(owner.uid, uid)
    this.#nodes.delete(uid)
  }

  /** It was seen to go. */
  remove(uid: string): void {
    this.lose(uid)
    this.#forgotten.add(uid)
    if (this.#forgotten.size > forgottenMax) this.#forgotten.delete(this.#forgotten.values().next().value!)
  }

  /** The seen object that a reference means; undefined when none with that uid, kind, name and place was seen. */
  ownerOf(node: GraphNode, reference: OwnerReference): GraphNode | undefined {
    const owner = this.#nodes.get(reference.uid)
    return owner && matches(owner, reference, node.namespace) ? owner : undefined
  }

  #link(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner) ?? new Set()
    this.#dependents.set(owner, dependents.add(dependent))
  }

  #unlink(owner: string, dependent: string): void {
    const dependents = this.#dependents.get(owner)
    dependents?.delete(dependent)
    if (dependents?.size === 0) this.#dependents.delete(owner)
  }
}

export function toNode(resource: ResourceName, { metadata }: KubeObject): GraphNode {
  const { uid, namespace, name, ownerReferences, deletionTimestamp, finalizers } = metadata
  return {
    uid: uid ?? '',
    resource,
    namespace: namespace || undefined,
    name: name ?? '',
    owners: ownerReferences ?? none,
    deleting: deletionTimestamp !== undefined,
    finalizers: finalizers ?? none,
  }
}

/** Most objects have neither: one list does for all of them. */
const none: readonly never[] = []

/** On its way out, but only after its dependents. */
export function waitsForDependents({ deleting, finalizers }: GraphNode): boolean {
  return deleting && finalizers.includes(foregroundFinalizer)
}

export function waitsForOrphaning({ deleting, finalizers }: GraphNode): boolean {
  return deleting && finalizers.includes(orphanFinalizer)
}

/** Whether an owner keeps this node's reference: it must not go before the node has. */
export function blocks(node: GraphNode, owner: string): boolean {
  return node.owners.some(({ uid, blockOwnerDeletion }) => uid === owner && blockOwnerDeletion === true)
}

function matches(owner: GraphNode, reference: OwnerReference, namespace: string | undefined): boolean {
  const { group, version, kind } = owner.resource
  const sameKind =
    reference.kind === kind && groupOf(reference.apiVersion) === groupOf(toApiVersion(group, version))
  return (
    sameKind &&
    reference.name === owner.name &&
    (owner.namespace === undefined || owner.namespace === namespace)
  )
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : ''
}
