import { createHash, X509Certificate } from 'node:crypto'
import type { Histogram, HistogramSpec } from '../../std/metrics.ts'
import type { Clock } from '../../std/ports.ts'
import type { UserInfo } from '../context.ts'
import { certificateFacts, certificatesIn } from '../pki/certificate.ts'
import { memo } from '../rest/memo.ts'
import { anonymousUser, type CertificateAuthenticator } from './authenticator.ts'
import { credentialIdKey } from './extra.ts'

/** Client authentication, and any use at all. */
const clientUses = ['1.3.6.1.5.5.7.3.2', '2.5.29.37.0']
const verifiedMax = 1024

const [hour, day] = [3600, 86_400]
/** What alerts on certificates that run out look at (apiserver pkg/authentication/request/x509). */
export const certificateExpiry: HistogramSpec = {
  name: 'apiserver_client_certificate_expiration_seconds',
  help: 'Seconds for which the certificates of requests are still good.',
  stability: 'ALPHA',
  buckets: [0, hour / 2, hour, ...[2, 6, 12].map(hours => hours * hour)].concat(
    [1, 2, 4, 7, 30, 90, 180, 360].map(days => days * day),
  ),
}

interface Verified {
  readonly user: UserInfo | undefined
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/**
 * Client certificates signed by a client CA, valid now and made for clients: the common name is the user, the
 * organizations are the groups. The signature is checked here again, whatever the TLS layer did; a certificate
 * that was seen before costs a hash, and nothing on the same connection. `clientCa` is asked each time, so a renewed CA
 * needs no restart. `remaining` is told of each certificate how many seconds it is good for.
 */
export function certificateAuthenticator(
  clientCa: () => string,
  clock: Pick<Clock, 'nowMs'>,
  remaining?: Histogram,
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
    remaining?.observe((known.notAfterMs - nowMs) / 1000)
    return nowMs < known.notBeforeMs || nowMs > known.notAfterMs ? undefined : known.user
  }
}

function verify(raw: Uint8Array, ca: string, fingerprint: string): Verified {
  const certificate = new X509Certificate(raw)
  const signed = certificatesIn(ca).some(
    issuer => certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey),
  )
  const { commonName, organizations, userIds, notBeforeMs, notAfterMs } = certificateFacts(raw)
  const extra = { [credentialIdKey]: [`X509SHA256=${fingerprint}`] }
  const uid = userIds.length > 0 && { uid: userIds[0]! }
  const named =
    commonName === '' ? anonymousUser : { username: commonName, ...uid, groups: organizations, extra }
  const isGood = signed && isForClients(certificate) && userIds.length <= 1 && !userIds.includes('')
  return { user: isGood ? named : undefined, notBeforeMs, notAfterMs }
}

/** One that names no uses is good for all of them, as Go sees it. */
function isForClients(certificate: X509Certificate): boolean {
  // Bun and Node call the extended key usages `keyUsage`.
  const uses = (certificate.keyUsage as readonly string[] | undefined) ?? []
  return uses.length === 0 || clientUses.some(use => uses.includes(use))
}
