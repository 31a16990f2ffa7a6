import { parseQuantity, type Quantity } from '../../machinery/quantity/index.ts'
import type { PersistentVolumeClaim, Pod, Volume } from '../types/core-v1.gen.ts'

/** The claim that a volume of a pod stands for, whether named or made for the pod alone; undefined for other volumes. */
export function claimName(pod: Pod, { name, persistentVolumeClaim, ephemeral }: Volume): string | undefined {
  if (persistentVolumeClaim) return persistentVolumeClaim.claimName
  return ephemeral ? `${pod.metadata.name}-${name}` : undefined
}

/** How much a claim asks for. */
export function claimSize({ spec }: PersistentVolumeClaim): Quantity {
  return parseQuantity(spec?.resources?.requests?.storage ?? '0')
}
