import type { PersistentVolumeClaim } from '../types/core-v1.gen.ts'

export const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The class that a claim names; `''` when it names none. */
export function storageClassOf({ metadata, spec }: PersistentVolumeClaim): string {
  return metadata.annotations?.[betaClassAnnotation] ?? spec?.storageClassName ?? ''
}
