import { claimName } from '../../api/core/claims.ts'
import type { PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../api/types/core-v1.gen.ts'
import type { CSIDriver } from '../../api/types/storage-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import type { Lister } from '../lister.ts'

export interface AudiencePorts {
  readonly claims: Lister<PersistentVolumeClaim>
  readonly volumes: Lister<PersistentVolume>
  readonly csiDrivers: Lister<CSIDriver>
}

/**
 * Whether a pod asks for tokens of this audience: in a projected volume, or through the driver of a CSI volume.
 * In-tree volumes that would be migrated to CSI ask for none here; such a driver's tokens need an RBAC rule. Throws
 * `Error` where a part of the way to a driver is missing and nothing else asks for the audience, as upstream.
 */
export function requestsAudience(pod: Pod, audience: string, ports: AudiencePorts): boolean {
  const missing: string[] = []
  const asks = (volume: Volume): boolean => {
    try {
      return projectsAudience(volume, audience) || driverAsks(driverOf(pod, volume, ports), audience, ports)
    } catch (error) {
      missing.push((error as Error).message)
      return false
    }
  }
  if ((pod.spec?.volumes ?? []).some(asks)) return true
  if (missing.length > 0)
    throw new Error(missing.length === 1 ? missing[0] : `[${[...new Set(missing)].join(', ')}]`)
  return false
}

function projectsAudience({ projected }: Volume, audience: string): boolean {
  return (projected?.sources ?? []).some(
    ({ serviceAccountToken }) => serviceAccountToken && (serviceAccountToken.audience ?? '') === audience,
  )
}

function driverAsks(name: string, audience: string, { csiDrivers }: AudiencePorts): boolean {
  if (name === '') return false
  const { spec } = found(csiDrivers.get('', name), 'csidriver.storage.k8s.io', name)
  return spec.tokenRequests?.some(request => request.audience === audience) ?? false
}

/** Empty for a volume that no driver serves. */
function driverOf(pod: Pod, volume: Volume, { claims, volumes }: AudiencePorts): string {
  if (volume.csi) return volume.csi.driver
  const name = claimName(pod, volume)
  if (name === undefined) return ''
  const claim = found(claims.get(pod.metadata.namespace ?? '', name), 'persistentvolumeclaim', name)
  const volumeName = claim.spec?.volumeName ?? ''
  return found(volumes.get('', volumeName), 'persistentvolume', volumeName).spec?.csi?.driver ?? ''
}

function found<T>(object: T | undefined, what: string, name: string): T {
  if (object === undefined) throw new Error(`${what} ${quote(name)} not found`)
  return object
}
