/** ObjectMeta rules (apimachinery api/validation/objectmeta.go). */
import { dns1123LabelErrors, qualifiedNameErrors } from '../meta/names.ts'
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../meta/object.ts'
import { quote } from '../meta/quote.ts'
import type { FieldErrors } from './field-error.ts'
import { invalidFor } from './field-errors.ts'
import { validateLabels } from './label-selector.ts'
import { immutableText, nonnegative } from './values.ts'

const fixedTexts = ['name', 'namespace', 'uid'] as const
const fixedTimes = ['creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds'] as const

export interface ObjectMetaRules {
  readonly namespaced: boolean
  /** Built-in kinds: a finalizer without a domain must be one of Kubernetes' own. */
  readonly standardFinalizers?: boolean
  readonly validateName: (name: string, prefix: boolean) => readonly string[]
}

const annotationBytesMax = 256 * 1024
const managedFieldsManagerMax = 128
const orphanFinalizer = 'orphan'
const foregroundFinalizer = 'foregroundDeletion'

/** Checks metadata of a new object. */
export function validateObjectMeta(
  meta: ObjectMeta,
  rules: ObjectMetaRules,
  path: string,
  errors: FieldErrors,
): void {
  const { name = '', generateName = '', namespace = '' } = meta
  if (generateName)
    invalidFor(errors, `${path}.generateName`, generateName, rules.validateName(generateName, true))
  if (!name) errors.required(`${path}.name`, 'name or generateName is required')
  else invalidFor(errors, `${path}.name`, name, rules.validateName(name, false))
  if (!rules.namespaced) {
    if (namespace) errors.forbidden(`${path}.namespace`, 'not allowed on this type')
  } else if (!namespace) errors.required(`${path}.namespace`)
  else invalidFor(errors, `${path}.namespace`, namespace, dns1123LabelErrors(namespace))
  nonnegative(meta.generation, `${path}.generation`, errors)
  validateCommon(meta, path, errors)
  validateFinalizers(meta.finalizers ?? [], `${path}.finalizers`, errors)
  validateManagedFields(meta.managedFields ?? [], `${path}.managedFields`, errors)
  if (rules.standardFinalizers) validateStandardFinalizers(meta, `${path}.finalizers`, errors)
}

const standardFinalizers = ['kubernetes', orphanFinalizer, foregroundFinalizer]

/** pkg/apis/core/validation validateKubeFinalizerName. */
export function validateStandardFinalizers(
  { finalizers = [] }: ObjectMeta,
  path: string,
  errors: FieldErrors,
): void {
  finalizers.forEach((finalizer, i) => {
    if (finalizer.includes('/') || standardFinalizers.includes(finalizer)) return
    const detail = 'name is neither a standard finalizer name nor is it fully qualified'
    errors.invalid(`${path}[${i}]`, finalizer, detail)
  })
}

/** Checks metadata of a replacement: what identifies an object and its life cycle stays. */
export function validateObjectMetaUpdate(
  meta: ObjectMeta,
  old: ObjectMeta,
  path: string,
  errors: FieldErrors,
): void {
  if (old.deletionTimestamp) validateNoNewFinalizers(meta, old, `${path}.finalizers`, errors)
  if (!meta.resourceVersion) errors.invalid(`${path}.resourceVersion`, '', 'must be specified for an update')
  if ((meta.generation ?? 0) < (old.generation ?? 0)) {
    errors.invalid(`${path}.generation`, meta.generation ?? 0, 'must not be decremented')
  }
  const keep = (field: (typeof fixedTexts | typeof fixedTimes)[number], absent: string | null) => {
    const value = meta[field] ?? absent
    if (value !== (old[field] ?? absent)) errors.invalid(`${path}.${field}`, value, immutableText)
  }
  for (const field of fixedTexts) keep(field, '')
  for (const field of fixedTimes) keep(field, null)
  validateCommon(meta, path, errors)
  validateManagedFields(meta.managedFields ?? [], `${path}.managedFields`, errors)
}

