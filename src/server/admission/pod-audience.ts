import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.gen.ts'
import type { CSIDriver } from '../../api/types/storage-v1.gen.ts'
import type { Lister } from '../lister.ts'

export interface AudiencePorts {
  readonly claims: Lister<PersistentVolumeClaim>
  readonly volumes: Lister<PersistentVolume>
  readonly csiDrivers: Lister<CSIDriver>
}

/**
 * Whether a pod asks for tokens of this audience: in a projected volume, or through the driver of a CSI volume.
 * In-tree volumes that would be migrated to CSI ask for none here; such a driver's tokens need an RBAC rule.
 */
export function requestsAudience(pod: Pod, audience: string, ports: AudiencePorts): boolean {
  return (pod.spec?.volumes ?? []).some(volume => {
    const projected = volume.projected?.sources?.some(
      ({ serviceAccountToken }) => serviceAccountToken && (serviceAccountToken.audience ?? '') === audience,
    )
    if (projected) return true
    const requests = ports.csiDrivers.get('', driverOf(pod, volume, ports))?.spec.tokenRequests
    return requests?.some(request => request.audience === audience) ?? false
  })
}

function driverOf(pod: Pod, volume: Volume, { claims, volumes }: AudiencePorts): string {
  if (volume.csi) return volume.csi.driver
  const claimName = volume.ephemeral
    ? `${pod.metadata.name}-${volume.name}`
    : (volume.persistentVolumeClaim?.claimName ?? '')
  const bound = claims.get(pod.metadata.namespace ?? '', claimName)?.spec?.volumeName
  return (bound && volumes.get('', bound)?.spec?.csi?.driver) || ''
}
