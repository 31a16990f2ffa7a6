import type { ObjectReference } from '../../../api/types/core-v1.gen.ts'
import type { ResourceRef } from '../../../client/resource.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'

/** snapshot.storage.k8s.io/v1, as external-snapshotter's client module has it. */
export interface VolumeSnapshot extends KubeObject {
  spec: {
    source: { persistentVolumeClaimName?: string; volumeSnapshotContentName?: string }
    volumeSnapshotClassName?: string
  }
  status?: SnapshotStatus
}

export interface SnapshotStatus {
  boundVolumeSnapshotContentName?: string
  creationTime?: string
  readyToUse?: boolean
  restoreSize?: string
  error?: SnapshotError
  volumeGroupSnapshotName?: string
}

export interface SnapshotError {
  time?: string
  message?: string
}

export type DeletionPolicy = 'Delete' | 'Retain'

export interface VolumeSnapshotContent extends KubeObject {
  spec: {
    volumeSnapshotRef: ObjectReference
    deletionPolicy: DeletionPolicy
    driver: string
    source: { volumeHandle?: string; snapshotHandle?: string }
    volumeSnapshotClassName?: string
    sourceVolumeMode?: string
  }
  status?: {
    snapshotHandle?: string
    /** Nanoseconds since the epoch: more than a number holds exactly. */
    creationTime?: number | bigint
    /** Bytes. */
    restoreSize?: number | bigint
    readyToUse?: boolean
    error?: SnapshotError
    volumeGroupSnapshotHandle?: string
  }
}

export interface VolumeSnapshotClass extends KubeObject {
  driver: string
  deletionPolicy: DeletionPolicy
  parameters?: Record<string, string>
}

export const snapshotGroup = 'snapshot.storage.k8s.io'
const served = { group: snapshotGroup, version: 'v1' }

export const volumeSnapshots: ResourceRef<VolumeSnapshot> = {
  ...served,
  plural: 'volumesnapshots',
  kind: 'VolumeSnapshot',
  namespaced: true,
}

export const volumeSnapshotContents: ResourceRef<VolumeSnapshotContent> = {
  ...served,
  plural: 'volumesnapshotcontents',
  kind: 'VolumeSnapshotContent',
  namespaced: false,
}

export const volumeSnapshotClasses: ResourceRef<VolumeSnapshotClass> = {
  ...served,
  plural: 'volumesnapshotclasses',
  kind: 'VolumeSnapshotClass',
  namespaced: false,
}
