import { persistentVolumes } from '../../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../../api/core/persistent-volume-claim.ts'
import { isBoundTo, isReachable } from '../../../api/shared/volume-match.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/types/core-v1.gen.ts'
import { referenceTo } from '../../../client/events.ts'
import { compareRevisions } from '../../../client/resource.ts'
import type { Handle } from '../../framework/handle.ts'
import type { NodeInfo } from '../../snapshot/node-info.ts'
import { isFullyBound, selectedNode, type VolumePlan } from './find-volumes.ts'

const boundByController = 'pv.kubernetes.io/bound-by-controller'

/** The plan as it is to be written: volumes that name their claims, claims that name the node. */
export function draftPlan({ bindings, provisions }: VolumePlan, nodeName: string): VolumePlan {
  return {
    bindings: bindings.map(({ volume, claim }) => ({ volume: withClaim(volume, claim), claim })),
    provisions: provisions.map(claim => withNode(claim, nodeName)),
  }
}

function withClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const { metadata, spec } = volume
  const annotations = isBoundTo(volume, claim)
    ? metadata.annotations
    : { ...metadata.annotations, [boundByController]: 'yes' }
  const claimRef = referenceTo(persistentVolumeClaims, claim)
  return { ...volume, metadata: { ...metadata, annotations }, spec: { ...spec, claimRef } }
}

function withNode(claim: PersistentVolumeClaim, nodeName: string): PersistentVolumeClaim {
  const annotations = { ...claim.metadata.annotations, [selectedNode]: nodeName }
  return { ...claim, metadata: { ...claim.metadata, annotations } }
}

/**
 * Writes the plan and resolves when the controller has bound every claim. Rejects with a sentence when the binding
 * was undone, a provisioner gave up, or `timeoutMs` is over: the pod is then scheduled anew.
 */
export async function writePlan(
  handle: Handle,
  { bindings, provisions }: VolumePlan,
  node: NodeInfo,
  timeoutMs: number,
): Promise<void> {
  const { client } = handle
  const written: Written = { bindings: [], provisions: [], node }
  for (const { volume, claim } of bindings)
    written.bindings.push({ volume: await client.update(persistentVolumes, volume), claim })
  for (const claim of provisions) written.provisions.push(await client.update(persistentVolumeClaims, claim))
  await whenBound(handle, written, timeoutMs)
}

interface Written {
  readonly bindings: { readonly volume: PersistentVolume; readonly claim: PersistentVolumeClaim }[]
  readonly provisions: PersistentVolumeClaim[]
  readonly node: NodeInfo
}

function whenBound(handle: Handle, written: Written, timeoutMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const look = () => {
    const outcome = check(handle, written)
    if (outcome === 'bound') resolve()
    else if (outcome !== 'waiting') reject(new Error(`binding volumes: ${outcome}`))
  }
  const cancels = [persistentVolumes, persistentVolumeClaims].map(kind => handle.lists.onChange(kind, look))
  const timeout = () => reject(new Error('binding volumes: context deadline exceeded'))
  cancels.push(handle.ports.clock.setTimer(timeoutMs, timeout))
  look()
  return promise.finally(() => {
    for (const cancel of cancels) cancel()
  })
}

/** `bound`, `waiting`, or what went wrong (binder.go checkBindings). */
function check({ lists }: Handle, { bindings, provisions, node }: Written): string {
  const outcomes = [
    ...bindings.map(({ volume, claim }) => checkBinding(lists, volume, claim, node)),
    ...provisions.map(claim => checkProvision(lists, claim, node)),
  ]
  const wrong = outcomes.find(outcome => outcome !== 'bound' && outcome !== 'waiting')
  return wrong ?? (outcomes.includes('waiting') ? 'waiting' : 'bound')
}

function checkBinding(
  lists: Handle['lists'],
  written: PersistentVolume,
  { metadata }: PersistentVolumeClaim,
  { node }: NodeInfo,
): string {
  const volume = lists.of(persistentVolumes).get(undefined, written.metadata.name!)
  const claim = lists.of(persistentVolumeClaims).get(metadata.namespace, metadata.name!)
  if (!volume || !claim) return `failed to check binding: could not find "${written.metadata.name}"`
  if (compareRevisions(volume.metadata.resourceVersion, written.metadata.resourceVersion) < 0)
    return 'waiting'
  if (node && !isReachable(volume, node)) return affinityTrouble(volume, node.metadata.name!)
  if (!volume.spec?.claimRef?.uid) return `ClaimRef got reset for pv "${written.metadata.name}"`
  return isFullyBound(claim) ? 'bound' : 'waiting'
}

function checkProvision(
  lists: Handle['lists'],
  { metadata }: PersistentVolumeClaim,
  { name, node }: NodeInfo,
): string {
  const claim = lists.of(persistentVolumeClaims).get(metadata.namespace, metadata.name!)
  if (!claim) return `failed to check provisioning pvc: could not find "${metadata.name}"`
  if (compareRevisions(claim.metadata.resourceVersion, metadata.resourceVersion) < 0) return 'waiting'
  if (claim.metadata.annotations?.[selectedNode] !== name)
    return `provisioning failed for PVC "${metadata.name}"`
  const { volumeName } = claim.spec ?? {}
  const volume = volumeName ? lists.of(persistentVolumes).get(undefined, volumeName) : undefined
  if (volume && node && !isReachable(volume, node)) return affinityTrouble(volume, name)
  return isFullyBound(claim) && volume ? 'bound' : 'waiting'
}

function affinityTrouble({ metadata }: PersistentVolume, node: string): string {
  return `pv "${metadata.name}" node affinity doesn't match node "${node}": no matching NodeSelectorTerms`
}
