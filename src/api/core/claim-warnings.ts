import { quote } from '../../machinery/meta/quote.ts'
import { formatQuantity, parseQuantity } from '../../machinery/quantity/index.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../types/core-v1.gen.ts'
import { isWholeAmount } from './pod/whole-amount.ts'

const betaClass = 'volume.beta.kubernetes.io/storage-class'

/** Texts of the `Warning:` headers of a claim (pkg/api/persistentvolumeclaim GetWarningsForPersistentVolumeClaim). */
export function claimWarnings({ metadata, spec }: PersistentVolumeClaim): string[] {
  const text = `metadata.annotations[${betaClass}]: deprecated since v1.8; use "storageClassName" attribute instead`
  const isOld = Object.hasOwn(metadata.annotations ?? {}, betaClass)
  return [...(isOld ? [text] : []), ...claimSpecWarnings(spec, 'spec')]
}

/** Of a claim's spec that stands at `path`: parts of a byte cannot be had. */
export function claimSpecWarnings(spec: PersistentVolumeClaimSpec | undefined, path: string): string[] {
  return (['requests', 'limits'] as const).flatMap(side => {
    const storage = spec?.resources?.[side]?.storage
    if (storage === undefined || isWholeAmount(storage)) return []
    const shown = quote(formatQuantity(parseQuantity(storage)))
    return [
      `${path}.resources.${side}[storage]: fractional byte value ${shown} is invalid, must be an integer`,
    ]
  })
}
