/** The remaining plugins that upstream has off unless `--enable-admission-plugins` names them. */
import type { Namespace, Service } from '../../../api/types/core-v1.gen.ts'
import { notFound } from '../../../machinery/status/errors.ts'
import { StatusError } from '../../../machinery/status/status.ts'
import type { AdmissionPlugin, AdmissionRequest } from '../../context.ts'
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

/** Makes the namespace that is written into when it is not there (plugin/pkg/admission/namespace/autoprovision). */
export function namespaceAutoProvision(
  namespaces: Lister<Namespace>,
  create: (namespace: string) => Promise<void>,
): AdmissionPlugin {
  return {
    name: 'NamespaceAutoProvision',
    handles: ({ operation, dryRun, resource, info }) =>
      operation === 'CREATE' && !dryRun && resource.namespaced && info.namespace !== '',
    async admit(request) {
      const { namespace } = request.info
      if (namespaces.get('', namespace)) return
      try {
        await create(namespace)
      } catch (error) {
        if (!(error instanceof StatusError)) throw error
        if (error.reason !== 'AlreadyExists') throw refusal(request, error.message)
      }
    },
  }
}

/** Upstream has it still, and it says yes to everything (plugin/pkg/admission/admit). */
export function alwaysAdmit(): AdmissionPlugin {
  return { name: 'AlwaysAdmit', handles: () => false }
}

/** Refuses every write, the server's own too (plugin/pkg/admission/deny). */
export function alwaysDeny(): AdmissionPlugin {
  const deny = (request: AdmissionRequest) => {
    throw refusal(request, 'admission control is denying all modifications')
  }
  return { name: 'AlwaysDeny', handles: () => true, admit: deny, validate: deny }
}
