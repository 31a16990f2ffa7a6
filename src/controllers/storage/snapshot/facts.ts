import type { PersistentVolumeClaim } from '../../../api/types/core-v1.gen.ts'
import { toKey } from '../../../client/resource.ts'
import {
  snapshotGroup,
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
} from './kinds.ts'

const prefix = 'snapshot.storage.kubernetes.io/'

/** Marks that csi-snapshotter reads and writes as well (external-snapshotter pkg/utils). */
export const finalizers = {
  content: `${prefix}volumesnapshotcontent-bound-protection`,
  bound: `${prefix}volumesnapshot-bound-protection`,
  asSource: `${prefix}volumesnapshot-as-source-protection`,
  claim: `${prefix}pvc-as-source-protection`,
} as const

export const annotations = {
  defaultClass: `${prefix}is-default-class`,
  beingDeleted: `${prefix}volumesnapshot-being-deleted`,
  deletionSecretName: `${prefix}deletion-secret-name`,
  deletionSecretNamespace: `${prefix}deletion-secret-namespace`,
} as const

export const keyOf = ({ metadata }: VolumeSnapshot): string => `${metadata.namespace}/${metadata.name}`

/** The name of the content that is made for a snapshot. */
export const contentNameFor = ({ metadata }: VolumeSnapshot): string => `snapcontent-${metadata.uid}`

export const isReady = ({ status }: VolumeSnapshot): boolean => status?.readyToUse === true

/** The key of the claim that a snapshot is taken of. */
export function claimKeyOf({ metadata, spec }: VolumeSnapshot): string | undefined {
  const { persistentVolumeClaimName: name } = spec.source
  return name ? toKey(metadata.namespace, name) : undefined
}

/** The key of the snapshot that a content names, whether or not that one names it too. */
export function snapshotKeyOf({ spec }: VolumeSnapshotContent): string {
  return toKey(spec.volumeSnapshotRef.namespace, spec.volumeSnapshotRef.name ?? '')
}

/** Whether a content is this very snapshot's. */
export function pointsTo({ spec }: VolumeSnapshotContent, { metadata }: VolumeSnapshot): boolean {
  return names(spec.volumeSnapshotRef, metadata) && spec.volumeSnapshotRef.uid === metadata.uid
}

/** The same of a content that may be bound to whichever snapshot has the name. */
export function mayPointTo({ spec }: VolumeSnapshotContent, { metadata }: VolumeSnapshot): boolean {
  const { uid } = spec.volumeSnapshotRef
  return names(spec.volumeSnapshotRef, metadata) && (!uid || uid === metadata.uid)
}

function names(
  reference: VolumeSnapshotContent['spec']['volumeSnapshotRef'],
  { name, namespace }: VolumeSnapshot['metadata'],
): boolean {
  return reference.name === name && reference.namespace === namespace
}

/** Being deleted, and held by one of the finalizers that are put on here. */
export function isDeletionCandidate({ metadata }: VolumeSnapshot): boolean {
  const held = metadata.finalizers ?? []
  return (
    metadata.deletionTimestamp !== undefined &&
    (held.includes(finalizers.asSource) || held.includes(finalizers.bound))
  )
}

/** Its parts are made and deleted by the controller of VolumeGroupSnapshots, which is another one. */
export function isOfGroup({ metadata, status }: VolumeSnapshot): boolean {
  const isMember = metadata.ownerReferences?.some(
    ({ kind, apiVersion }) =>
      kind === 'VolumeGroupSnapshot' && apiVersion.startsWith('groupsnapshot.storage.k8s.io/'),
  )
  return isMember === true || status?.volumeGroupSnapshotName !== undefined
}

export function isDefault({ metadata }: VolumeSnapshotClass): boolean {
  return metadata.annotations?.[annotations.defaultClass] === 'true'
}

/** The key of the snapshot that a waiting claim is made from. */
export function restoredFrom({ metadata, spec, status }: PersistentVolumeClaim): string | undefined {
  const source = spec?.dataSource
  const isSnapshot = source?.kind === 'VolumeSnapshot' && source.apiGroup === snapshotGroup
  return isSnapshot && status?.phase === 'Pending' ? toKey(metadata.namespace, source.name) : undefined
}
