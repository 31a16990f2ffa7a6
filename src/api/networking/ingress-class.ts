import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { none } from '../../machinery/table/cells.ts'
import { validateDomainPath } from '../../machinery/validation/domain-path.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { defineResource } from '../define-resource.ts'
import { validateSegment } from '../shared/driver-names.ts'
import { immutableField } from '../shared/same-field.ts'
import type { IngressClass, IngressClassParametersReference } from '../types/networking-v1.gen.ts'

function parametersText({ spec }: IngressClass): string {
  const parameters = spec?.parameters
  if (!parameters) return none
  const { kind, apiGroup, name } = parameters
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`
}

const controllerMax = 250
const scopes = ['Cluster', 'Namespace']

function validate({ spec = {} }: IngressClass, errors: FieldErrors): void {
  const { controller = '', parameters } = spec
  if (Buffer.byteLength(controller) > controllerMax) errors.tooLong('spec.controller', controllerMax)
  validateDomainPath(controller, 'spec.controller', errors)
  if (parameters) validateParameters(parameters, 'spec.parameters', errors)
}

function validateParameters(
  parameters: IngressClassParametersReference,
  path: string,
  errors: FieldErrors,
): void {
  const { apiGroup, kind, name, scope = '', namespace } = parameters
  if (apiGroup !== undefined)
    invalidFor(errors, `${path}.apiGroup`, apiGroup, dns1123SubdomainErrors(apiGroup))
  validateSegment(kind, `${path}.kind`, errors)
  validateSegment(name, `${path}.name`, errors)
  const at = `${path}.namespace`
  if (!scopes.includes(scope)) errors.notSupported(`${path}.scope`, scope, scopes)
  if (namespace !== undefined && scope === 'Namespace')
    invalidFor(errors, at, namespace, dns1123LabelErrors(namespace))
  if (scope === 'Namespace' && namespace === undefined)
    errors.required(at, "`parameters.scope` is set to 'Namespace'")
  if (scope === 'Cluster' && namespace !== undefined)
    errors.forbidden(at, "`parameters.scope` is set to 'Cluster'")
}

export const ingressClasses = defineResource<IngressClass>('networking.k8s.io/v1', 'IngressClass', {
  strategy: {
    setDefaults({ spec }) {
      if (spec?.parameters) spec.parameters.scope ??= 'Cluster'
    },
    validate,
    validatesOnceOnly: true,
    validateUpdate(now, old, errors) {
      immutableField(
        'k8s.io/api/networking/v1.IngressClassSpec',
        'controller',
        [now.spec, old.spec],
        'spec.controller',
        errors,
      )
      validate(now, errors)
    },
    hasGeneration: true,
  },
  cells: { Controller: ({ spec }) => spec?.controller ?? '', Parameters: parametersText },
})
