import {
  compareQuantity,
  parseQuantity,
  type Quantity,
  roundUpQuantity,
} from '../../../machinery/quantity/index.ts'
import type { PersistentVolumeClaim } from '../../types/core-v1.gen.ts'
import { storageClassOf } from '../storage-class.ts'
import { type Evaluator, matchesNames, one, type Usage } from './evaluator.ts'

const names: readonly string[] = ['persistentvolumeclaims', 'requests.storage']
const byClass = (storageClass: string, name: string) => `${storageClass}.storageclass.storage.k8s.io/${name}`

/** Claims of volumes and what they ask for, also by storage class (evaluator/core persistent_volume_claims.go). */
export const volumeClaimEvaluator: Evaluator = {
  charges: name => names.includes(name) || names.some(each => name.endsWith(byClass('', each))),
  usage: object => claimUsage(object as PersistentVolumeClaim),
  grows: subresource => subresource === '',
  matches: (selector, object) =>
    selector.scopeName === 'VolumeAttributesClass' &&
    matchesNames(selector, attributesClasses(object as PersistentVolumeClaim)),
  // Of another class it may be another quota's.
  scopeFacts: object => attributesClasses(object as PersistentVolumeClaim),
}

function claimUsage(claim: PersistentVolumeClaim): Usage {
  const requested = storageOf(claim)
  const plain = { persistentvolumeclaims: one, ...(requested && { 'requests.storage': requested }) }
  const storageClass = storageClassOf(claim)
  if (!storageClass) return plain
  const ofClass = Object.entries(plain).map(([name, amount]) => [byClass(storageClass, name), amount])
  return { ...plain, ...Object.fromEntries(ofClass) }
}

/** Whole bytes; of a claim that grows what it has been given, where that is more than it asks for by now. */
function storageOf({ spec, status }: PersistentVolumeClaim): Quantity | undefined {
  const wanted = spec?.resources?.requests?.storage
  if (wanted === undefined) return undefined
  const allocated = status?.allocatedResources?.storage
  const [asked, given] = [parseQuantity(wanted), parseQuantity(allocated ?? '0')]
  return roundUpQuantity(compareQuantity(given, asked) > 0 ? given : asked, 0)
}

/** A claim is of the class that it asks for, of the one it has, and of the one it is on its way to; others are of none. */
function attributesClasses({ spec, status }: PersistentVolumeClaim): readonly (string | undefined)[] {
  return [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ]
}
