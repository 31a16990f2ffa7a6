import { sameVolumeMode } from '../../api/shared/volume-match.ts'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.gen.ts'
import { toKey } from '../../client/resource.ts'
import { type Action, event, type Plan, update, updateStatus } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import type { Worker } from '../../controller/worker.ts'
import { persistentVolumeClaims, persistentVolumes } from '../kinds.ts'
import { boundByController } from './claim-binder.ts'
import { tellVolumes } from './volume-metrics.ts'

const provisionedBy = 'pv.kubernetes.io/provisioned-by'

const binder = defineController<PersistentVolume>({
  name: 'persistentvolume-binder',
  identity: 'persistent-volume-binder',
  eventSource: 'persistentvolume-controller',
  primary: persistentVolumes,
  watches: [watched(persistentVolumeClaims, volumesOfClaim)],
  plan: planVolume,
})

/** Keeps the phase of each volume and sees to what becomes of it after its claim (syncVolume). */
export const volumeBinder: Worker = {
  ...binder,
  start(context) {
    tellVolumes(context)
    return binder.start(context)
  },
}

const claimKeyOf = ({ spec }: PersistentVolume) =>
  spec?.claimRef ? toKey(spec.claimRef.namespace, spec.claimRef.name ?? '') : undefined

function volumesOfClaim({ metadata, spec }: PersistentVolumeClaim, store: View['store']): string[] {
  const claiming = store(persistentVolumes).index(claimKeyOf).get(toKey(metadata.namespace, metadata.name!))
  const names = claiming.map(volume => volume.metadata.name!)
  return spec?.volumeName ? [...names, spec.volumeName] : names
}

export function planVolume(volume: PersistentVolume, view: View): Plan {
  const { claimRef } = volume.spec ?? {}
  if (!claimRef?.uid) return setPhase(volume, 'Available')
  const found = view.store(persistentVolumeClaims).get(claimRef.namespace, claimRef.name ?? '')
  const claim = found?.metadata.uid === claimRef.uid ? found : undefined
  if (!claim) return planRelease(volume)
  if (claim.spec?.volumeName === volume.metadata.name) return setPhase(volume, 'Bound')
  if (!claim.spec?.volumeName) return sameVolumeMode(volume, claim) ? [] : modesDiffer(volume, claim)
  const isMade = volume.metadata.annotations?.[provisionedBy] !== undefined
  if (isMade && volume.spec?.persistentVolumeReclaimPolicy === 'Delete') return planRelease(volume)
  return volume.metadata.annotations?.[boundByController] === undefined ? forgetUid(volume) : letGo(volume)
}

function setPhase(volume: PersistentVolume, phase: string, message?: string): Plan {
  const { status } = volume
  if (status?.phase === phase && status.message === message) return []
  return [updateStatus(persistentVolumes, { ...volume, status: { ...status, phase, message } })]
}

function warn(volume: PersistentVolume, reason: string, message: string): Action {
  return event(persistentVolumes, volume, { type: 'Warning', reason, message })
}

function modesDiffer(volume: PersistentVolume, claim: PersistentVolumeClaim): Plan {
  const asked = `Cannot bind PersistentVolume to requested PersistentVolumeClaim "${claim.metadata.name}" due to incompatible volumeMode.`
  const offered = `Cannot bind PersistentVolume "${volume.metadata.name}" to requested PersistentVolumeClaim due to incompatible volumeMode.`
  return [
    warn(volume, 'VolumeMismatch', asked),
    event(persistentVolumeClaims, claim, { type: 'Warning', reason: 'VolumeMismatch', message: offered }),
  ]
}

/** The claim has another volume: this one is free again. */
function letGo(volume: PersistentVolume): Plan {
  const { [boundByController]: _, ...annotations } = volume.metadata.annotations ?? {}
  const { claimRef: __, ...spec } = volume.spec!
  return [update(persistentVolumes, { ...volume, metadata: { ...volume.metadata, annotations }, spec })]
}

/** Somebody wanted the volume for a claim of this name: it waits for another one of that name. */
function forgetUid(volume: PersistentVolume): Plan {
  const { uid: _, ...claimRef } = volume.spec!.claimRef!
  return [update(persistentVolumes, { ...volume, spec: { ...volume.spec, claimRef } })]
}

/** The claim is gone. What nobody here can clean is failed, with the reason. */
function planRelease(volume: PersistentVolume): Plan {
  const { phase } = volume.status ?? {}
  if (phase !== 'Released' && phase !== 'Failed') return setPhase(volume, 'Released')
  const { persistentVolumeReclaimPolicy } = volume.spec ?? {}
  if (persistentVolumeReclaimPolicy === 'Recycle')
    return fail(volume, 'VolumeFailedRecycle', 'No recycler plugin found for the volume!')
  if (persistentVolumeReclaimPolicy !== 'Delete' || isDeletedElsewhere(volume)) return []
  return fail(volume, 'VolumeFailedDelete', undeletable(volume))
}

function fail(volume: PersistentVolume, reason: string, message: string): Plan {
  const failing = setPhase(volume, 'Failed', message)
  return failing.length > 0 ? [...failing, warn(volume, reason, message)] : []
}

/** Whoever made the volume deletes it. */
function isDeletedElsewhere({ metadata, spec }: PersistentVolume): boolean {
  const maker = metadata.annotations?.[provisionedBy]
  if (metadata.annotations?.['pv.kubernetes.io/migrated-to'] || spec?.csi) return true
  return maker !== undefined && !maker.startsWith('kubernetes.io/')
}

function undeletable({ metadata, spec }: PersistentVolume): string {
  if (spec?.hostPath)
    return `host_path deleter only supports /tmp/.+ but received provided ${spec.hostPath.path}`
  return `error getting deleter volume plugin for volume "${metadata.name}": no deletable volume plugin matched`
}
