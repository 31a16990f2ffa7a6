import { storageClassOf } from '../../api/shared/storage-class.ts'
import {
  classOfVolume,
  findVolume,
  isBoundTo,
  isLargeEnough,
  offersAccessModes,
  sameVolumeMode,
} from '../../api/shared/volume-match.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.gen.ts'
import type { StorageClass } from '../../api/types/storage-v1.gen.ts'
import { referenceTo } from '../../client/events.ts'
import { objectKey, toKey } from '../../client/resource.ts'
import { type Action, event, type Plan, update, updateStatus } from '../../controller/actions.ts'
import { defineController, watched } from '../../controller/define.ts'
import type { View } from '../../controller/view.ts'
import { persistentVolumeClaims, persistentVolumes, pods, storageClasses } from '../kinds.ts'
import { jsonEqual } from '../shared/equal.ts'
import { claimsOfPod } from './claims.ts'
import { countedAssignment } from './volume-metrics.ts'

export const boundByController = 'pv.kubernetes.io/bound-by-controller'
const bindCompleted = 'pv.kubernetes.io/bind-completed'
const selectedNode = 'volume.kubernetes.io/selected-node'
const provisionerAnnotations = [
  'volume.beta.kubernetes.io/storage-provisioner',
  'volume.kubernetes.io/storage-provisioner',
]
const defaultMark = 'storageclass.kubernetes.io/is-default-class'

/** Finds a volume for each claim (upstream pkg/controller/volume/persistentvolume, syncClaim). */
export const claimBinder = defineController<PersistentVolumeClaim>({
  name: 'persistentvolumeclaim-binder',
  identity: 'persistent-volume-binder',
  eventSource: 'persistentvolume-controller',
  // One at a time, so that no two claims reach for the same volume.
  concurrency: 1,
  primary: persistentVolumeClaims,
  watches: [
    watched(persistentVolumes, claimsForVolume),
    watched(storageClasses, claimsForClass),
    watched(pods, claimsOfPod, (a, b) => a.spec?.nodeName === b.spec?.nodeName),
  ],
  plan: planClaim,
})

/** The claim that a volume names; a free one may be what any waiting claim of its class waits for. */
function claimsForVolume(volume: PersistentVolume, store: View['store']): string[] {
  const { claimRef } = volume.spec ?? {}
  const named = claimRef ? [toKey(claimRef.namespace, claimRef.name ?? '')] : []
  const asking = store(persistentVolumeClaims).index(volumeNameOf).get(volume.metadata.name!).map(objectKey)
  const free = claimRef ? [] : pendingClaims(store, classOfVolume(volume))
  return [...named, ...asking, ...free]
}

/** Those of the class; one that becomes the default is for those without any, too. */
function claimsForClass(storageClass: StorageClass, store: View['store']): string[] {
  const named = pendingClaims(store, storageClass.metadata.name!)
  return isDefault(storageClass) ? [...named, ...pendingClaims(store, '')] : named
}

function isDefault({ metadata }: StorageClass): boolean {
  return metadata.annotations?.[defaultMark] === 'true'
}

const volumeNameOf = ({ spec }: PersistentVolumeClaim) => spec?.volumeName || undefined
const pendingClass = (claim: PersistentVolumeClaim) =>
  claim.spec?.volumeName ? undefined : `class ${storageClassOf(claim)}`

function pendingClaims(store: View['store'], className: string): string[] {
  return store(persistentVolumeClaims).index(pendingClass).get(`class ${className}`).map(objectKey)
}

export function planClaim(claim: PersistentVolumeClaim, view: View): Plan {
  return claim.metadata.annotations?.[bindCompleted] === undefined
    ? planUnbound(claim, view)
    : planBound(claim, view)
}

function say(
  claim: PersistentVolumeClaim,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
): Action {
  return event(persistentVolumeClaims, claim, { type, reason, message })
}

