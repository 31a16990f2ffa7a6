import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/types/core-v1.gen.ts'
import { type Client, mergePatch } from '../../../client/client.ts'
import { orUndefined } from '../../../client/failure.ts'
import type { ResourceRef } from '../../../client/resource.ts'
import { toApiVersion } from '../../../machinery/meta/group.ts'
import type { JsonObject, KubeObject } from '../../../machinery/meta/object.ts'
import { persistentVolumeClaims, persistentVolumes } from '../../kinds.ts'
import { annotations, finalizers } from './facts.ts'
import {
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from './kinds.ts'

/** Where a scenario plays: a namespace of its own, whose name is part of all names that are everybody's. */
export interface World {
  readonly client: Client
  readonly namespace: string
  /** Until whoever works has nothing left to do. */
  readonly settle: () => Promise<void>
}

export type VolumeSpec = Partial<NonNullable<PersistentVolume['spec']>>

/** What the sidecar says of a snapshot that it has taken. */
export const taken = {
  snapshotHandle: 'handle-1',
  creationTime: 1_700_000_000_123_456_789n,
  restoreSize: 1_073_741_824,
  readyToUse: true,
}

const namedIn = (namespace: string) => (name: string) => `${namespace}-${name}`
const maker =
  (client: Client) =>
  <T extends KubeObject>(resource: ResourceRef<T>, object: object) =>
    client.create(resource, {
      apiVersion: toApiVersion(resource.group, resource.version),
      kind: resource.kind,
      ...object,
    } as T)

/** What administrators and users make and delete; none of it waits. */
export function users({ client, namespace }: World) {
  const named = namedIn(namespace)
  const make = maker(client)
  return {
    /** `className` null: none. */
    snapshot: (name = 'snap', claim = 'data', className: string | null = 'class', held: string[] = []) =>
      make(volumeSnapshots, {
        metadata: { name, namespace, finalizers: held },
        spec: {
          source: { persistentVolumeClaimName: claim },
          ...(className !== null && { volumeSnapshotClassName: named(className) }),
        },
      }),
    /** One that stands for a content; so does `content` for a snapshot. */
    binding: (name = 'snap', content = 'content', className?: string) =>
      make(volumeSnapshots, {
        metadata: { name, namespace },
        spec: {
          source: { volumeSnapshotContentName: named(content) },
          ...(className !== undefined && { volumeSnapshotClassName: named(className) }),
        },
      }),
    content: (name = 'content', spec: Partial<VolumeSnapshotContent['spec']> = {}, snapshot = 'snap') =>
      make(volumeSnapshotContents, {
        metadata: { name: named(name) },
        spec: {
          ...{ deletionPolicy: 'Delete', driver: named('driver'), source: { snapshotHandle: 'handle-0' } },
          ...{ volumeSnapshotRef: { namespace, name: snapshot }, ...spec },
        },
      }),
    touch: (name = 'snap') =>
      client.patch(volumeSnapshots, namespace, name, {
        ...{ type: mergePatch, body: { metadata: { labels: { touched: 'yes' } } } },
      }),
    delete: (name = 'snap') => client.delete(volumeSnapshots, namespace, name),
    deleteClaim: (name = 'data') => client.delete(persistentVolumeClaims, namespace, name),
    deleteClass: (name = 'class') => client.delete(volumeSnapshotClasses, undefined, named(name)),
    deleteContent: ({ metadata }: VolumeSnapshotContent) =>
      client.delete(volumeSnapshotContents, undefined, metadata.name!),
  }
}

/** What snapshots are taken of and by. */
export function stagehands({ client, namespace }: World) {
  const named = namedIn(namespace)
  const make = maker(client)
  const csi = (name: string) => ({ driver: named('driver'), volumeHandle: `volume-of-${name}` })
  return {
    volume: (name = 'data', spec: VolumeSpec = {}) =>
      make(persistentVolumes, {
        metadata: { name: named(name) },
        spec: {
          ...{ capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'none' },
          ...{ persistentVolumeReclaimPolicy: 'Retain', claimRef: { namespace, name }, csi: csi(name) },
          ...spec,
        },
      }),
    claim: (name = 'data', spec: Partial<PersistentVolumeClaim['spec']> = {}) =>
      make(persistentVolumeClaims, {
        metadata: { name, namespace },
        spec: {
          ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'none' },
          ...{ resources: { requests: { storage: '1Gi' } } },
          ...spec,
        },
      }),
    snapshotClass: (name = 'class', more: Partial<VolumeSnapshotClass> = {}, isDefault = false) =>
      make(volumeSnapshotClasses, {
        metadata: {
          name: named(name),
          annotations: isDefault ? { [annotations.defaultClass]: 'true' } : {},
        },
        ...{ driver: named('driver'), deletionPolicy: 'Delete', ...more },
      }),
  }
}

/** What csi-snapshotter does, and whoever else writes into contents. */
export function sidecar({ client, namespace }: World) {
  const contentOf = async (name: string): Promise<VolumeSnapshotContent> => {
    const { metadata, spec } = await client.get(volumeSnapshots, namespace, name)
    const made = `snapcontent-${metadata.uid}`
    return await client.get(volumeSnapshotContents, undefined, spec.source.volumeSnapshotContentName ?? made)
  }
  const change = async (name: string, body: object, subresource?: string) =>
    await client.patch(volumeSnapshotContents, undefined, (await contentOf(name)).metadata.name!, {
      ...{ type: mergePatch, body: body as JsonObject, subresource },
    })
  return {
    contentOf,
    /** Into the status of the content. */
    say: (name: string, status: object) => change(name, { status }, 'status'),
    repoint: (name: string, uid: string) => change(name, { spec: { volumeSnapshotRef: { uid } } }),
    /** Lets a content go that was deleted. */
    release: async ({ metadata }: VolumeSnapshotContent) => {
      const live = await orUndefined(client.get(volumeSnapshotContents, undefined, metadata.name!))
      if (!live) return
      const left = live.metadata.finalizers?.filter(each => each !== finalizers.content)
      await client.update(volumeSnapshotContents, {
        ...live,
        metadata: { ...live.metadata, finalizers: left },
      })
    },
  }
}

export const actors = (world: World) => ({ ...users(world), ...stagehands(world), ...sidecar(world) })
export type Actors = ReturnType<typeof actors>
