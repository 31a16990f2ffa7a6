/** What all kinds with a pod template share (pkg/apis/core/validation ValidatePodTemplateSpec and its callers). */
import { labelSelectorFrom, matchesLabels } from '../../machinery/selector/label.ts'
import { StatusError } from '../../machinery/status/status.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import {
  isEmptySelector,
  validateLabelSelector,
  validateLabels,
} from '../../machinery/validation/label-selector.ts'
import { validateAnnotations } from '../../machinery/validation/object-meta.ts'
import {
  validateAppArmorMatch,
  validateDeletionCost,
  validatePodAnnotations,
} from '../core/pod/annotations.ts'
import { setPodSpecDefaults } from '../core/pod/defaults.ts'
import { validatePodSpec } from '../core/pod/validate.ts'
import type { PodSpec, PodTemplateSpec } from '../types/core-v1.gen.ts'
import type { LabelSelector } from '../types/meta-v1.gen.ts'

/** Fills the template of a workload, which may be missing altogether. */
export function withTemplateDefaults(template: PodTemplateSpec | undefined): PodTemplateSpec {
  const filled = template ?? ({} as PodTemplateSpec)
  filled.spec ??= {} as PodSpec
  setPodSpecDefaults(filled.spec)
  return filled
}

/** Metadata and pod of a template. */
export function validatePodTemplate(template: PodTemplateSpec, path: string, errors: FieldErrors): void {
  validateLabels(template.metadata?.labels, `${path}.labels`, errors)
  validateAnnotations(template.metadata?.annotations, `${path}.annotations`, errors)
  const { annotations } = template.metadata ?? {}
  const spec = template.spec!
  validatePodAnnotations({ annotations, spec, path: `${path}.annotations` }, errors)
  validateDeletionCost({ annotations, path: `${path}.annotations` }, undefined, errors)
  validateAppArmorMatch({ annotations, spec, path: `${path}.spec` }, errors)
  validatePodSpec(template.spec!, { path: `${path}.spec`, isPod: false }, errors)
  if ((template.spec?.ephemeralContainers ?? []).length > 0) {
    errors.forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')
  }
}

/** The selector is there, is not empty, and selects the template's own labels. */
export function validateSelectorOfTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec,
  rules: { readonly path: string; readonly kind: string; readonly invalidText?: string },
  errors: FieldErrors,
): void {
  const { path, kind, invalidText = 'invalid label selector' } = rules
  if (!selector) errors.required(`${path}.selector`)
  else {
    validateLabelSelector(selector, `${path}.selector`, errors)
    if (isEmptySelector(selector)) {
      errors.invalid(`${path}.selector`, selector, `empty selector is invalid for ${kind}`)
      return
    }
  }
  const matches = selectorMatches(selector, template.metadata?.labels)
  if (matches === undefined) errors.invalid(`${path}.selector`, selector, invalidText)
  else if (!matches) {
    const labels = template.metadata?.labels ?? null
    errors.invalid(`${path}.template.metadata.labels`, labels, '`selector` does not match template `labels`')
  }
}

/** Undefined for a selector that cannot be compiled. */
export function selectorMatches(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean | undefined {
  try {
    return matchesLabels(labelSelectorFrom(selector), labels)
  } catch (error) {
    if (error instanceof StatusError) return undefined
    throw error
  }
}

/** Pods that a controller keeps alive restart always and have no deadline. */
export function validateAlwaysRestarts(spec: PodSpec, kind: string, path: string, errors: FieldErrors): void {
  if (spec.restartPolicy !== 'Always')
    errors.notSupported(`${path}.restartPolicy`, spec.restartPolicy ?? '', ['Always'])
  if (spec.activeDeadlineSeconds !== undefined) {
    errors.forbidden(`${path}.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`)
  }
}
