import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import { formatSelector, labelSelectorOf } from '../../machinery/selector/label.ts'
import { formatLabels } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import {
  selectorMatches,
  validateAlwaysRestarts,
  validatePodTemplate,
  withTemplateDefaults,
} from '../shared/pod-template.ts'
import { replicaScale } from '../shared/replica-scale.ts'
import { replicatorBehaviour } from '../shared/replicator.ts'
import type { ReplicationController } from '../types/core-v1.gen.ts'
import { nameWarnings, templateWarnings } from './pod/warnings.ts'

function setDefaults(controller: ReplicationController): void {
  controller.spec ??= {}
  const { spec, metadata } = controller
  spec.replicas ??= 1
  if (!spec.template) return
  spec.template = withTemplateDefaults(spec.template)
  const labels = spec.template.metadata?.labels
  if (!labels) return
  if (Object.keys(spec.selector ?? {}).length === 0) spec.selector = { ...labels }
  if (Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = { ...labels }
}

function validate({ spec = {} }: ReplicationController, errors: FieldErrors): void {
  const { selector = {}, template } = spec
  nonnegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  if (Object.keys(selector).length === 0) errors.required('spec.selector')
  nonnegative(spec.replicas, 'spec.replicas', errors)
  if (!template) return errors.required('spec.template')
  const labels = template.metadata?.labels
  if (Object.keys(selector).length > 0 && !selectorMatches({ matchLabels: selector }, labels)) {
    errors.invalid(
      'spec.template.metadata.labels',
      labels ?? null,
      '`selector` does not match template `labels`',
    )
  }
  validatePodTemplate(template, 'spec.template', errors)
  validateAlwaysRestarts(template.spec!, 'ReplicationController', 'spec.template.spec', errors)
}

export const replicationControllers = defineResource<ReplicationController>('v1', 'ReplicationController', {
  podTemplate: ({ spec }) => spec?.template,
  strategy: {
    validateName: (name, prefix) => (prefix ? [] : nameIsDnsSubdomain(name, false)),
    setDefaults,
    validate,
    warnings: (object, old) => [
      ...nameWarnings(object.metadata.name, old),
      ...templateWarnings(object.spec?.template, 'spec.template', [object, old]),
    ],
    hasGeneration: true,
    defaultPropagation: 'Orphan',
  },
  ...replicatorBehaviour(({ spec }) => formatLabels(spec?.selector)),
  scale: replicaScale(({ spec }) => formatSelector(labelSelectorOf(spec?.selector))),
  selectableFields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
})
