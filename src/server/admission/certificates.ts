import { isDeepStrictEqual } from 'node:util'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import { quote } from '../../machinery/meta/quote.ts'
import { privilegedGroup } from '../authz/union.ts'
import type { AdmissionPlugin, AdmissionRequest, Authorizer } from '../context.ts'
import { requestFacts } from '../pki/issue.ts'
import { isAbout, refusal } from './refusal.ts'

const group = 'certificates.k8s.io'
const plural = 'certificatesigningrequests'
const clientSigner = 'kubernetes.io/kube-apiserver-client'

/**
 * A request says who made it, whatever its maker writes there: approval trusts these fields. Upstream does this in
 * the kind's strategy; here no way in can leave it out.
 */
export function certificateRequester(): AdmissionPlugin {
  return {
    name: 'CertificateRequester',
    handles: request => request.operation === 'CREATE' && isAbout(request, group, plural),
    admit({ object, user }) {
      const csr = object as CertificateSigningRequest
      const { username: _, uid: __, groups: ___, extra: ____, ...spec } = csr.spec
      csr.spec = {
        ...spec,
        username: user.username,
        groups: [...user.groups],
        ...(user.uid && { uid: user.uid }),
        ...(user.extra && { extra: structuredClone(user.extra) as Record<string, string[]> }),
      }
    },
  }
}

/** Approving needs the right `approve` on the signer (plugin/pkg/admission/certificates/approval). */
export function certificateApproval(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateApproval',
    handles: request => request.operation === 'UPDATE' && isAbout(request, group, plural, 'approval'),
    async validate(request) {
      const { signerName } = (request.oldObject as CertificateSigningRequest).spec
      if (await mayUseSigner(request, authorize, 'approve', signerName)) return
      throw refusal(request, `user not permitted to approve requests with signerName ${quote(signerName)}`)
    },
  }
}

/** Writing a certificate or condition needs the right `sign` on the signer (…/certificates/signing). */
export function certificateSigning(authorize: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateSigning',
    handles: request => request.operation === 'UPDATE' && isAbout(request, group, plural, 'status'),
    async validate(request) {
      const { status } = request.object as CertificateSigningRequest
      const old = request.oldObject as CertificateSigningRequest
      const unchanged =
        status?.certificate === old.status?.certificate &&
        isDeepStrictEqual(status?.conditions ?? [], old.status?.conditions ?? [])
      if (unchanged || (await mayUseSigner(request, authorize, 'sign', old.spec.signerName))) return
      throw refusal(
        request,
        `user not permitted to sign requests with signerName ${quote(old.spec.signerName)}`,
      )
    },
  }
}

/** Whether the caller has `verb` on this signer, or on all of its domain (pkg/certauthorization). */
export async function mayUseSigner(
  { user, info }: AdmissionRequest,
  authorize: Authorizer,
  verb: string,
  signerName: string,
): Promise<boolean> {
  const domain = signerName.slice(0, signerName.indexOf('/'))
  for (const name of [signerName, `${domain}/*`]) {
    const signer = {
      ...info,
      verb,
      group,
      version: '*',
      resource: 'signers',
      subresource: '',
      namespace: '',
      name,
    }
    const { decision } = await authorize({ user, info: signer })
    if (decision === 'allow') return true
  }
  return false
}

/** Nobody becomes a master by certificate (…/certificates/subjectrestriction). */
export function certificateSubjectRestriction(): AdmissionPlugin {
  return {
    name: 'CertificateSubjectRestriction',
    handles: request => request.operation === 'CREATE' && isAbout(request, group, plural),
    async validate(request) {
      const { signerName, request: encoded } = (request.object as CertificateSigningRequest).spec
      if (signerName !== clientSigner) return
      const facts = await requestFacts(Buffer.from(encoded, 'base64').toString()).catch((error: Error) => {
        throw refusal(request, `failed to parse CSR: ${error.message}`)
      })
      if (!facts.organizations.includes(privilegedGroup)) return
      throw refusal(request, `use of ${clientSigner} signer with ${privilegedGroup} group is not allowed`)
    },
  }
}
