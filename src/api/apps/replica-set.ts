import { formatSelector, labelSelectorFrom } from '../../machinery/selector/label.ts'
import { formatLabelSelector } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { nonnegative } from '../../machinery/validation/values.ts'
import { nameWarnings, templateWarnings } from '../core/pod/warnings.ts'
import { defineResource } from '../define-resource.ts'
import {
  validateAlwaysRestarts,
  validatePodTemplate,
  validateSelectorOfTemplate,
  withTemplateDefaults,
} from '../shared/pod-template.ts'
import { replicaScale } from '../shared/replica-scale.ts'
import { replicatorBehaviour } from '../shared/replicator.ts'
import { immutableField } from '../shared/same-field.ts'
import type { ReplicaSet, ReplicaSetSpec } from '../types/apps-v1.gen.ts'

function validate(replicaSet: ReplicaSet, errors: FieldErrors): void {
  const spec = replicaSet.spec!
  nonnegative(spec.replicas, 'spec.replicas', errors)
  nonnegative(spec.minReadySeconds, 'spec.minReadySeconds', errors)
  // Upstream says "deployment" here too.
  validateSelectorOfTemplate(spec.selector, spec.template!, { path: 'spec', kind: 'deployment' }, errors)
  validatePodTemplate(spec.template!, 'spec.template', errors)
  validateAlwaysRestarts(spec.template!.spec!, 'ReplicaSet', 'spec.template.spec', errors)
}

export const replicaSets = defineResource<ReplicaSet>('apps/v1', 'ReplicaSet', {
  strategy: {
    setDefaults(replicaSet) {
      replicaSet.spec ??= {} as ReplicaSetSpec
      replicaSet.spec.template = withTemplateDefaults(replicaSet.spec.template)
      replicaSet.spec.replicas ??= 1
    },
    validate,
    validateUpdate({ spec }, { spec: old }, errors) {
      immutableField('k8s.io/api/apps/v1.ReplicaSetSpec', 'selector', [spec, old], 'spec.selector', errors)
    },
    warnings: (object, old) => [
      ...nameWarnings(object.metadata.name, old),
      ...templateWarnings(object.spec?.template, 'spec.template', [object, old]),
    ],
    hasGeneration: true,
  },
  ...replicatorBehaviour(({ spec }) => formatLabelSelector(spec?.selector)),
  podTemplate: ({ spec }) => spec?.template,
  emptyForm: { spec: { replicas: 0 } },
  scale: replicaScale(({ spec }) => formatSelector(labelSelectorFrom(spec?.selector))),
})
