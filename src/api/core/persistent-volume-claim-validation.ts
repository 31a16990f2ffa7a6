/** Rules of PersistentVolumeClaims (pkg/apis/core/validation ValidatePersistentVolumeClaimSpec). */
import {
  dns1123LabelErrors,
  dns1123SubdomainErrors,
  qualifiedNameErrors,
} from '../../machinery/meta/names.ts'
import { compareQuantity, parseQuantity, zeroQuantity } from '../../machinery/quantity/index.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../machinery/validation/label-selector.ts'
import { validateAccessModes, validateVolumeMode } from '../shared/access-modes.ts'
import { basicQuantity, positiveQuantity } from '../shared/resource-names.ts'
import { immutableField, sameField, sameValue } from '../shared/same-field.ts'
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  TypedObjectReference,
} from '../types/core-v1.gen.ts'

/** A new or changed claim. */
export function validateClaim({ spec = {} }: PersistentVolumeClaim, errors: FieldErrors): void {
  validateClaimSpec(spec, 'spec', errors)
}

/** Also for the templates of StatefulSets and of ephemeral volumes. */
export function validateClaimSpec(spec: PersistentVolumeClaimSpec, path: string, errors: FieldErrors): void {
  const { accessModes = [], storageClassName, volumeAttributesClassName } = spec
  if (accessModes.length === 0) errors.required(`${path}.accessModes`, 'at least 1 access mode is required')
  validateLabelSelector(spec.selector, `${path}.selector`, errors)
  validateAccessModes(accessModes, `${path}.accessModes`, errors)
  const storage = spec.resources?.requests?.storage
  if (storage === undefined) errors.required(`${path}.resources[storage]`)
  else positiveQuantity(storage, `${path}.resources[storage]`, errors)
  for (const [field, name] of Object.entries({ storageClassName, volumeAttributesClassName })) {
    if (name) invalidFor(errors, `${path}.${field}`, name, dns1123SubdomainErrors(name))
  }
  validateVolumeMode(spec.volumeMode, `${path}.volumeMode`, errors)
  validateSources(spec, path, errors)
}

function validateSources(
  { dataSource, dataSourceRef }: PersistentVolumeClaimSpec,
  path: string,
  errors: FieldErrors,
): void {
  if (dataSource) validateSource(dataSource, `${path}.dataSource`, errors)
  if (dataSourceRef) validateSource(dataSourceRef, `${path}.dataSourceRef`, errors)
  if (!dataSource || !dataSourceRef) return
  if (dataSourceRef.namespace) {
    errors.invalid(
      path,
      `${path}.dataSource`,
      'may not be specified when dataSourceRef.namespace is specified',
    )
  } else if (!namesSame(dataSource, dataSourceRef)) {
    errors.invalid(path, `${path}.dataSource`, 'must match dataSourceRef')
  }
}

/** Neither a missing group and an empty one are the same, nor does the namespace count. */
function namesSame(a: TypedObjectReference, b: TypedObjectReference): boolean {
  return a.apiGroup === b.apiGroup && a.kind === b.kind && a.name === b.name
}

