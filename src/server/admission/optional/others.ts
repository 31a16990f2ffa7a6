/** The remaining plugins that upstream has off unless `--enable-admission-plugins` names them. */
import type { Namespace, Service } from '../../../api/types/core-v1.gen.ts'
import { notFound } from '../../../machinery/status/errors.ts'
import type { AdmissionPlugin } from '../../context.ts'
import type { Lister } from '../../lister.ts'
import { isAbout, refusal } from '../refusal.ts'

/** Services take no addresses that the cluster does not route (CVE-2020-8554; plugin/pkg/admission/network/denyserviceexternalips). */
export function denyServiceExternalIps(): AdmissionPlugin {
  return {
    name: 'DenyServiceExternalIPs',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') && isAbout(request, '', 'services'),
    validate(request) {
      const wanted = (request.object as Service).spec?.externalIPs ?? []
      const held = (request.oldObject as Service | undefined)?.spec?.externalIPs ?? []
      if (wanted.some(address => !held.includes(address)))
        throw refusal(request, 'Use of external IPs is denied by admission control')
    },
  }
}

/** Nothing is written into a namespace that is not there (plugin/pkg/admission/namespace/exists). */
export function namespaceExists(namespaces: Lister<Namespace>): AdmissionPlugin {
  return {
    name: 'NamespaceExists',
    handles: ({ operation, resource, info }) =>
      operation !== 'CONNECT' && resource.namespaced && info.namespace !== '',
    validate({ info }) {
      if (!namespaces.get('', info.namespace))
        throw notFound({ group: '', resource: 'namespaces' }, info.namespace)
    },
  }
}
