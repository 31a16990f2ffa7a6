import { createPrivateKey, createPublicKey } from 'node:crypto'
import { isIP } from 'node:net'
import type { Name, Pkcs10CertificateRequest } from '@peculiar/x509'
import { assert } from '../../std/assert.ts'
import type { Random } from '../../std/ports.ts'
import {
  type CertificateSubject,
  certificateFacts,
  type KeyPair,
  newEcKey,
  trustedNowMs,
} from './certificate.ts'

/** Extended key usage of a leaf certificate. */
export type CertificateUse = 'serverAuth' | 'clientAuth'

export type KeyUse = 'digitalSignature' | 'keyEncipherment'

const useOids: Record<CertificateUse, string> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
}

const subjectAlternativeNameOid = '2.5.29.17'

const dayMs = 86_400_000
export const caLifeMs = 3650 * dayMs
export const leafLifeMs = 365 * dayMs

/** Every certificate is valid from the epoch on, so that a clock in 1970 does not lock a box out of itself. */
const notBefore = new Date(0)
const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' }
const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' }

/** Time and chance for serial numbers. */
export interface IssueContext {
  readonly nowMs: number
  readonly random: Random
}

/** The issuing library takes 22 MB and a fifth of a second to load: only a process that issues pays for it. */
async function loadLibrary() {
  await import('reflect-metadata')
  return await import('@peculiar/x509')
}

/** A self-signed CA. With `key` the CA certificate is renewed: what the old one signed stays valid. */
export async function issueCa(commonName: string, context: IssueContext, key = newEcKey()): Promise<KeyPair> {
  const x509 = await loadLibrary()
  const keys = await importKeys(key)
  const subject = await subjectOf({ commonName, organizations: [] })
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(context.random),
    subject,
    issuer: subject,
    notBefore,
    notAfter: new Date(trustedNowMs(context.nowMs) + caLifeMs),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: endLine(certificate.toString('pem')), key }
}

/** What a leaf certificate is to say. */
export interface LeafRequest extends CertificateSubject {
  readonly uses: readonly CertificateUse[]
  /** What the key itself may do; default: both. */
  readonly keyUses?: readonly KeyUse[]
  readonly lifeMs?: number
}

/** A certificate for a new P-256 key (or for `key`), signed by `ca`; it never outlives its CA. */
export async function issueLeaf(
  ca: KeyPair,
  request: LeafRequest,
  context: IssueContext,
  key = newEcKey(),
): Promise<KeyPair> {
  const { publicKey } = await importKeys(key)
  const subject = await subjectOf(request)
  return { certificate: await signLeaf(ca, { ...request, subject }, publicKey, context), key }
}

interface SignedLeaf extends LeafRequest {
  readonly subject: Name
}

async function signLeaf(
  ca: KeyPair,
  request: SignedLeaf,
  publicKey: CryptoKey,
  context: IssueContext,
): Promise<string> {
  const x509 = await loadLibrary()
  const issuer = new x509.X509Certificate(ca.certificate)
  const signer = await importKeys(ca.key)
  const { keyUses = ['digitalSignature', 'keyEncipherment'] } = request
  const keyFlags = keyUses.reduce((flags, use) => flags | x509.KeyUsageFlags[use], 0)
  const lastMs = Math.min(
    trustedNowMs(context.nowMs) + (request.lifeMs ?? leafLifeMs),
    issuer.notAfter.getTime(),
  )
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(context.random),
    subject: request.subject,
    issuer: issuer.subjectName,
    notBefore,
    notAfter: new Date(lastMs),
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(keyFlags === 0 ? [] : [new x509.KeyUsagesExtension(keyFlags, true)]),
      new x509.ExtendedKeyUsageExtension(request.uses.map(use => useOids[use])),
      await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
      ...(request.names.length
        ? [new x509.SubjectAlternativeNameExtension(request.names.map(generalName))]
        : []),
    ],
  })
  return endLine(certificate.toString('pem'))
}

