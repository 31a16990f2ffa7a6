import type { ObjectMeta } from '../../machinery/meta/object.ts'

const modeTexts: readonly (readonly [mode: string, text: string])[] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
]

/** `RWO,ROX`, each mode once and in upstream's order. */
export function accessModesText(modes: readonly string[] | undefined): string {
  return modeTexts
    .filter(([mode]) => modes?.includes(mode))
    .map(([, text]) => text)
    .join(',')
}

/** The storage class; its first form was an annotation, which still wins. */
export function className({ annotations }: ObjectMeta, storageClassName: string | undefined): string {
  return annotations?.['volume.beta.kubernetes.io/storage-class'] ?? storageClassName ?? ''
}
