import { referenceTo } from '../../../client/events.ts'
import { isAlreadyExists } from '../../../client/failure.ts'
import { create, type Plan } from '../../../controller/actions.ts'
import type { View } from '../../../controller/view.ts'
import { messageOf } from '../../../std/message.ts'
import { annotations, contentNameFor, finalizers, keyOf } from './facts.ts'
import { controllerUpdateFailed, fail, quoted, SnapshotProblem, tell, warn } from './failure.ts'
import {
  type VolumeSnapshot,
  type VolumeSnapshotClass,
  type VolumeSnapshotContent,
  volumeSnapshotClasses,
  volumeSnapshotContents,
  volumeSnapshots,
} from './kinds.ts'
import { secretReference } from './secret.ts'
import { claimOf, holdClaim, volumeOf } from './source.ts'

/** Asks for a snapshot of a claim: the claim is held, then a content is made, which the driver's sidecar fills. */
export function planProvisioning(snapshot: VolumeSnapshot, view: View, nowMs: number): Plan {
  try {
    const held = holdSource(snapshot, view)
    return held.length > 0 ? held : createContent(snapshot, contentFor(snapshot, view), nowMs)
  } catch (error) {
    if (!(error instanceof SnapshotProblem)) throw error
    return fail(snapshot, creationFailed(error.message), nowMs)
  }
}

const creationFailed = (error: string) => ({
  reason: 'SnapshotContentCreationFailed',
  message: `Failed to create snapshot content with error ${error}`,
})

function holdSource(snapshot: VolumeSnapshot, view: View): Plan {
  const claim = claimOf(snapshot, view)
  if (!claim)
    throw new SnapshotProblem(
      controllerUpdateFailed(snapshot.metadata.name!, 'cannot get claim from snapshot'),
    )
  const { name, deletionTimestamp, finalizers: held } = claim.metadata
  if (deletionTimestamp && !held?.includes(finalizers.claim))
    throw new SnapshotProblem(
      controllerUpdateFailed(name!, 'cannot add finalizer on claim because it is being deleted'),
    )
  return holdClaim(claim)
}

function contentFor(snapshot: VolumeSnapshot, view: View): VolumeSnapshotContent {
  const chosen = view.store(volumeSnapshotClasses).get(undefined, snapshot.spec.volumeSnapshotClassName ?? '')
  const { volume, secret } = inputsFor(snapshot, chosen!, view)
  const { csi, volumeMode } = volume.spec ?? {}
  if (!csi)
    throw new SnapshotProblem(`cannot find CSI PersistentVolumeSource for volume ${volume.metadata.name}`)
  const { apiVersion, kind } = referenceTo(volumeSnapshotContents, snapshot)
  return {
    ...{ apiVersion, kind },
    metadata: {
      name: contentNameFor(snapshot),
      ...(secret && {
        annotations: {
          [annotations.deletionSecretName]: secret.name,
          [annotations.deletionSecretNamespace]: secret.namespace,
        },
      }),
    },
    spec: {
      volumeSnapshotRef: referenceTo(volumeSnapshots, snapshot),
      source: { volumeHandle: csi.volumeHandle },
      volumeSnapshotClassName: chosen!.metadata.name!,
      deletionPolicy: chosen!.deletionPolicy,
      driver: chosen!.driver,
      ...(volumeMode !== undefined && { sourceVolumeMode: volumeMode }),
    },
  }
}

function inputsFor(snapshot: VolumeSnapshot, { parameters = {} }: VolumeSnapshotClass, view: View) {
  try {
    const volume = volumeOf(snapshot, view)
    return { volume, secret: secretReference(parameters, contentNameFor(snapshot), snapshot) }
  } catch (error) {
    if (!(error instanceof SnapshotProblem)) throw error
    const { name } = snapshot.metadata
    throw new SnapshotProblem(
      `failed to get input parameters to create snapshot ${name}: ${quoted(error.message)}`,
    )
  }
}

/** One that is there already was made by a life before this. */
function createContent(snapshot: VolumeSnapshot, content: VolumeSnapshotContent, nowMs: number): Plan {
  const name = keyOf(snapshot)
  const waiting = tell(
    snapshot,
    'CreatingSnapshot',
    `Waiting for a snapshot ${name} to be created by the CSI driver.`,
  )
  const failed = (error: unknown): Plan => {
    if (isAlreadyExists(error)) return [waiting]
    const reason = `Error creating volume snapshot content object for snapshot ${name}: ${messageOf(error)}.`
    return [
      warn(snapshot, 'CreateSnapshotContentFailed', reason),
      ...fail(snapshot, creationFailed(controllerUpdateFailed(name, messageOf(error))), nowMs),
    ]
  }
  return [create(volumeSnapshotContents, content, { done: () => [waiting], failed })]
}
