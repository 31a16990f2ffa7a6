import type { ValidatingWebhookConfiguration } from '../../api/types/admissionregistration-v1.gen.ts'
import { notImplemented } from '../../machinery/status/errors.ts'
import type { AdmissionPlugin } from '../context.ts'

const group = 'admissionregistration.k8s.io'
const unserved: ReadonlySet<string> = new Set([
  'mutatingadmissionpolicybindings',
  'validatingadmissionpolicybindings',
])

/**
 * Policies and match conditions are not asked yet: to accept one would promise a check that never happens, so its
 * registration is refused by name.
 */
export function unservedAdmission(): AdmissionPlugin {
  return {
    name: 'UnservedAdmission',
    handles: ({ operation, resource }) =>
      (operation === 'CREATE' || operation === 'UPDATE') && resource.group === group,
    validate({ resource, object }) {
      if (unserved.has(resource.plural))
        throw notImplemented(`calling a ${resource.kind} (${resource.plural}.${group})`)
      const { webhooks = [] } = object as ValidatingWebhookConfiguration
      if (webhooks.some(({ matchConditions = [] }) => matchConditions.length > 0))
        throw notImplemented('a match condition of a webhook')
    },
  }
}
