import { compareQuantity, parseQuantity } from '../../machinery/quantity/index.ts'
import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/index.ts'
import { claimSize } from '../core/claims.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../types/core-v1.gen.ts'
import { matchesAnyTerm } from './node-match.ts'
import { betaClassAnnotation, storageClassOf } from './storage-class.ts'

export interface VolumeSearch {
  /** Where the volume shall be usable; without it, anywhere. */
  readonly node?: Node
  /** Names of volumes that are promised to others. */
  readonly excluded?: ReadonlySet<string>
  /** The class waits for the first consumer: without a node only a volume that names the claim will do. */
  readonly delayed?: boolean
}

/** The class of a volume; `''` when it has none. */
export function classOfVolume({ metadata, spec }: PersistentVolume): string {
  return metadata.annotations?.[betaClassAnnotation] ?? spec?.storageClassName ?? ''
}

/** The volume names this very claim (component-helpers storage/volume IsVolumeBoundToClaim). */
export function isBoundTo({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { name, namespace, uid } = spec?.claimRef ?? {}
  if (name !== claim.metadata.name || namespace !== claim.metadata.namespace) return false
  return !uid || uid === claim.metadata.uid
}

export function sameVolumeMode({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (spec?.volumeMode ?? 'Filesystem') === (claim.spec?.volumeMode ?? 'Filesystem')
}

export function offersAccessModes({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  return (claim.spec?.accessModes ?? []).every(mode => spec?.accessModes?.includes(mode))
}

export function isLargeEnough({ spec }: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const wanted = claimSize(claim)
  return compareQuantity(parseQuantity(spec?.capacity?.storage ?? '0'), wanted) >= 0
}

export function isReachable({ spec }: PersistentVolume, node: Node): boolean {
  const terms = spec?.nodeAffinity?.required?.nodeSelectorTerms
  return terms === undefined || matchesAnyTerm(node, terms)
}

/**
 * The smallest volume that fits a claim, one that names the claim before all others (component-helpers
 * storage/volume FindMatchingVolume, pv index.go findByClaim: of volumes that can do more than is asked for those
 * with the fewest access modes come first).
 */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: Iterable<PersistentVolume>,
  search: VolumeSearch = {},
): PersistentVolume | undefined {
  const groups = Map.groupBy(
    [...volumes].filter(volume => offersAccessModes(volume, claim)),
    ({ spec }) => new Set(spec?.accessModes).size,
  )
  for (const count of [...groups.keys()].toSorted((a, b) => a - b)) {
    const found = bestOf(claim, groups.get(count)!, search)
    if (found) return found
  }
  return undefined
}

function bestOf(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  { node, excluded, delayed }: VolumeSearch,
): PersistentVolume | undefined {
  const possible = volumes.filter(
    volume => !excluded?.has(volume.metadata.name!) && isPossible(volume, claim),
  )
  const bound = possible.find(volume => isBoundTo(volume, claim))
  if (bound) return node && !isReachable(bound, node) ? undefined : bound
  if (delayed && !node) return undefined
  const fitting = possible.filter(volume => isFree(volume, claim) && (!node || isReachable(volume, node)))
  return fitting.reduce<PersistentVolume | undefined>(smaller, undefined)
}

function isPossible(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  if (volume.spec?.claimRef && !isBoundTo(volume, claim)) return false
  if (volume.metadata.deletionTimestamp || !isLargeEnough(volume, claim)) return false
  const sameAttributes =
    (claim.spec?.volumeAttributesClassName ?? '') === (volume.spec?.volumeAttributesClassName ?? '')
  return sameAttributes && sameVolumeMode(volume, claim)
}

function isFree(volume: PersistentVolume, claim: PersistentVolumeClaim): boolean {
  const { selector } = claim.spec ?? {}
  return (
    volume.status?.phase === 'Available' &&
    (!selector || matchesLabels(labelSelectorFrom(selector), volume.metadata.labels)) &&
    classOfVolume(volume) === storageClassOf(claim)
  )
}

function smaller(best: PersistentVolume | undefined, volume: PersistentVolume): PersistentVolume {
  if (!best) return volume
  const size = ({ spec }: PersistentVolume) => parseQuantity(spec?.capacity?.storage ?? '0')
  return compareQuantity(size(volume), size(best)) < 0 ? volume : best
}
