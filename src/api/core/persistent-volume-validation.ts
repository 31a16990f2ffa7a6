/** Rules of PersistentVolumes (pkg/apis/core/validation ValidatePersistentVolumeSpec). */
import { dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { parseQuantity } from '../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { immutable, semanticEqual, validateOneOf } from '../../machinery/validation/values.ts'
import { validateAccessModes, validateVolumeMode } from '../shared/access-modes.ts'
import { nonnegativeQuantity, positiveQuantity } from '../shared/resource-names.ts'
import type { PersistentVolume, PersistentVolumeSpec } from '../types/core-v1.gen.ts'
import { validateNodeSelector } from './pod/node-selector.ts'
import { volumeSourceNames, volumeSourceRules } from './pod/volume-sources.ts'

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

/** A new or changed volume. */
export function validatePersistentVolume({ spec = {} }: PersistentVolume, errors: FieldErrors): void {
  const {
    accessModes = [],
    persistentVolumeReclaimPolicy: policy,
    nodeAffinity,
    storageClassName,
    hostPath,
  } = spec
  if (accessModes.length === 0) errors.required('spec.accessModes')
  validateAccessModes(accessModes, 'spec.accessModes', errors)
  validateCapacity(spec.capacity ?? {}, 'spec.capacity', errors)
  if (policy) validateOneOf(policy, reclaimPolicies, 'spec.persistentVolumeReclaimPolicy', errors)
  if (nodeAffinity) {
    const { required } = nodeAffinity
    if (!required) errors.required('spec.nodeAffinity.required', 'must specify required node constraints')
    else validateNodeSelector(required, 'spec.nodeAffinity.required', errors)
  }
  validateSource(spec, errors)
  if (hostPath?.path && /^[/.]+$/.test(hostPath.path) && policy === 'Recycle') {
    errors.forbidden('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'")
  }
  if (storageClassName) {
    invalidFor(errors, 'spec.storageClassName', storageClassName, dns1123SubdomainErrors(storageClassName))
  }
  validateVolumeMode(spec.volumeMode, 'spec.volumeMode', errors)
  validateAttributesClass(spec, errors)
}

function validateCapacity(
  capacity: Readonly<Record<string, string>>,
  path: string,
  errors: FieldErrors,
): void {
  const names = Object.keys(capacity)
  if (names.length === 0) errors.required(path)
  if (!capacity.storage || names.length > 1)
    errors.notSupported(path, names.length === 0 ? null : capacity, ['storage'])
  for (const name of names) {
    nonnegativeQuantity(parseQuantity(capacity[name]!), capacity[name]!, `${path}[${name}]`, errors)
    positiveQuantity(capacity[name]!, `${path}[${name}]`, errors)
  }
}

function sourcesOf(spec: PersistentVolumeSpec): string[] {
  const names = [...volumeSourceNames, 'local']
  return names.filter(name => (spec as Record<string, unknown>)[name] !== undefined)
}

function validateSource(spec: PersistentVolumeSpec, errors: FieldErrors): void {
  const [source, ...more] = sourcesOf(spec)
  for (const extra of more) errors.forbidden(`spec.${extra}`, 'may not specify more than 1 volume type')
  if (!source) return errors.required('spec', 'must specify a volume type')
  if (source === 'local') {
    if (!spec.local?.path) errors.required('spec.local.path')
    if (!spec.nodeAffinity?.required)
      errors.required('spec.nodeAffinity', 'Local volume requires node affinity')
  } else if (source === 'csi') {
    if (!spec.csi?.driver) errors.required('spec.csi.driver')
    if (!spec.csi?.volumeHandle) errors.required('spec.csi.volumeHandle')
  } else
    volumeSourceRules[source]?.((spec as Record<string, unknown>)[source] as never, `spec.${source}`, errors)
}

function validateAttributesClass(
  { volumeAttributesClassName: name, csi }: PersistentVolumeSpec,
  errors: FieldErrors,
): void {
  if (name === undefined) return
  const path = 'spec.volumeAttributesClassName'
  if (name === '') errors.required(path, 'an empty string is disallowed')
  else invalidFor(errors, path, name, dns1123SubdomainErrors(name))
  if (!csi) errors.required('spec.csi', 'has to be specified when using volumeAttributesClassName')
}

/** Where a volume lies never changes. */
export function validatePersistentVolumeUpdate(
  { spec = {} }: PersistentVolume,
  old: PersistentVolume,
  errors: FieldErrors,
): void {
  const before = old.spec ?? {}
  const source = (of: PersistentVolumeSpec) => {
    return Object.fromEntries(sourcesOf(of).map(name => [name, (of as Record<string, unknown>)[name]]))
  }
  if (!semanticEqual(source(spec), source(before))) {
    errors.forbidden('spec.persistentvolumesource', 'spec.persistentvolumesource is immutable after creation')
  }
  immutable(spec.volumeMode, before.volumeMode, 'volumeMode', errors)
  if (before.nodeAffinity) immutable(spec.nodeAffinity, before.nodeAffinity, 'nodeAffinity', errors)
}
