import { persistentVolumes } from '../../api/core/persistent-volume.ts'
import { persistentVolumeClaims } from '../../api/core/persistent-volume-claim.ts'
import { storageClassOf } from '../../api/shared/storage-class.ts'
import { storageClasses } from '../../api/storage/storage-class.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { Handle, Lists } from '../framework/handle.ts'
import { cycleState, goOn, reject, type SchedulerPlugin, skip } from '../framework/plugin.ts'
import { anyChanged, ownClaimChanged } from './volumes/pod-claims.ts'

const name = 'VolumeZone'
const labels: readonly [key: string, today: string][] = [
  ['failure-domain.beta.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['failure-domain.beta.kubernetes.io/region', 'topology.kubernetes.io/region'],
  ['topology.kubernetes.io/zone', 'topology.kubernetes.io/zone'],
  ['topology.kubernetes.io/region', 'topology.kubernetes.io/region'],
]

interface Place {
  readonly key: string
  readonly today: string
  readonly values: ReadonlySet<string>
}

/** A volume that is labelled with a zone or region is used there alone. */
export function volumeZone({ lists }: Handle): SchedulerPlugin {
  const states = cycleState<{ readonly places: readonly Place[] }>()
  return {
    name,
    reads: [persistentVolumeClaims, persistentVolumes, storageClasses],
    events: [
      ownClaimChanged,
      anyChanged(persistentVolumes.plural),
      anyChanged(storageClasses.plural),
      { kind: 'nodeAdded', helps: () => true },
      { kind: 'nodeUpdated', helps: (_, { changes }) => changes.has('labels') },
    ],
    preFilter(cycle) {
      const places = placesOf(lists, cycle.pod)
      if (typeof places === 'string') return { outcome: 'reject', rejection: reject(name, places, true) }
      states.keep(cycle, { places })
      return places.length === 0 ? skip : goOn
    },
    filter(cycle, { node }) {
      const at = node?.metadata.labels ?? {}
      // In a cluster without zones every node will do.
      if (!labels.some(([key]) => at[key] !== undefined)) return undefined
      const fits = ({ key, today, values }: Place) => values.has(at[key] ?? at[today] ?? '')
      return states.of(cycle).places.every(fits)
        ? undefined
        : reject(name, 'node(s) had no available volume zone', true)
    },
  }
}

/** Where the pod's bound volumes are, or why that cannot be told. */
function placesOf(lists: Lists, pod: Pod): readonly Place[] | string {
  const places: Place[] = []
  for (const volume of pod.spec?.volumes ?? []) {
    const claimName = volume.persistentVolumeClaim?.claimName
    if (claimName === undefined) continue
    const claim = lists.of(persistentVolumeClaims).get(pod.metadata.namespace, claimName)
    if (!claim) return `persistentvolumeclaim "${claimName}" not found`
    const volumeName = claim.spec?.volumeName
    const bound = volumeName ? lists.of(persistentVolumes).get(undefined, volumeName) : undefined
    if (bound) places.push(...placesOfVolume(bound))
    else if (volumeName) return `persistentvolume "${volumeName}" not found`
    else {
      const trouble = unboundTrouble(lists, claim)
      if (trouble) return trouble
    }
  }
  return places
}

/** An unbound claim is well only when its class waits for the first consumer. */
function unboundTrouble(lists: Lists, claim: PersistentVolumeClaim): string | undefined {
  const className = storageClassOf(claim)
  if (!className) return 'PersistentVolumeClaim had no pv name and storageClass name'
  const storageClass = lists.of(storageClasses).get(undefined, className)
  if (!storageClass) return `storageclass.storage.k8s.io "${className}" not found`
  if (!storageClass.volumeBindingMode) return `VolumeBindingMode not set for StorageClass "${className}"`
  return storageClass.volumeBindingMode === 'WaitForFirstConsumer'
    ? undefined
    : 'PersistentVolume had no name'
}

/** A label may name several zones: `a__b`. */
function placesOfVolume({ metadata }: PersistentVolume): Place[] {
  return labels.flatMap(([key, today]) => {
    const value = metadata.labels?.[key]
    return value === undefined ? [] : [{ key, today, values: new Set(value.split('__')) }]
  })
}