function validateSource(source: TypedObjectReference, path: string, errors: FieldErrors): void {
  const { name, kind, apiGroup, namespace } = source
  if (!name) errors.required(`${path}.name`)
  if (!kind) errors.required(`${path}.kind`)
  if (!apiGroup && kind !== 'PersistentVolumeClaim') {
    errors.invalid(path, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup")
  }
  if (apiGroup) invalidFor(errors, `${path}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))
  if (namespace) invalidFor(errors, `${path}.namespace`, namespace, dns1123LabelErrors(namespace))
}

/**
 * The two spellings of a data source say the same. `dataSource` alone only ever took claims and snapshots: anything
 * else in it is dropped (pkg/api/persistentvolumeclaim). Sources in other namespaces are behind a gate.
 */
export function settleDataSource(
  spec: PersistentVolumeClaimSpec,
  old: PersistentVolumeClaimSpec | undefined,
): void {
  const isNew = !old?.dataSource && !old?.dataSourceRef
  if (spec.dataSourceRef?.namespace && !old?.dataSourceRef) delete spec.dataSourceRef
  if (isNew && !spec.dataSourceRef && !isClaimOrSnapshot(spec.dataSource)) delete spec.dataSource
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  else if (dataSourceRef && !dataSource && !dataSourceRef.namespace) {
    const { namespace: _, ...local } = dataSourceRef
    spec.dataSource = local
  }
}

function isClaimOrSnapshot(source: PersistentVolumeClaimSpec['dataSource']): boolean {
  const { kind, apiGroup = '' } = source ?? {}
  if (kind === 'PersistentVolumeClaim') return apiGroup === ''
  return kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io'
}

const resizeStates = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].toSorted()
const classAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** What a provisioner or resizer reports. */
export function validateClaimStatus(claim: PersistentVolumeClaim, errors: FieldErrors): void {
  const { capacity = {}, allocatedResourceStatuses = {}, allocatedResources = {} } = claim.status ?? {}
  if (!claim.spec?.accessModes?.length) errors.required('Spec.accessModes')
  for (const name in capacity) basicQuantity(capacity[name]!, `status.capacity[${name}]`, errors)
  for (const [name, state] of Object.entries(allocatedResourceStatuses)) {
    const path = 'status.allocatedResourceStatuses'
    validateResourceKey(name, path, errors)
    if (!resizeStates.includes(state)) errors.notSupported(path, name, resizeStates)
  }
  for (const [name, amount] of Object.entries(allocatedResources)) {
    const path = 'status.allocatedResources'
    if (validateResourceKey(name, path, errors)) basicQuantity(amount, `${path}[${name}]`, errors)
  }
}

/** True when the name is fine. */
function validateResourceKey(name: string, path: string, errors: FieldErrors): boolean {
  const reasons = qualifiedNameErrors(name)
  invalidFor(errors, path, name, reasons)
  const isForeign = name.includes('/') && !name.includes('kubernetes.io/')
  if (reasons.length > 0 || isForeign || name === 'storage') return reasons.length === 0
  errors.notSupported(path, name, ['storage'])
  return false
}

/** What has a class of attributes never goes back to none. */
function validateNextClass(
  { spec }: PersistentVolumeClaim,
  { status }: PersistentVolumeClaim,
  errors: FieldErrors,
): void {
  const name = spec?.volumeAttributesClassName
  if (status?.currentVolumeAttributesClassName === undefined || name) return
  const detail = `update to ${name === '' ? 'empty string' : 'nil'} is forbidden when status.currentVolumeAttributesClassName is not nil`
  errors.forbidden('spec.volumeAttributesClassName', detail)
}

const specType = 'k8s.io/api/core/v1.PersistentVolumeClaimSpec'

/** A claim is bound once; afterwards it may grow and change its attributes class. */
export function validateClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
  errors: FieldErrors,
): void {
  const spec = claim.spec ?? {}
  const before = old.spec ?? {}
  const annotated = old.metadata.annotations?.[classAnnotation]
  const { storageClassName: name } = spec
  const gainsClass =
    name !== undefined &&
    before.storageClassName === undefined &&
    (annotated === undefined || annotated === name)
  const isBound = claim.status?.phase === 'Bound'
  const comparable = (of: PersistentVolumeClaimSpec) => ({
    ...of,
    volumeName: before.volumeName ? of.volumeName : undefined,
    storageClassName: gainsClass ? undefined : of.storageClassName,
    ...(isBound && {
      resources: { ...of.resources, requests: undefined },
      volumeAttributesClassName: undefined,
    }),
  })
  if (!sameValue(specType, comparable(spec), comparable(before))) {
    const detail =
      'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
    errors.forbidden('spec', detail)
  }
  const size = (text: string | undefined) => (text === undefined ? zeroQuantity : parseQuantity(text))
  const wanted = size(spec.resources?.requests?.storage)
  const shrinks = compareQuantity(wanted, size(before.resources?.requests?.storage)) < 0
  if (shrinks && compareQuantity(wanted, size(old.status?.capacity?.storage)) <= 0) {
    errors.forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity')
  }
  immutableField(specType, 'volumeMode', [spec, before], 'volumeMode', errors)
  if (!sameField(specType, 'volumeAttributesClassName', spec, before)) validateNextClass(claim, old, errors)
}
