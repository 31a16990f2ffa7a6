import { nameIsDnsSubdomain, nameIsPathSegment } from '../machinery/meta/names.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { FieldError, FieldErrors } from '../machinery/validation/field-error.ts'
import { collectFaults } from '../machinery/validation/field-errors.ts'
import {
  validateObjectMeta,
  validateObjectMetaUpdate,
  validateStandardFinalizers,
} from '../machinery/validation/object-meta.ts'
import type { Resource, Subresource } from './define.ts'

/**
 * Everything that is wrong with a new object, after defaulting and `prepareForCreate`; empty when it may be stored.
 * `labelsAround`: those of its namespace.
 */
export function validateForCreate<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  labelsAround: () => Readonly<Record<string, string>> = () => ({}),
): readonly FieldError[] {
  return collectFaults(errors => checkNew(resource, object, labelsAround, errors))
}

function checkNew<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  labelsAround: () => Readonly<Record<string, string>>,
  errors: FieldErrors,
): void {
  const { namespaced, strategy } = resource
  const { validateName: rule = nameIsDnsSubdomain } = strategy
  strategy.validateInNamespace?.(object, undefined, labelsAround(), errors)
  const validateName = (name: string, prefix: boolean) => rule(name, prefix, object)
  const rules = { namespaced, validateName, standardFinalizers: strategy.standardFinalizers ?? false }
  if (strategy.checksMetadataLast) {
    strategy.validate?.(object, errors)
    if (errors.list.length > 0) return
  }
  validateObjectMeta(object.metadata, rules, 'metadata', errors)
  if (!strategy.checksMetadataLast) strategy.validate?.(object, errors)
}

interface UpdateValidation<T extends KubeObject> {
  /** Of the door that the object is written through. Default: the kind's own. */
  readonly rules?: NonNullable<Subresource<T>['strategy']>
  /** The labels of its namespace. Default: none. */
  readonly labelsAround?: () => Readonly<Record<string, string>>
}

/** Everything that is wrong with a replacement, after `prepareForUpdate`; empty when it may be stored. */
export function validateForUpdate<T extends KubeObject>(
  resource: Resource<T>,
  object: T,
  old: T,
  { rules = resource.strategy, labelsAround = () => ({}) }: UpdateValidation<T> = {},
): readonly FieldError[] {
  return collectFaults(errors => checkUpdate(resource, { object, old, rules, labelsAround }, errors))
}

function checkUpdate<T extends KubeObject>(
  resource: Resource<T>,
  {
    object,
    old,
    rules,
    labelsAround,
  }: Required<UpdateValidation<T>> & { readonly object: T; readonly old: T },
  errors: FieldErrors,
): void {
  const names = { namespaced: resource.namespaced, validateName: nameIsPathSegment }
  validateObjectMeta(object.metadata, names, 'metadata', errors)
  validateObjectMetaUpdate(object.metadata, old.metadata, 'metadata', errors)
  if (resource.strategy.standardFinalizers)
    validateStandardFinalizers(object.metadata, 'metadata.finalizers', errors)
  rules.validateInNamespace?.(object, old, labelsAround(), errors)
  if (!rules.validatesOnceOnly) rules.validate?.(object, errors)
  rules.validateUpdate?.(object, old, errors)
}
