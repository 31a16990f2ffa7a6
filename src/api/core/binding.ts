import { defineResource } from '../define-resource.ts'
import type { Binding } from '../types/core-v1.gen.ts'

/** Only ever posted: binds a pod to a node, as `pods/binding` does. */
export const bindings = defineResource<Binding>('v1', 'Binding', {
  strategy: {
    ephemeral: true,
    validate({ target }, errors) {
      const { kind = '', name = '' } = target ?? {}
      if (kind && kind !== 'Node') errors.notSupported('target.kind', kind, ['Node', '<empty>'])
      if (!name) errors.required('target.name')
    },
  },
})
