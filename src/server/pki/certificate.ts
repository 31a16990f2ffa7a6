import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from 'node:crypto'
import { isIP } from 'node:net'

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly certificate: string
  readonly key: string
}

/** What a certificate says about whom. `names` are DNS names and IP addresses, told apart by their form. */
export interface CertificateSubject {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly names: readonly string[]
}

/** A clock that reads earlier than this is wrong: this code did not exist then. */
const earliestNowMs = Date.UTC(2026, 0, 1)

/**
 * The moment to reckon lifetimes from. A board without a battery starts in 1970: what it issues must still
 * be valid when its clock is set.
 */
export function trustedNowMs(nowMs: number): number {
  return Math.max(nowMs, earliestNowMs)
}

/** A new P-256 private key, PKCS #8 PEM. */
export function newEcKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** A new RSA 2048 private key, PKCS #8 PEM. Takes tens to hundreds of milliseconds. */
export function newRsaKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
}

/** What is read from a certificate without loading the issuing library. */
export interface CertificateFacts extends CertificateSubject {
  /** The user's UID, in the element of the subject that Kubernetes has for it. */
  readonly userIds: readonly string[]
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** apimachinery pkg/apis/asn1 X509UID. */
const userIdOid = '1.3.6.1.4.1.57683.2'

/** Reads the first certificate of a PEM text (or one in DER). Throws when it is none. */
export function certificateFacts(encoded: string | Uint8Array): CertificateFacts {
  const certificate = new X509Certificate(encoded)
  // The line-wise `subject` text is escaped; this form has the values as they are.
  const subject = certificate.toLegacyObject().subject as unknown as Record<
    string,
    string | string[] | undefined
  >
  return {
    commonName: [subject.CN ?? ''].flat().at(-1) ?? '',
    organizations: [subject.O ?? []].flat(),
    userIds: [subject[userIdOid] ?? []].flat(),
    names: alternativeNames(certificate.subjectAltName ?? ''),
    notBeforeMs: Date.parse(certificate.validFrom),
    notAfterMs: Date.parse(certificate.validTo),
  }
}

function alternativeNames(text: string): string[] {
  return text
    .split(', ')
    .filter(entry => entry.startsWith('DNS:') || entry.startsWith('IP Address:'))
    .map(entry => canonicalName(entry.slice(entry.indexOf(':') + 1)))
}

/** One spelling per name: lower case, IPv6 as the URL standard writes it. */
export function canonicalName(name: string): string {
  if (isIP(name) !== 6) return name.toLowerCase()
  return new URL(`http://[${name}]`).hostname.slice(1, -1)
}

/** True when `issuer` signed `certificate`. */
export function issuedBy(certificate: string, issuer: string): boolean {
  return new X509Certificate(certificate).verify(new X509Certificate(issuer).publicKey)
}

/** All certificates of a PEM bundle. */
export function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.map(block => new X509Certificate(block))
}

/** True when the private key belongs to the certificate. */
export function keyMatches({ certificate, key }: KeyPair): boolean {
  return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))
}

/**
 * SHA-256 of the certificate's public key (SubjectPublicKeyInfo), hex: kubeadm's discovery hash. It stays the
 * same when a CA certificate is renewed with its key.
 */
export function publicKeyHash(certificate: string): string {
  const spki = new X509Certificate(certificate).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(spki).digest('hex')
}

/** The public half of a private key, SPKI PEM. */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
}
