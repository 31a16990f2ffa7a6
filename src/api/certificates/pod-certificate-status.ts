/** What a signer may answer (pkg/apis/certificates/validation ValidatePodCertificateRequestStatusUpdate). */
import type { X509Certificate } from 'node:crypto'
import { validateConditions } from '../../machinery/validation/conditions.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { sameValue } from '../shared/same-field.ts'
import type { PodCertificateRequest, PodCertificateRequestStatus } from '../types/certificates-v1beta1.gen.ts'
import { pemBlocks } from './pem-blocks.ts'
import { readPublicKey } from './pod-certificate-spec.ts'
import { parseCertificate } from './trust-anchors.ts'

type Status = PodCertificateRequestStatus

const decisions = ['Denied', 'Failed', 'Issued']
const shownDecisions = ['Issued', 'Denied', 'Failed']
const statusType = 'k8s.io/api/certificates/v1beta1.PodCertificateRequestStatus'
const chainPath = 'status.certificateChain'
const chainBytesMax = 100 * 1024
const lifetimeMinMs = 3_600_000
const refreshMarginMs = 600_000
const hourText = 'leaf certificate lifetime must be >= 1 hour'

export function validateCertificateStatus(
  request: PodCertificateRequest,
  old: PodCertificateRequest,
  errors: FieldErrors,
): void {
  const status = request.status ?? {}
  if (errors.list.length > 0) return
  validateDecision(status, errors)
  validateConditions(status.conditions, 'status.conditions', errors)
  if (errors.list.length > 0) return
  const keep = (wanted: Status, text: string) => {
    if (!sameValue(statusType, status, wanted)) errors.invalidHidden('status', text)
  }
  if (decisionOf(old.status))
    return keep(old.status!, 'immutable after PodCertificateRequest is issued, denied, or failed')
  const decision = decisionOf(status)
  if (decision === 'Issued') return validateIssued(request, errors)
  if (decision) {
    const { conditions = [] } = status
    const text = 'non-condition status fields must be empty when denying or failing the PodCertificateRequest'
    return keep({ conditions }, text)
  }
  keep(old.status ?? {}, 'status is immutable unless transitioning to "Issued", "Denied", or "Failed"')
}

function decisionOf(status: Status | undefined): string | undefined {
  return status?.conditions?.find(({ type, status: is }) => decisions.includes(type) && is === 'True')?.type
}

function validateDecision({ conditions = [] }: Status, errors: FieldErrors): void {
  let known = 0
  conditions.forEach(({ type, status }, i) => {
    const path = `status.conditions.[${i}]`
    if (!decisions.includes(type)) {
      errors.notSupported(`${path}.type`, type, shownDecisions)
      return
    }
    known++
    if (known > 1) {
      const text = 'There may be at most one condition with type "Issued", "Denied", or "Failed"'
      errors.invalid(`${path}.type`, type, text)
    }
    if (status !== 'True') errors.notSupported(`${path}.status`, status, ['True'])
  })
}

function validateIssued({ spec, status = {} }: PodCertificateRequest, errors: FieldErrors): void {
  const { certificateChain: chain = '' } = status
  if (Buffer.byteLength(chain) > chainBytesMax) return errors.tooLong(chainPath, chainBytesMax)
  const complain = (text: string) => errors.invalid(chainPath, chain, text)
  const [first, ...rest] = pemBlocks(chain)
  if (!first) return complain('issued certificate chain must contain at least one certificate')
  if (first.type !== 'CERTIFICATE')
    return complain('issued certificate chain must consist entirely of CERTIFICATE PEM blocks')
  const leaf = parseCertificate(first.bytes)
  if (!leaf) return complain('leaf certificate does not parse as valid X.509')
  const wanted = readPublicKey(Buffer.from(spec.pkixPublicKey, 'base64'))
  if (!wanted?.equals(leaf.publicKey))
    return complain('leaf certificate was not issued to the requested public key')
  validateTimes(status, leaf, spec.maxExpirationSeconds ?? 0, errors)
  if (errors.list.length > 0) return
  for (const { type, bytes } of rest) {
    // Upstream's own spelling.
    if (type !== 'CERTIFICATE')
      return complain('issued certificate chain must consist entirely of CERTFICATE PEM blocks')
    if (!parseCertificate(bytes)) return complain('intermediate certificate does not parse as valid X.509')
  }
}

const timeTexts = {
  notBefore: 'must be present and consistent with the issued certificate',
  notAfter: 'must be present and consistent with the issued certificate',
  beginRefreshAt: 'must be present and in the range [notbefore+10min, notafter-10min]',
} as const

function validateTimes(status: Status, leaf: X509Certificate, secondsMax: number, errors: FieldErrors): void {
  const missing = (Object.keys(timeTexts) as (keyof typeof timeTexts)[]).filter(name => !status[name])
  for (const name of missing) errors.required(`status.${name}`, timeTexts[name])
  if (missing.length > 0) return
  const startMs = Date.parse(leaf.validFrom)
  const endMs = Date.parse(leaf.validTo)
  const refreshMs = Date.parse(status.beginRefreshAt!)
  const wrong = (name: keyof typeof timeTexts, text: string) =>
    errors.invalid(`status.${name}`, status[name], text)
  if (Date.parse(status.notBefore!) !== startMs)
    return wrong('notBefore', 'must be set to the NotBefore time encoded in the leaf certificate')
  if (Date.parse(status.notAfter!) !== endMs)
    return wrong('notAfter', 'must be set to the NotAfter time encoded in the leaf certificate')
  const lifetimeMs = endMs - startMs
  if (lifetimeMs < lifetimeMinMs) return errors.invalid(chainPath, lifetimeMs * 1e6, hourText)
  if (lifetimeMs > secondsMax * 1000) {
    const text = `leaf certificate lifetime must be <= spec.maxExpirationSeconds (${secondsMax})`
    return errors.invalid(chainPath, lifetimeMs * 1e6, text)
  }
  if (refreshMs < startMs + refreshMarginMs)
    return wrong('beginRefreshAt', 'must be at least 10 minutes after status.notBefore')
  if (refreshMs > endMs - refreshMarginMs)
    wrong('beginRefreshAt', 'must be at least 10 minutes before status.notAfter')
}
