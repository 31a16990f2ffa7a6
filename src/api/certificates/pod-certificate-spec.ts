/** What a pod's certificate may be asked for with (pkg/apis/certificates/validation ValidatePodCertificateRequestCreate). */
import { constants, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { nameIsDnsSubdomain, qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type { PodCertificateRequest, PodCertificateRequestSpec } from '../types/certificates-v1beta1.gen.ts'
import { validateSignerName } from './signing-rules.ts'

const uidMax = 128
const keyBytesMax = 10 * 1024
const annotationBytesMax = 256 * 1024
const secondsMin = 3600
const secondsMax = 91 * 86_400
const ownSecondsMax = 86_400
const badProof = 'could not verify proof-of-possession signature'

export function validateCertificateRequest({ spec }: PodCertificateRequest, errors: FieldErrors): void {
  validateSignerName(spec.signerName ?? '', 'spec.signerName', errors)
  validateUserAnnotations(spec.unverifiedUserAnnotations, 'spec.unverifiedUserAnnotations', errors)
  for (const subject of ['pod', 'serviceAccount', 'node'] as const) {
    const name = spec[`${subject}Name`] ?? ''
    invalidFor(errors, `spec.${subject}Name`, name, nameIsDnsSubdomain(name, false))
    validateUid(spec[`${subject}UID`] ?? '', `spec.${subject}UID`, errors)
  }
  if (spec.maxExpirationSeconds === undefined)
    return errors.required('spec.maxExpirationSeconds', 'must be set')
  validateSeconds(spec, errors)
  validateKey(spec, errors)
}

/** Keys with a domain, in any case (ValidateUserAnnotations). */
export function validateUserAnnotations(
  annotations: Readonly<Record<string, string>> = {},
  path: string,
  errors: FieldErrors,
): void {
  for (const key of Object.keys(annotations).map(each => each.toLowerCase())) {
    if (!key) {
      errors.required(path)
      continue
    }
    const reasons = qualifiedNameErrors(key)
    invalidFor(errors, path, key, reasons)
    if (reasons.length === 0 && !key.includes('/'))
      errors.invalid(path, key, 'must be a domain-prefixed key (such as "acme.io/foo")')
  }
  const bytes = Object.entries(annotations).flat().join('')
  if (Buffer.byteLength(bytes) > annotationBytesMax) errors.tooLong(path, annotationBytesMax)
}

function validateUid(uid: string, path: string, errors: FieldErrors): void {
  if (!uid) errors.invalid(path, uid, 'must not be empty')
  if (Buffer.byteLength(uid) > uidMax) errors.tooLong(path, uidMax)
}

/** Kubernetes' own signers sign for a day at most. */
export function longestSeconds(signerName: string): number {
  return /^(?:[^/]*\.)?kubernetes\.io\//.test(`${signerName}/`) ? ownSecondsMax : secondsMax
}

function validateSeconds(
  { signerName = '', maxExpirationSeconds = 0 }: PodCertificateRequestSpec,
  errors: FieldErrors,
): void {
  const max = longestSeconds(signerName)
  if (maxExpirationSeconds >= secondsMin && maxExpirationSeconds <= max) return
  const text = `must be in the range [${secondsMin}, ${max}]`
  errors.invalid('spec.maxExpirationSeconds', maxExpirationSeconds, text)
}

/** The key is strong enough, and who asks has it: the signature is over the pod's UID. */
function validateKey(
  { pkixPublicKey = '', proofOfPossession = '', podUID }: PodCertificateRequestSpec,
  errors: FieldErrors,
): void {
  const path = 'spec.pkixPublicKey'
  const proof = Buffer.from(proofOfPossession, 'base64')
  const encoded = Buffer.from(pkixPublicKey, 'base64')
  if (encoded.length > keyBytesMax) return errors.tooLong(path, keyBytesMax)
  if (proof.length > keyBytesMax) return errors.tooLong('spec.proofOfPossession', keyBytesMax)
  const key = readPublicKey(encoded)
  if (!key) return errors.invalid(path, pkixPublicKey || null, 'must be a valid PKIX-serialized public key')
  const rules = keyRules[key.asymmetricKeyType ?? '']
  if (!rules) {
    const text = 'unknown public key type; supported types are Ed25519, ECDSA, and RSA'
    return errors.invalid(path, pkixPublicKey, text)
  }
  const weakness = rules.weakness(key)
  if (weakness) return errors.invalid(path, ...weakness)
  if (!rules.verifies(key, Buffer.from(podUID ?? ''), proof))
    errors.invalidHidden('spec.proofOfPossession', badProof)
}

/** Undefined for what is no PKIX public key (DER). */
export function readPublicKey(der: Buffer): KeyObject | undefined {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' })
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}

interface KeyRules {
  /** Value and complaint. */
  readonly weakness: (key: KeyObject) => readonly [value: string, text: string] | undefined
  readonly verifies: (key: KeyObject, data: Buffer, proof: Buffer) => boolean
}

const goCurves: Readonly<Record<string, string>> = { secp224r1: 'P-224' }
const strongCurves = ['prime256v1', 'secp384r1', 'secp521r1']
const strongModuli = [3072, 4096]

const keyRules: Readonly<Record<string, KeyRules>> = {
  ed25519: {
    weakness: () => undefined,
    verifies: (key, data, proof) => verify(null, data, key, proof),
  },
  ec: {
    weakness({ asymmetricKeyDetails }) {
      const { namedCurve = '' } = asymmetricKeyDetails ?? {}
      if (strongCurves.includes(namedCurve)) return undefined
      const text = 'elliptic public keys must use curve P256 or P384'
      return [`curve ${goCurves[namedCurve] ?? namedCurve}`, text]
    },
    verifies: (key, data, proof) => verify('sha256', data, key, proof),
  },
  rsa: {
    weakness({ asymmetricKeyDetails }) {
      const { modulusLength = 0 } = asymmetricKeyDetails ?? {}
      if (strongModuli.includes(modulusLength)) return undefined
      return [`${modulusLength}-bit modulus`, 'RSA keys must have modulus size 3072 or 4096']
    },
    verifies: (key, data, proof) =>
      verify(
        'sha256',
        data,
        {
          key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_AUTO,
        },
        proof,
      ),
  },
}