function planUnbound(claim: PersistentVolumeClaim, view: View): Plan {
  const { volumeName } = claim.spec ?? {}
  if (!volumeName) return planSearch(claim, view)
  const volume = view.store(persistentVolumes).get(undefined, volumeName)
  if (!volume) return setPhase(claim, 'Pending')
  if (volume.spec?.claimRef === undefined) {
    const mismatch = mismatchOf(volume, claim)
    if (mismatch === undefined) return bind(volume, claim)
    const message = `Cannot bind to requested volume "${volumeName}": ${mismatch}`
    return [say(claim, 'Warning', 'VolumeMismatch', message), ...setPhase(claim, 'Pending')]
  }
  if (isBoundTo(volume, claim)) return bind(volume, claim)
  const message = `volume "${volumeName}" already bound to a different claim.`
  return [say(claim, 'Warning', 'FailedBinding', message), ...setPhase(claim, 'Pending')]
}

/** Why the volume that a claim asks for by name cannot be had. */
function mismatchOf(volume: PersistentVolume, claim: PersistentVolumeClaim): string | undefined {
  if (volume.metadata.deletionTimestamp) return `the volume is marked for deletion "${volume.metadata.name}"`
  if (!isLargeEnough(volume, claim)) return 'requested PV is too small'
  if (classOfVolume(volume) !== storageClassOf(claim)) return 'storageClassName does not match'
  const wanted = claim.spec?.volumeAttributesClassName ?? ''
  if ((volume.spec?.volumeAttributesClassName ?? '') !== wanted)
    return 'volumeAttributesClassName does not match'
  if (!sameVolumeMode(volume, claim)) return 'incompatible volumeMode'
  return offersAccessModes(volume, claim) ? undefined : 'incompatible accessMode'
}

function planSearch(claim: PersistentVolumeClaim, view: View): Plan {
  const className = storageClassOf(claim)
  const storageClass = className ? view.store(storageClasses).get(undefined, className) : undefined
  const delayed = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
  const volume = findVolume(claim, view.store(persistentVolumes).list(), { delayed })
  if (volume) return bind(volume, claim)
  const fallback = claim.spec?.storageClassName === undefined && !className && defaultClass(view)
  if (fallback)
    return [
      countedAssignment(
        update(persistentVolumeClaims, { ...claim, spec: { ...claim.spec, storageClassName: fallback } }),
      ),
    ]
  if (delayed && claim.metadata.annotations?.[selectedNode] === undefined)
    return [waitingForConsumer(claim, view), ...setPhase(claim, 'Pending')]
  if (className) return provision(claim, className, storageClass)
  const message = 'no persistent volumes available for this claim and no storage class is set'
  return [say(claim, 'Normal', 'FailedBinding', message), ...setPhase(claim, 'Pending')]
}

/** The newest class that is marked as default. */
function defaultClass(view: View): string | undefined {
  const marked = view.store(storageClasses).list().filter(isDefault)
  const newest = (a: StorageClass, b: StorageClass) => {
    const [left, right] = [a, b].map(({ metadata }) => metadata.creationTimestamp ?? '')
    if (left !== right) return left! < right! ? 1 : -1
    return a.metadata.name! < b.metadata.name! ? -1 : 1
  }
  return marked.toSorted(newest)[0]?.metadata.name
}

function waitingForConsumer(claim: PersistentVolumeClaim, view: View): Action {
  const users = view
    .store(pods)
    .list(claim.metadata.namespace)
    .filter(pod => !pod.spec?.nodeName && claimsOfPod(pod).includes(objectKey(claim)))
    .map(({ metadata }: Pod) => metadata.name!)
  if (users.length === 0)
    return say(
      claim,
      'Normal',
      'WaitForFirstConsumer',
      'waiting for first consumer to be created before binding',
    )
  const who = users.length > 1 ? `pods ${users.join(',')}` : `pod ${users[0]}`
  return say(claim, 'Normal', 'WaitForPodScheduled', `waiting for ${who} to be scheduled`)
}

/** Volumes are made by somebody outside; the claim tells them that it is their turn. */
function provision(
  claim: PersistentVolumeClaim,
  className: string,
  storageClass: StorageClass | undefined,
): Plan {
  const fails = (message: string) => [say(claim, 'Warning', 'ProvisioningFailed', message)]
  if (!storageClass) return fails(`storageclass.storage.k8s.io "${className}" not found`)
  const { provisioner } = storageClass
  if (provisioner.startsWith('kubernetes.io/')) return fails('no volume plugin matched')
  const wanted = Object.fromEntries(provisionerAnnotations.map(name => [name, provisioner]))
  const annotations = { ...claim.metadata.annotations, ...wanted }
  const message =
    `Waiting for a volume to be created either by the external provisioner '${provisioner}' ` +
    'or manually by the system administrator. If volume creation is delayed, please verify that ' +
    'the provisioner is running and correctly registered.'
  const asked = jsonEqual(annotations, claim.metadata.annotations)
  return [
    ...(asked
      ? []
      : [update(persistentVolumeClaims, { ...claim, metadata: { ...claim.metadata, annotations } })]),
    say(claim, 'Normal', 'ExternalProvisioning', message),
  ]
}

