import { claimSize } from '../../../api/core/claims.ts'
import { storageClassOf } from '../../../api/shared/storage-class.ts'
import { findVolume, isReachable } from '../../../api/shared/volume-match.ts'
import { csiDrivers } from '../../../api/storage/csi-driver.ts'
import { csiStorageCapacities } from '../../../api/storage/csi-storage-capacity.ts'
import { storageClasses } from '../../../api/storage/storage-class.ts'
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  TopologySelectorTerm,
} from '../../../api/types/core-v1.gen.ts'
import type { StorageClass } from '../../../api/types/storage-v1.gen.ts'
import { compareQuantity, parseQuantity } from '../../../machinery/quantity/index.ts'
import { labelSelectorFrom, matchesLabels } from '../../../machinery/selector/index.ts'
import type { Lists } from '../../framework/handle.ts'
import type { AssumedVolumes } from './assumed.ts'
import { claimsOf } from './pod-claims.ts'

export const selectedNode = 'volume.kubernetes.io/selected-node'
const bindCompleted = 'pv.kubernetes.io/bind-completed'
const notSupported = 'kubernetes.io/no-provisioner'

/** The pod's claims by what is still to do for them. */
export interface PodClaims {
  readonly bound: readonly PersistentVolumeClaim[]
  /** Their class waits for the first consumer: the scheduler chooses or orders the volume. */
  readonly delayed: readonly PersistentVolumeClaim[]
  /** Somebody else must bind them first. */
  readonly immediate: readonly PersistentVolumeClaim[]
}

/** What is to be written for the pod to get its volumes on a node. */
export interface VolumePlan {
  readonly bindings: readonly { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[]
  readonly provisions: readonly PersistentVolumeClaim[]
}

export interface VolumeWorld {
  readonly lists: Lists
  readonly assumed: AssumedVolumes
}

export function isFullyBound({ metadata, spec }: PersistentVolumeClaim): boolean {
  return Boolean(spec?.volumeName) && metadata.annotations?.[bindCompleted] !== undefined
}

export function sortClaims({ lists, assumed }: VolumeWorld, pod: Pod): PodClaims {
  const claims = { bound: [], delayed: [], immediate: [] } as Record<keyof PodClaims, PersistentVolumeClaim[]>
  for (const claim of claimsOf(lists, pod).map(assumed.claim)) {
    const mode = lists.of(storageClasses).get(undefined, storageClassOf(claim))?.volumeBindingMode
    const waits = mode === 'WaitForFirstConsumer' && !claim.spec?.volumeName
    claims[isFullyBound(claim) ? 'bound' : waits ? 'delayed' : 'immediate'].push(claim)
  }
  return claims
}

/** The plan for one node, or the reasons why it will not do (binder.go FindPodVolumes). */
export function planVolumes(
  world: VolumeWorld,
  claims: PodClaims,
  node: Node,
): VolumePlan | readonly string[] {
  const bound = boundReason(world, claims.bound, node)
  const plan = claims.delayed.length > 0 ? planDelayed(world, claims.delayed, node) : noWork
  const late = typeof plan === 'string' ? plan : undefined
  // In upstream's order of reasons.
  const reasons = [bound === wrongNode ? bound : undefined, late, bound === wrongNode ? undefined : bound]
  const told = reasons.filter(reason => reason !== undefined)
  return typeof plan === 'string' || told.length > 0 ? told : plan
}

const noWork: VolumePlan = { bindings: [], provisions: [] }
const wrongNode = "node(s) didn't match PersistentVolume's node affinity"
const noVolume = "node(s) didn't find available persistent volumes to bind"
const noSpace = 'node(s) did not have enough free storage'
const lost = 'node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)'

function boundReason(
  { assumed }: VolumeWorld,
  claims: readonly PersistentVolumeClaim[],
  node: Node,
): string | undefined {
  for (const { spec } of claims) {
    const volume = assumed.volume(spec!.volumeName!)
    if (!volume) return lost
    if (!isReachable(volume, node)) return wrongNode
  }
  return undefined
}

function planDelayed(
  world: VolumeWorld,
  claims: readonly PersistentVolumeClaim[],
  node: Node,
): VolumePlan | string {
  const chosenNode = ({ metadata }: PersistentVolumeClaim) => metadata.annotations?.[selectedNode]
  const ordered = claims.filter(claim => chosenNode(claim) !== undefined)
  if (ordered.some(claim => chosenNode(claim) !== node.metadata.name)) return noVolume
  const provisions = [...ordered]
  const bindings: { volume: PersistentVolume; claim: PersistentVolumeClaim }[] = []
  const excluded = new Set<string>()
  for (const claim of claims.filter(claim => !ordered.includes(claim)).sort(bySize)) {
    const volume = findVolume(claim, world.assumed.ofClass(storageClassOf(claim)), {
      node,
      excluded,
      delayed: true,
    })
    if (volume) {
      excluded.add(volume.metadata.name!)
      bindings.push({ volume, claim })
    } else provisions.push(claim)
  }
  for (const claim of provisions) {
    const reason = provisionReason(world.lists, claim, node)
    if (reason) return reason
  }
  return { bindings, provisions }
}

function bySize(a: PersistentVolumeClaim, b: PersistentVolumeClaim): number {
  return compareQuantity(claimSize(a), claimSize(b))
}

function provisionReason(lists: Lists, claim: PersistentVolumeClaim, node: Node): string | undefined {
  const name = storageClassOf(claim)
  const storageClass = lists.of(storageClasses).get(undefined, name)
  if (!storageClass) throw new Error(`failed to find storage class "${name}"`)
  const { provisioner, allowedTopologies = [] } = storageClass
  if (!provisioner || provisioner === notSupported || !isAllowed(allowedTopologies, node)) return noVolume
  return hasCapacity(lists, claim, storageClass, node) ? undefined : noSpace
}

function isAllowed(terms: readonly TopologySelectorTerm[], { metadata }: Node): boolean {
  const holds = ({ matchLabelExpressions = [] }: TopologySelectorTerm) =>
    matchLabelExpressions.length > 0 &&
    matchLabelExpressions.every(({ key, values }) => values.includes(metadata.labels?.[key] ?? ''))
  return terms.length === 0 || terms.some(holds)
}

/** Asked only of drivers that publish their capacity (KEP-1472). */
function hasCapacity(lists: Lists, claim: PersistentVolumeClaim, of: StorageClass, node: Node): boolean {
  if (!lists.of(csiDrivers).get(undefined, of.provisioner)?.spec.storageCapacity) return true
  const fits = (limit: string | undefined) =>
    limit !== undefined && compareQuantity(parseQuantity(limit), claimSize(claim)) >= 0
  return lists
    .of(csiStorageCapacities)
    .list()
    .some(
      ({ storageClassName, maximumVolumeSize, capacity, nodeTopology }) =>
        storageClassName === of.metadata.name &&
        fits(maximumVolumeSize ?? capacity) &&
        nodeTopology !== undefined &&
        matchesLabels(labelSelectorFrom(nodeTopology), node.metadata.labels),
    )
}
