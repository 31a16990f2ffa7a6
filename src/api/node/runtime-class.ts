import { dns1123LabelErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateLabels } from '../../machinery/validation/label-selector.ts'
import { validateResources } from '../core/pod/resource-requirements.ts'
import { validateTolerations } from '../core/pod/tolerations.ts'
import { defineResource } from '../define-resource.ts'
import { internalValue } from '../shared/internal-value.ts'
import { immutableField } from '../shared/same-field.ts'
import type { Toleration } from '../types/core-v1.gen.ts'
import type { RuntimeClass } from '../types/node-v1.gen.ts'

function validateScheduling(tolerations: readonly Toleration[], path: string, errors: FieldErrors): void {
  validateTolerations(tolerations, path, errors)
  const seen = new Set<string>()
  tolerations.forEach((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration
    const id = JSON.stringify([key, operator, value, effect])
    if (seen.has(id)) errors.duplicate(`${path}[${i}]`, internalValue(tolerationType, toleration))
    seen.add(id)
  })
}

const tolerationType = 'k8s.io/api/core/v1.Toleration'

export const runtimeClasses = defineResource<RuntimeClass>('node.k8s.io/v1', 'RuntimeClass', {
  strategy: {
    standardFinalizers: false,
    validate({ handler = '', overhead, scheduling }, errors) {
      invalidFor(errors, 'handler', handler, dns1123LabelErrors(handler))
      validateResources({ limits: overhead?.podFixed ?? {} }, new Set(), 'overhead', errors)
      validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector', errors)
      validateScheduling(scheduling?.tolerations ?? [], 'scheduling.tolerations', errors)
    },
    validateUpdate: (now, old, errors) =>
      immutableField('k8s.io/api/node/v1.RuntimeClass', 'handler', [now, old], 'handler', errors),
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  cells: { Handler: ({ handler }) => handler },
})
