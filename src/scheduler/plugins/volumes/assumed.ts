import { persistentVolumes } from '../../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../../api/core/persistent-volume-claim.ts'
import { classOfVolume } from '../../../api/shared/volume-match.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../../api/types/core-v1.gen.ts'
import { compareRevisions, objectKey } from '../../../client/resource.ts'
import type { KubeObject } from '../../../machinery/meta/object.ts'
import type { Lists } from '../../framework/handle.ts'

/** Volumes and claims as they will be once the writes that were decided have come through. */
export interface AssumedVolumes {
  /** Volumes of a class. */
  ofClass(name: string): PersistentVolume[]
  volume(name: string): PersistentVolume | undefined
  claim(claim: PersistentVolumeClaim): PersistentVolumeClaim
  assumeVolume(volume: PersistentVolume): void
  assumeClaim(claim: PersistentVolumeClaim): void
  forget(objects: readonly KubeObject[]): void
}

const byClass = (volume: PersistentVolume) => classOfVolume(volume)

/** An assumption holds until the API shows a newer state of the object. */
export function createAssumedVolumes(lists: Lists): AssumedVolumes {
  const assumed = new Map<string, KubeObject>()
  const keyOf = (object: KubeObject) => `${object.kind ?? ''} ${objectKey(object)}`
  const latest = <T extends KubeObject>(kind: string, object: T): T => {
    const key = `${kind} ${objectKey(object)}`
    const held = assumed.get(key)
    if (!held) return object
    if (compareRevisions(object.metadata.resourceVersion, held.metadata.resourceVersion) <= 0)
      return held as T
    assumed.delete(key)
    return object
  }
  const volumes = lists.of(persistentVolumes)
  return {
    ofClass: name =>
      volumes
        .index(byClass)
        .get(name)
        .map(volume => latest('PersistentVolume', volume)),
    volume(name) {
      const found = volumes.get(undefined, name)
      return found && latest('PersistentVolume', found)
    },
    claim: claim => latest(persistentVolumeClaims.kind, claim),
    assumeVolume: volume => void assumed.set(keyOf({ ...volume, kind: persistentVolumes.kind }), volume),
    assumeClaim: claim => void assumed.set(keyOf({ ...claim, kind: persistentVolumeClaims.kind }), claim),
    forget(objects) {
      for (const object of objects) {
        for (const kind of [persistentVolumes.kind, persistentVolumeClaims.kind]) {
          const key = keyOf({ ...object, kind })
          if (assumed.get(key) === object) assumed.delete(key)
        }
      }
    },
  }
}
