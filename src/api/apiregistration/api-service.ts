import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { defineResource } from '../define-resource.ts'
import type { APIService } from '../types/apiregistration-v1.gen.ts'

const priorityMax = 20000
const versionPriorityMax = 1000

/** The name says what is registered. */
function validateName(name: string, _prefix: boolean, { spec }: APIService): string[] {
  const wanted = `${spec?.version ?? ''}.${spec?.group ?? ''}`
  return name === wanted ? [] : [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`]
}

function validate({ spec }: APIService, errors: FieldErrors): void {
  const { group = '', version = '', service, insecureSkipTLSVerify } = spec ?? {}
  const groupReasons = group ? dns1123SubdomainErrors(group) : []
  if (groupReasons.length > 0) errors.invalid('spec.group', group, groupReasons.join(','))
  const versionReasons = dns1035LabelErrors(version)
  if (versionReasons.length > 0) errors.invalid('spec.version', version, versionReasons.join(','))
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
    if (insecureSkipTLSVerify)
      errors.invalid(
        'spec.insecureSkipTLSVerify',
        true,
        'local APIServices may not set insecureSkipTLSVerify',
      )
    return
  }
  if (!service.namespace) errors.required('spec.service.namespace')
  if (!service.name) errors.required('spec.service.name')
  if (insecureSkipTLSVerify && spec?.caBundle) {
    errors.invalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present')
  }
}

function availableText({ status }: APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available')
  if (!condition) return 'Unknown'
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason})`
}

/** A group and version and the server that answers for it. */
export const apiServices = defineResource<APIService>('apiregistration.k8s.io/v1', 'APIService', {
  strategy: {
    standardFinalizers: 'atCreation',
    validateName,
    allowUnconditionalUpdate: false,
    setDefaults({ spec }) {
      if (spec?.service) spec.service.port ??= 443
    },
    validate,
  },
  subresources: { status: { keepsMetadata: 'claimed' } },
  cells: {
    Service: ({ spec }) => (spec?.service ? `${spec.service.namespace}/${spec.service.name}` : 'Local'),
    Available: availableText,
  },
})
