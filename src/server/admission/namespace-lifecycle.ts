import type { Namespace } from '../../api/types/core-v1.gen.ts'
import { forbidden, notFound } from '../../machinery/status/errors.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../context.ts'
import type { Lister } from '../lister.ts'
import { refusalWithCauses } from './refusal.ts'

const immortal: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public'])
const namespaces = { group: '', resource: 'namespaces' }

/** Nothing is written into a namespace that is not there, and nothing new into one that goes. */
export function namespaceLifecycle(lister: Lister<Namespace>): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    handles: ({ operation }) => operation !== 'CONNECT',
    admit(request) {
      if (isNamespace(request)) return protectImmortal(request)
      const { namespace } = request.info
      if (!namespace || request.operation === 'DELETE' || isAccessReview(request)) return
      const found = lister.get('', namespace)
      if (!found) throw notFound(namespaces, namespace)
      if (request.operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(request)
    },
  }
}

function isNamespace({ resource }: AdmissionRequest): boolean {
  return resource.group === '' && resource.plural === 'namespaces'
}

/** To say that a namespace is missing would tell what the asker may not know. */
function isAccessReview({ resource }: AdmissionRequest): boolean {
  return resource.group === 'authorization.k8s.io' && resource.plural === 'localsubjectaccessreviews'
}

function protectImmortal({ operation, info }: AdmissionRequest): void {
  if (operation !== 'DELETE' || !immortal.has(info.name)) return
  throw forbidden(namespaces, info.name, 'this namespace may not be deleted')
}

function terminating(request: AdmissionRequest) {
  const { namespace } = request.info
  const message = `unable to create new content in namespace ${namespace} because it is being terminated`
  return refusalWithCauses(request, message, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ])
}
