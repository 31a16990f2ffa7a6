import { createHash, X509Certificate } from 'node:crypto'
import type { Clock } from '../../std/ports.ts'
import type { UserInfo } from '../context.ts'
import { certificateFacts } from '../pki/certificate.ts'
import { memo } from '../rest/memo.ts'
import { anonymousUser, type CertificateAuthenticator } from './authenticator.ts'
import { credentialIdKey } from './extra.ts'

const clientAuthOid = '1.3.6.1.5.5.7.3.2'
const verifiedMax = 1024

interface Verified {
  readonly user: UserInfo | undefined
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/**
 * Client certificates signed by the client CA, valid now and made for clients: the common name is the user, the
 * organizations are the groups. The signature is checked here again, whatever the TLS layer did; a certificate
 * that was seen before costs a hash, and nothing on the same connection. `clientCa` is asked each time, so a renewed CA
 * needs no restart.
 */
export function certificateAuthenticator(
  clientCa: () => string,
  clock: Pick<Clock, 'nowMs'>,
): CertificateAuthenticator {
  const verified = new Map<string, Verified>()
  let byBytes = new WeakMap<Uint8Array, Verified>()
  let trusted = ''
  return function authenticateCertificate(raw) {
    const ca = clientCa()
    if (ca !== trusted) {
      verified.clear()
      byBytes = new WeakMap()
    }
    trusted = ca
    const known = memo(byBytes, raw, () => {
      if (verified.size >= verifiedMax) verified.clear()
      const fingerprint = createHash('sha256').update(raw).digest('hex')
      return memo(verified, fingerprint, () => verify(raw, ca, fingerprint))
    })
    const nowMs = clock.nowMs()
    return nowMs < known.notBeforeMs || nowMs > known.notAfterMs ? undefined : known.user
  }
}

function verify(raw: Uint8Array, ca: string, fingerprint: string): Verified {
  const certificate = new X509Certificate(raw)
  const issuer = new X509Certificate(ca)
  const signed = certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  // Bun and Node call the extended key usages `keyUsage`.
  const forClients = (certificate.keyUsage as readonly string[] | undefined)?.includes(clientAuthOid) ?? false
  const { commonName, organizations, notBeforeMs, notAfterMs } = certificateFacts(raw)
  const extra = { [credentialIdKey]: [`X509SHA256=${fingerprint}`] }
  const named = commonName === '' ? anonymousUser : { username: commonName, groups: organizations, extra }
  return { user: signed && forClients ? named : undefined, notBeforeMs, notAfterMs }
}
