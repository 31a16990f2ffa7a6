import { certificateSigningRequests } from '../../api/certificates/certificate-signing-request.ts'
import { nodes } from '../../api/core/node.ts'
import type { CertificateSigningRequest } from '../../api/types/certificates-v1.gen.ts'
import type { CertificateOptions } from '../../controllers/identity/certificates.ts'
import { SigningRefusedError } from '../../controllers/identity/certificates.ts'
import { resourceInfo } from '../../server/authz/resource-info.ts'
import { approvals, signCertificate } from '../../server/bootstrap/certificate-signing.ts'
import type { Ports } from '../../std/ports.ts'
import { type ControlPlane, serverClient } from './control-plane.ts'

/** How the certificate controllers decide and sign: with the server's authorities and the server's own authorizer. */
export function certificateOptions(plane: ControlPlane, { clock, random }: Ports): CertificateOptions {
  return {
    async approve(request) {
      const known = await serverClient(plane).list(nodes)
      for (const { message, permission } of await approvals(request, known.items)) {
        if (permission === undefined || (await holds(plane, request, permission))) return message
      }
      return undefined
    },
    async sign(request) {
      const signed = await signCertificate(request, plane.pki.authorities, { nowMs: clock.nowMs(), random })
      if (signed.kind === 'failed') throw new SigningRefusedError(signed.message)
      return signed.kind === 'certificate' ? signed.certificate : undefined
    },
  }
}

/** Does the requester hold `create` on this subresource of certificate requests? */
async function holds(
  plane: ControlPlane,
  { spec }: CertificateSigningRequest,
  subresource: string,
): Promise<boolean> {
  const { username = '', uid, groups = [], extra } = spec
  const { group, version, plural: resource } = certificateSigningRequests
  const info = resourceInfo({ verb: 'create', group, version, resource, subresource })
  const user = { username, groups, ...(uid && { uid }), ...(extra && { extra }) }
  return (await plane.security.authorize({ user, info })).decision === 'allow'
}
