import type { Container, EphemeralContainer, PersistentVolume, Pod, Volume } from '../../types/core-v1.gen.ts'
import { claimName } from '../claims.ts'

/** What the kubelet must read to run a pod; names in the pod's namespace. */
export interface PodReferences {
  readonly secrets: readonly string[]
  readonly configMaps: readonly string[]
  readonly claims: readonly string[]
  readonly resourceClaims: readonly string[]
  readonly serviceAccount: string | undefined
}

/** Everything that a pod's specification and status refer to (pkg/api/v1/pod VisitPodSecretNames and its like). */
export function podReferences(pod: Pod): PodReferences {
  const { spec, status } = pod
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ]
  const volumes = spec?.volumes ?? []
  const statuses = status?.resourceClaimStatuses ?? []
  return {
    secrets: names([
      ...(spec?.imagePullSecrets ?? []).map(reference => reference.name),
      ...containers.flatMap(container => environmentNames(container, 'secret')),
      ...volumes.flatMap(volumeSecrets),
    ]),
    configMaps: names([
      ...containers.flatMap(container => environmentNames(container, 'configMap')),
      ...volumes.flatMap(volume => [
        volume.configMap?.name,
        ...(volume.projected?.sources ?? []).map(source => source.configMap?.name),
      ]),
    ]),
    claims: names(volumes.map(volume => claimName(pod, volume))),
    resourceClaims: names([
      ...(spec?.resourceClaims ?? []).map(
        claim =>
          claim.resourceClaimName ?? statuses.find(status => status.name === claim.name)?.resourceClaimName,
      ),
      status?.extendedResourceClaimStatus?.resourceClaimName,
    ]),
    serviceAccount: spec?.serviceAccountName || undefined,
  }
}

function environmentNames(
  container: Container | EphemeralContainer,
  of: 'secret' | 'configMap',
): (string | undefined)[] {
  return [
    ...(container.envFrom ?? []).map(
      source => (of === 'secret' ? source.secretRef : source.configMapRef)?.name,
    ),
    ...(container.env ?? []).map(
      ({ valueFrom }) => (of === 'secret' ? valueFrom?.secretKeyRef : valueFrom?.configMapKeyRef)?.name,
    ),
  ]
}

function volumeSecrets(volume: Volume): (string | undefined)[] {
  return [
    volume.secret?.secretName,
    volume.azureFile?.secretName,
    volume.csi?.nodePublishSecretRef?.name,
    ...[
      volume.cephfs,
      volume.cinder,
      volume.flexVolume,
      volume.rbd,
      volume.scaleIO,
      volume.iscsi,
      volume.storageos,
    ].map(source => source?.secretRef?.name),
    ...(volume.projected?.sources ?? []).map(source => source.secret?.name),
  ]
}

/** The secrets of a bound volume that the kubelet reads, as `namespace/name` (VisitPVSecretNames, kubelet visible). */
export function volumeSecretKeys({ spec }: PersistentVolume): readonly string[] {
  const fallback = spec?.claimRef?.namespace ?? ''
  const { azureFile, csi, storageos } = spec ?? {}
  const references = [
    azureFile && { name: azureFile.secretName, namespace: azureFile.secretNamespace },
    storageos?.secretRef,
    csi?.nodePublishSecretRef,
    csi?.nodeStageSecretRef,
    csi?.nodeExpandSecretRef,
    ...[spec?.cephfs, spec?.cinder, spec?.flexVolume, spec?.rbd, spec?.scaleIO, spec?.iscsi].map(
      source => source?.secretRef,
    ),
  ]
  return references.flatMap(reference =>
    reference?.name ? [`${reference.namespace || fallback}/${reference.name}`] : [],
  )
}

function names(found: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(found.filter((name): name is string => name !== undefined && name !== ''))]
}
