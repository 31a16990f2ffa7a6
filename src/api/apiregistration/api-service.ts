import { findCondition } from '../../machinery/meta/conditions.ts'
import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { rangeText } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import type { APIService, APIServiceSpec } from '../types/apiregistration-v1.gen.ts'

const priorityMax = 20000
const portMax = 65535
const versionPriorityMax = 1000

/** The name says what is registered. */
function validateName(name: string, _prefix: boolean, { spec }: APIService): string[] {
  const wanted = `${spec?.version ?? ''}.${spec?.group ?? ''}`
  return name === wanted ? [] : [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`]
}

function validate(service: APIService, errors: FieldErrors): void {
  // The name of a new one is looked at with its metadata.
  if (service.metadata.resourceVersion) {
    const name = service.metadata.name ?? ''
    invalidFor(errors, 'metadata.name', name, validateName(name, false, service))
  }
  validateSpec(service, errors)
}

function validateSpec({ spec }: APIService, errors: FieldErrors): void {
  const { group = '', version = '', service, insecureSkipTLSVerify } = spec ?? {}
  if (group) invalidFor(errors, 'spec.group', group, dns1123SubdomainErrors(group))
  else if (version !== 'v1')
    errors.required('spec.group', 'only v1 may have an empty group and it better be legacy kube')
  invalidFor(errors, 'spec.version', version, dns1035LabelErrors(version))
  const { groupPriorityMinimum = 0, versionPriority = 0 } = spec ?? {}
  if (groupPriorityMinimum <= 0 || groupPriorityMinimum > priorityMax) {
    const detail = `must be positive and less than ${priorityMax}`
    errors.invalid('spec.groupPriorityMinimum', groupPriorityMinimum, detail)
  }
  if (versionPriority <= 0 || versionPriority > versionPriorityMax) {
    errors.invalid(
      'spec.versionPriority',
      versionPriority,
      `must be positive and less than ${versionPriorityMax}`,
    )
  }
  if (!service) {
    return validateLocal(spec ?? {}, errors)
  }
  if (!service.namespace) errors.required('spec.service.namespace')
  if (!service.name) errors.required('spec.service.name')
  const { port = 0 } = service
  if (port < 1 || port > portMax)
    errors.invalid('spec.service.port', port, `port is not valid: ${rangeText(1, portMax)}`)
  if (insecureSkipTLSVerify && spec?.caBundle) {
    errors.invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present')
  }
}

function validateLocal(spec: Partial<APIServiceSpec>, errors: FieldErrors): void {
  const bytes = Buffer.from(spec.caBundle ?? '', 'base64').length
  if (bytes > 0)
    errors.invalid('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle')
  if (spec.insecureSkipTLSVerify)
    errors.invalid('spec.insecureSkipTLSVerify', true, 'local APIServices may not have insecureSkipTLSVerify')
}

const statuses = ['True', 'False', 'Unknown']

function validateStatus({ status }: APIService, errors: FieldErrors): void {
  status?.conditions?.forEach((condition, i) => {
    const { status: word = '' } = condition
    if (!statuses.includes(word)) errors.notSupported(`status.conditions[${i}].status`, word, statuses)
  })
}

const alwaysAvailable = {
  type: 'Available',
  status: 'True',
  reason: 'Local',
  message: 'Local APIServices are always available',
}

function availableText({ status }: APIService): string {
  const condition = findCondition(status?.conditions, 'Available')
  if (!condition) return 'Unknown'
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`
}

/** A group and version and the server that answers for it. */
export const apiServices = defineResource<APIService>('apiregistration.k8s.io/v1', 'APIService', {
  strategy: {
    standardFinalizers: false,
    validateName,
    allowUnconditionalUpdate: false,
    prepareForCreate(object, { now }) {
      // Upstream does not wait for anybody to say so of what it answers itself.
      if (!object.spec?.service)
        object.status = { conditions: [{ ...alwaysAvailable, lastTransitionTime: now }] }
    },
    setDefaults({ spec }) {
      if (spec?.service) spec.service.port ??= 443
    },
    validate,
  },
  storage: { keepsEmpties: true },
  subresources: { status: { hasTable: false, keepsMetadata: true, strategy: { validate: validateStatus } } },
  cells: {
    Service: ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local'),
    Available: availableText,
  },
})
