import { nameIsDnsSubdomain, nameIsPathSegment } from '../machinery/meta/names.ts'
import type { KubeObject } from '../machinery/meta/object.ts'
import type { FieldError } from '../machinery/validation/field-error.ts'
import { createFieldErrors } from '../machinery/validation/field-errors.ts'
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
  const errors = createFieldErrors()
  const { namespaced, strategy } = resource
  const { validateName: rule = nameIsDnsSubdomain } = strategy
  strategy.validateInNamespace?.(object, undefined, labelsAround(), errors)
  const validateName = (name: string, prefix: boolean) => rule(name, prefix, object)
  const rules = { namespaced, validateName, standardFinalizers: strategy.standardFinalizers ?? false }
  if (strategy.checksMetadataLast) {
    strategy.validate?.(object, errors)
    if (errors.list.length > 0) return errors.list
  }
  validateObjectMeta(object.metadata, rules, 'metadata', errors)
  if (!strategy.checksMetadataLast) strategy.validate?.(object, errors)
  return errors.list
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
  const errors = createFieldErrors()
  const names = { namespaced: resource.namespaced, validateName: nameIsPathSegment }
  validateObjectMeta(object.metadata, names, 'metadata', errors)
  validateObjectMetaUpdate(object.metadata, old.metadata, 'metadata', errors)
  if (resource.strategy.standardFinalizers)
    validateStandardFinalizers(object.metadata, 'metadata.finalizers', errors)
  rules.validateInNamespace?.(object, old, labelsAround(), errors)
  if (!rules.validatesOnceOnly) rules.validate?.(object, errors)
  rules.validateUpdate?.(object, old, errors)
  return errors.list
}
