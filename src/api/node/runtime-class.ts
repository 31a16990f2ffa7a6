import { dns1123LabelErrors } from '../../machinery/meta/names.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { immutable } from '../../machinery/validation/values.ts'
import { validateResources } from '../core/pod/resource-requirements.ts'
import { validateTolerations } from '../core/pod/tolerations.ts'
import { defineResource } from '../define-resource.ts'
import type { RuntimeClass } from '../types/node-v1.gen.ts'

export const runtimeClasses = defineResource<RuntimeClass>('node.k8s.io/v1', 'RuntimeClass', {
  strategy: {
    standardFinalizers: 'atCreation',
    validate({ handler = '', overhead, scheduling }, errors) {
      invalidFor(errors, 'handler', handler, dns1123LabelErrors(handler))
      validateResources({ limits: overhead?.podFixed ?? {} }, new Set(), 'overhead.podFixed', errors)
      validateTolerations(scheduling?.tolerations ?? [], 'scheduling.tolerations', errors)
    },
    validateUpdate: ({ handler }, old, errors) => immutable(handler, old.handler, 'handler', errors),
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
  },
  cells: { Handler: ({ handler }) => handler },
})
