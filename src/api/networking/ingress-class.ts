import { none } from '../../machinery/table/cells.ts'
import { immutable } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { IngressClass } from '../types/networking-v1.gen.ts'

function parametersText({ spec }: IngressClass): string {
  const parameters = spec?.parameters
  if (!parameters) return none
  const { kind, apiGroup, name } = parameters
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`
}

export const ingressClasses = defineResource<IngressClass>('networking.k8s.io/v1', 'IngressClass', {
  strategy: {
    setDefaults({ spec }) {
      if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
    },
    validate({ spec = {} }, errors) {
      const { controller = '', parameters } = spec
      if (!controller) errors.required('spec.controller')
      else if (!/^[^/]+\/.+$/.test(controller)) {
        errors.invalid(
          'spec.controller',
          controller,
          'must be a domain-prefixed path (such as "acme.io/foo")',
        )
      }
      if (!parameters) return
      for (const field of ['kind', 'name'] as const) {
        if (!parameters[field]) errors.required(`spec.parameters.${field}`, `${field} is required`)
      }
      const { scope, namespace } = parameters
      if (scope === 'Namespace' && !namespace) {
        errors.required('spec.parameters.namespace', "`parameters.scope` is set to 'Namespace'")
      }
      if (scope === 'Cluster' && namespace !== undefined) {
        errors.forbidden('spec.parameters.namespace', "`parameters.scope` is set to 'Cluster'")
      }
    },
    validateUpdate: ({ spec }, old, errors) =>
      immutable(spec?.controller, old.spec?.controller, 'spec.controller', errors),
    hasGeneration: true,
  },
  cells: { Controller: ({ spec }) => spec?.controller ?? '', Parameters: parametersText },
})
