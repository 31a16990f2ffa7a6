/** Rules of PersistentVolumes (pkg/apis/core/validation ValidatePersistentVolumeSpec). */
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { isGivenEmpty } from '../../machinery/schema/empties.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateOneOf } from '../../machinery/validation/values.ts'
import { validateAccessModes, validateVolumeMode } from '../shared/access-modes.ts'
import { basicQuantity, positiveQuantity } from '../shared/resource-names.ts'
import { immutableField, sameField } from '../shared/same-field.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../types/core-v1.gen.ts'
import { persistentSourceRules } from './persistent-volume-sources.ts'
import { iscsiNameMax, iscsiNameText } from './pod/legacy-volumes.ts'
import { validateNodeSelector } from './pod/node-selector.ts'
import { validateOneSource } from './pod/volume-sources.ts'

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

/** A new or changed volume. */
export function validatePersistentVolume(volume: PersistentVolume, errors: FieldErrors): void {
  const { metadata, spec = {} } = volume
  const { accessModes = [], persistentVolumeReclaimPolicy: policy, storageClassName } = spec
  if (accessModes.length === 0) errors.required('spec.accessModes')
  validateAccessModes(accessModes, 'spec.accessModes', errors)
  validateCapacity(spec, 'spec.capacity', errors)
  if (policy) validateOneOf(policy, reclaimPolicies, 'spec.persistentVolumeReclaimPolicy', errors)
  validateNodeAffinity(spec.nodeAffinity, 'spec.nodeAffinity', errors)
  validateSource(spec, metadata.name ?? '', errors)
  if (storageClassName) {
    invalidFor(errors, 'spec.storageClassName', storageClassName, dns1123SubdomainErrors(storageClassName))
  }
  validateVolumeMode(spec.volumeMode, 'spec.volumeMode', errors)
  validateAttributesClass(spec, 'spec', errors)
}

const outOfPlace = 'may not be specified in the context of inline volumes'

/** A volume that an attachment describes itself, for migrated CSI drivers. */
export function validateInlineVolume(spec: PersistentVolumeSpec, path: string, errors: FieldErrors): void {
  const { accessModes = [], persistentVolumeReclaimPolicy: policy, volumeMode } = spec
  if (spec.claimRef) errors.forbidden(`${path}.claimRef`, outOfPlace)
  if (Object.keys(spec.capacity ?? {}).length > 0) errors.forbidden(`${path}.capacity`, outOfPlace)
  if (!spec.csi) errors.required(`${path}.csi`, 'has to be specified in the context of inline volumes')
  if (accessModes.length === 0) errors.required(`${path}.accessModes`)
  validateAccessModes(accessModes, `${path}.accessModes`, errors)
  if (policy && policy !== 'Retain')
    errors.forbidden(
      `${path}.persistentVolumeReclaimPolicy`,
      'may only be Retain in the context of inline volumes',
    )
  if (spec.nodeAffinity) errors.forbidden(`${path}.nodeAffinity`, outOfPlace)
  validateOneSource(spec, persistentSourceRules, path, errors)
  if (spec.storageClassName) errors.forbidden(`${path}.storageClassName`, outOfPlace)
  if (volumeMode !== undefined && volumeMode !== 'Filesystem')
    errors.forbidden(
      `${path}.volumeMode`,
      'may not specify volumeMode other than Filesystem in the context of inline volumes',
    )
  validateAttributesClass(spec, path, errors)
}

function validateNodeAffinity(
  affinity: PersistentVolumeSpec['nodeAffinity'],
  path: string,
  errors: FieldErrors,
): void {
  if (!affinity) return
  if (!affinity.required) errors.required(`${path}.required`, 'must specify required node constraints')
  else validateNodeSelector(affinity.required, `${path}.required`, errors)
}

function validateCapacity(spec: PersistentVolumeSpec, path: string, errors: FieldErrors): void {
  const { capacity = {} } = spec
  const names = Object.keys(capacity)
  const isNothing = names.length === 0 && !isGivenEmpty(spec, 'capacity')
  if (names.length === 0) errors.required(path)
  if (!capacity.storage || names.length > 1)
    errors.notSupported(path, isNothing ? null : capacity, ['storage'])
  for (const name of names) {
    basicQuantity(capacity[name]!, `${path}[${name}]`, errors)
    positiveQuantity(capacity[name]!, `${path}[${name}]`, errors)
  }
}

function sourcesOf(spec: PersistentVolumeSpec): string[] {
  return Object.keys(persistentSourceRules).filter(
    name => (spec as Readonly<Record<string, unknown>>)[name] !== undefined,
  )
}

function validateSource(spec: PersistentVolumeSpec, name: string, errors: FieldErrors): void {
  const { iscsi, hostPath } = spec
  validateOneSource(spec, persistentSourceRules, 'spec', errors)
  if (sourcesOf(spec)[0] === 'local' && !spec.nodeAffinity?.required)
    errors.required('spec.nodeAffinity', 'Local volume requires node affinity')
  if (iscsi?.initiatorName !== undefined && `${name}:${iscsi.targetPortal}`.length > iscsiNameMax)
    errors.invalid('spec.iscsi.targetportal', iscsi.targetPortal ?? '', iscsiNameText)
  if (hostPath?.path && /^[/.]+$/.test(hostPath.path) && spec.persistentVolumeReclaimPolicy === 'Recycle') {
    errors.forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'")
  }
}

function validateAttributesClass(
  { volumeAttributesClassName: name, csi }: PersistentVolumeSpec,
  path: string,
  errors: FieldErrors,
): void {
  if (name === undefined) return
  const at = `${path}.volumeAttributesClassName`
  if (name === '') errors.required(at, 'an empty string is disallowed')
  else invalidFor(errors, at, name, dns1123SubdomainErrors(name))
  if (!csi) errors.required(`${path}.csi`, 'has to be specified when using volumeAttributesClassName')
}

const specType = 'k8s.io/api/core/v1.PersistentVolumeSpec'

/** Where a volume lies never changes. */
export function validatePersistentVolumeUpdate(
  { spec = {} }: PersistentVolume,
  old: PersistentVolume,
  errors: FieldErrors,
): void {
  const before = old.spec ?? {}
  const sources = [...sourcesOf(spec), ...sourcesOf(before)]
  if (!sources.every(name => sameField(specType, name, spec, before))) {
    errors.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')
  }
  immutableField(specType, 'volumeMode', [spec, before], 'volumeMode', errors)
  if (before.nodeAffinity) immutableField(specType, 'nodeAffinity', [spec, before], 'nodeAffinity', errors)
  if (before.volumeAttributesClassName !== undefined && spec.volumeAttributesClassName === undefined)
    errors.forbidden('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden')
}
