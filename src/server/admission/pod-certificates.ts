import { sameField } from '../../api/shared/same-field.ts'
import type { ClusterTrustBundle, PodCertificateRequest } from '../../api/types/certificates-v1beta1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { invalid } from '../../machinery/status/errors.ts'
import type { AdmissionPlugin, Authorizer } from '../context.ts'
import { mayUseSigner } from './certificates.ts'
import { onlyCollectorFieldsChanged } from './rbac-escalation.ts'
import { isAbout, refusal } from './refusal.ts'

const group = 'certificates.k8s.io'
const requestType = 'k8s.io/api/certificates/v1beta1.PodCertificateRequest'

/** Speaking for a signer needs the right `attest` on it (plugin/pkg/admission/certificates/ctbattest). */
export function trustBundleAttest(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'ClusterTrustBundleAttest',
    handles: request =>
      (request.operation === 'CREATE' || request.operation === 'UPDATE') &&
      isAbout(request, group, 'clustertrustbundles'),
    async validate(request) {
      const { signerName } = (request.object as ClusterTrustBundle).spec
      if (!signerName || onlyCollectorFieldsChanged(request)) return
      if (await mayUseSigner(request, authorize, 'attest', signerName)) return
      throw refusal(request, `user not permitted to attest for signerName ${quote(signerName)}`)
    },
  }
}

/**
 * Answering a pod's request needs the right `sign` on its signer. Upstream asks in the strategy of the status; here no
 * way in can leave it out.
 */
export function podCertificateSigning(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'PodCertificateSigning',
    handles: request =>
      request.operation === 'UPDATE' && isAbout(request, group, 'podcertificaterequests', 'status'),
    async validate(request) {
      const old = request.oldObject as PodCertificateRequest
      const { signerName } = old.spec
      if (sameField(requestType, 'status', request.object, old)) return
      if (await mayUseSigner(request, authorize, 'sign', signerName)) return
      const message = `Forbidden: User ${quote(request.user.username)} is not permitted to "sign" for signer ${quote(signerName)}`
      throw invalid({ group, kind: 'PodCertificateRequest' }, old.metadata.name ?? '', [
        { type: 'FieldValueForbidden', field: 'spec.signerName', message },
      ])
    },
  }
}