function planBound(claim: PersistentVolumeClaim, view: View): Plan {
  const { volumeName } = claim.spec ?? {}
  const loses = (reason: string, message: string) =>
    claim.status?.phase === 'Lost' ? [] : [...setPhase(claim, 'Lost'), say(claim, 'Warning', reason, message)]
  const lost = 'Data on the volume is lost!'
  if (!volumeName) return loses('ClaimLost', `Bound claim has lost reference to PersistentVolume. ${lost}`)
  const volume = view.store(persistentVolumes).get(undefined, volumeName)
  if (!volume) return loses('ClaimLost', `Bound claim has lost its PersistentVolume. ${lost}`)
  const { claimRef } = volume.spec ?? {}
  if (!claimRef || claimRef.uid === claim.metadata.uid) return bind(volume, claim)
  return loses('ClaimMisbound', 'Two claims are bound to the same volume, this one is bound incorrectly')
}

function setPhase(claim: PersistentVolumeClaim, phase: string): Plan {
  const status = { phase }
  return jsonEqual(status, claim.status)
    ? []
    : [updateStatus(persistentVolumeClaims, { ...claim, status: { ...claim.status, ...status } })]
}

/** Four writes, of which each is found done when they are tried again: the volume's claim, its phase, the claim's volume, its phase. */
function bind(volume: PersistentVolume, claim: PersistentVolumeClaim): Plan {
  const claimed = withClaim(volume, claim)
  if (claimed !== volume) return [update(persistentVolumes, claimed)]
  if (volume.status?.phase !== 'Bound')
    return [updateStatus(persistentVolumes, { ...volume, status: { ...volume.status, phase: 'Bound' } })]
  const assigned = withVolume(claim, volume)
  if (assigned !== claim) return [update(persistentVolumeClaims, assigned)]
  const status = boundStatus(claim, volume)
  return jsonEqual(status, claim.status) ? [] : [updateStatus(persistentVolumeClaims, { ...claim, status })]
}

function withClaim(volume: PersistentVolume, claim: PersistentVolumeClaim): PersistentVolume {
  const chosen = !isBoundTo(volume, claim)
  const named = volume.spec?.claimRef?.uid === claim.metadata.uid
  if (!chosen && named) return volume
  const annotations = chosen
    ? { ...volume.metadata.annotations, [boundByController]: 'yes' }
    : volume.metadata.annotations
  const claimRef = referenceTo(persistentVolumeClaims, claim)
  return { ...volume, metadata: { ...volume.metadata, annotations }, spec: { ...volume.spec, claimRef } }
}

function withVolume(claim: PersistentVolumeClaim, volume: PersistentVolume): PersistentVolumeClaim {
  const { metadata, spec } = claim
  const chosen = spec?.volumeName !== volume.metadata.name
  const annotations = {
    ...metadata.annotations,
    ...(chosen && { [boundByController]: 'yes' }),
    [bindCompleted]: 'yes',
  }
  if (!chosen && jsonEqual(annotations, metadata.annotations)) return claim
  return {
    ...claim,
    metadata: { ...metadata, annotations },
    spec: { ...spec, volumeName: volume.metadata.name! },
  }
}

function boundStatus({ status }: PersistentVolumeClaim, { spec }: PersistentVolume) {
  const isNew = status?.phase !== 'Bound'
  return {
    ...status,
    phase: 'Bound',
    accessModes: spec?.accessModes,
    capacity: isNew || !status?.capacity ? { storage: spec?.capacity?.storage ?? '0' } : status.capacity,
    ...(isNew &&
      spec?.volumeAttributesClassName && {
        currentVolumeAttributesClassName: spec.volumeAttributesClassName,
      }),
  }
}