function validateCommon(meta: ObjectMeta, path: string, errors: FieldErrors): void {
  validateLabels(meta.labels, `${path}.labels`, errors)
  validateAnnotations(meta.annotations, `${path}.annotations`, errors)
  validateOwnerReferences(meta.ownerReferences ?? [], `${path}.ownerReferences`, errors)
}

/** Keys are qualified names in any case; all together at most 256 KiB. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: string,
  errors: FieldErrors,
): void {
  for (const key of Object.keys(annotations ?? {}))
    invalidFor(errors, path, key, qualifiedNameErrors(key.toLowerCase()))
  if (!areAnnotationsLight(annotations)) errors.tooLong(path, annotationBytesMax)
}

/** Whether annotations, keys and values, weigh no more than an object may carry. */
export function areAnnotationsLight(annotations: Readonly<Record<string, string>> | undefined): boolean {
  let bytes = 0
  for (const [key, value] of Object.entries(annotations ?? {}))
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value)
  return bytes <= annotationBytesMax
}

function validateOwnerReferences(
  references: readonly OwnerReference[],
  path: string,
  errors: FieldErrors,
): void {
  let controller: string | undefined
  for (const reference of references) {
    validateOwnerReference(reference, path, errors)
    if (!reference.controller) continue
    const current = `${reference.kind}/${reference.name}`
    if (controller === undefined) controller = current
    else {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${current}`
      errors.invalid(path, references, detail)
    }
  }
}

function validateOwnerReference(reference: OwnerReference, path: string, errors: FieldErrors): void {
  const { apiVersion = '', kind = '', name = '', uid = '' } = reference
  if (!hasVersion(apiVersion)) errors.invalid(`${path}.apiVersion`, apiVersion, 'version must not be empty')
  if (!kind) errors.invalid(`${path}.kind`, kind, 'must not be empty')
  if (!name) errors.invalid(`${path}.name`, name, 'must not be empty')
  if (!uid) errors.invalid(`${path}.uid`, uid, 'must not be empty')
  if (apiVersion === 'v1' && kind === 'Event') {
    errors.invalid(path, reference, '/v1, Kind=Event is disallowed from being an owner')
  }
}

/** `v1` or `group/v1`; anything else names no version (apimachinery ParseGroupVersion). */
function hasVersion(apiVersion: string): boolean {
  return /^([^/]*\/)?[^/]+$/.test(apiVersion)
}

function validateFinalizers(finalizers: readonly string[], path: string, errors: FieldErrors): void {
  for (const finalizer of finalizers) invalidFor(errors, path, finalizer, qualifiedNameErrors(finalizer))
  if (finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer)) {
    errors.invalid(
      path,
      finalizers,
      `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`,
    )
  }
}

function validateNoNewFinalizers(meta: ObjectMeta, old: ObjectMeta, path: string, errors: FieldErrors): void {
  const before = new Set(old.finalizers)
  const added = [...new Set(meta.finalizers)].filter(finalizer => !before.has(finalizer)).toSorted()
  if (added.length === 0) return
  const shown = `[]string{${added.map(quote).join(', ')}}`
  errors.forbidden(
    path,
    `no new finalizers can be added if the object is being deleted, found new finalizers ${shown}`,
  )
}

function validateManagedFields(
  entries: readonly ManagedFieldsEntry[],
  path: string,
  errors: FieldErrors,
): void {
  entries.forEach((entry, index) => {
    const at = `${path}[${index}]`
    if (entry.operation !== 'Apply' && entry.operation !== 'Update') {
      errors.invalid(`${at}.operation`, entry.operation ?? '', 'must be `Apply` or `Update`')
    }
    if (entry.fieldsType !== undefined && entry.fieldsType !== '' && entry.fieldsType !== 'FieldsV1') {
      errors.invalid(`${at}.fieldsType`, entry.fieldsType, 'must be `FieldsV1`')
    }
    if ((entry.manager ?? '').length > managedFieldsManagerMax)
      errors.tooLong(`${at}.manager`, managedFieldsManagerMax)
  })
}