/** Go and OpenSSL read the organizations in this order; each is a set of its own. */
async function subjectOf({
  organizations,
  commonName,
}: Pick<CertificateSubject, 'organizations' | 'commonName'>) {
  const x509 = await loadLibrary()
  const parts = [...organizations.map(name => ({ O: [verbatim(name)] })), { CN: [verbatim(commonName)] }]
  return new x509.Name(parts)
}

/** A bare string would be parsed: quotes and plus signs in it would change its meaning. */
function verbatim(text: string) {
  return { utf8String: text }
}

function generalName(name: string): { type: 'ip' | 'dns'; value: string } {
  return { type: isIP(name) ? 'ip' : 'dns', value: name }
}

/** A PKCS #10 request for `key`, PEM: what a joining agent sends in a CertificateSigningRequest. */
export async function createCertificateRequest(subject: CertificateSubject, key: string): Promise<string> {
  const x509 = await loadLibrary()
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: await subjectOf(subject),
    keys: await importKeys(key),
    signingAlgorithm,
    extensions: subject.names.length
      ? [new x509.SubjectAlternativeNameExtension(subject.names.map(generalName))]
      : [],
  })
  return endLine(request.toString('pem'))
}

/** What a PKCS #10 request asks for. `otherNames` are e-mail addresses, URIs and the like. */
export interface RequestFacts extends CertificateSubject {
  readonly otherNames: readonly string[]
}

/** Reads and checks a PKCS #10 request. Throws when it is malformed or not signed by its own key. */
export async function requestFacts(pem: string): Promise<RequestFacts> {
  return factsOf(await parseRequest(pem))
}

async function parseRequest(pem: string): Promise<Pkcs10CertificateRequest> {
  const x509 = await loadLibrary()
  const request = new x509.Pkcs10CertificateRequest(pem)
  if (!(await request.verify())) throw new Error('the signature of the certificate request is wrong')
  return request
}

async function factsOf(request: Pkcs10CertificateRequest): Promise<RequestFacts> {
  const x509 = await loadLibrary()
  const extension = request.getExtension(subjectAlternativeNameOid)
  const names = extension ? new x509.SubjectAlternativeNameExtension(extension.rawData).names.items : []
  const plain = names.filter(({ type }) => type === 'dns' || type === 'ip')
  return {
    commonName: request.subjectName.getField('CN').at(-1) ?? '',
    organizations: request.subjectName.getField('O'),
    names: plain.map(({ value }) => value),
    otherNames: names.filter(name => !plain.includes(name)).map(({ value }) => value),
  }
}

/** Signs a checked request: its subject and names, `uses` and a life of `lifeMs`; answers the certificate's PEM. */
export async function signRequest(
  ca: KeyPair,
  pem: string,
  grant: Pick<LeafRequest, 'uses' | 'keyUses' | 'lifeMs'>,
  context: IssueContext,
): Promise<string> {
  const request = await parseRequest(pem)
  const publicKey = await request.publicKey.export()
  const facts = await factsOf(request)
  const subject = request.subjectName
  const certificate = await signLeaf(ca, { ...facts, ...grant, subject }, publicKey, context)
  const issued = certificateFacts(certificate)
  assert(
    issued.organizations.join('\n') === facts.organizations.join('\n'),
    'a request is signed as it was checked',
  )
  return certificate
}

async function importKeys(pem: string): Promise<CryptoKeyPair> {
  const key = createPrivateKey(pem)
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  const spki = createPublicKey(pem).export({ type: 'spki', format: 'der' })
  const { subtle } = globalThis.crypto
  return {
    privateKey: await subtle.importKey('pkcs8', new Uint8Array(pkcs8), keyAlgorithm, true, ['sign']),
    publicKey: await subtle.importKey('spki', new Uint8Array(spki), keyAlgorithm, true, ['verify']),
  }
}

/** 127 random bits: positive, as RFC 5280 demands. */
function serialNumber(random: Random): string {
  const bytes = random.bytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return Buffer.from(bytes).toString('hex')
}

function endLine(pem: string): string {
  return pem.endsWith('\n') ? pem : `${pem}\n`
}
