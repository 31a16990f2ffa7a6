import { notImplemented } from '../../machinery/status/errors.ts'
import type { AdmissionPlugin } from '../context.ts'

const group = 'admissionregistration.k8s.io'
const unserved: ReadonlySet<string> = new Set([
  'mutatingwebhookconfigurations',
  'validatingwebhookconfigurations',
  'mutatingadmissionpolicybindings',
  'validatingadmissionpolicybindings',
])

/**
 * Webhooks and policies are not called yet: to accept one would promise a check that never happens, so its
 * registration is refused by name.
 */
export function unservedAdmission(): AdmissionPlugin {
  return {
    name: 'UnservedAdmission',
    handles: ({ operation, resource }) =>
      (operation === 'CREATE' || operation === 'UPDATE') &&
      resource.group === group &&
      unserved.has(resource.plural),
    validate({ resource }) {
      throw notImplemented(`calling a ${resource.kind} (${resource.plural}.${group})`)
    },
  }
}
