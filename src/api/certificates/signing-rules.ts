/** Signer names, usages and conditions of certificate requests (pkg/apis/certificates/validation). */
import { dns1123LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import { quote } from '../../machinery/meta/quote.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import type { CertificateSigningRequestCondition } from '../types/certificates-v1.gen.ts'

const domainMax = 253
const signerNameMax = 571
const statuses = ['False', 'True', 'Unknown']

/** Sorted as upstream lists them. */
export const keyUsages = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
]

/** What is wrong with the PEM of a request (base64); its signature is for the signer to check. */
export function requestProblem(request: string): string | undefined {
  const pem = Buffer.from(request, 'base64').toString('latin1')
  const isRequest = /-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----/.test(pem)
  return isRequest ? undefined : 'PEM block type must be CERTIFICATE REQUEST'
}

/** `domain/path`. */
export function validateSignerName(name: string, path: string, errors: FieldErrors): void {
  if (!name) return errors.required(path)
  const [domain = '', ...rest] = name.split('/')
  if (rest.length !== 1) {
    return errors.invalid(
      path,
      name,
      "must be a fully qualified domain and path of the form 'example.com/signer-name'",
    )
  }
  if (domain.length > domainMax) errors.tooLong(path, domainMax)
  const labels = domain.split('.')
  complainOfFirst(labels, domain, { reasonsOf: dns1123LabelErrors, path, errors })
  if (labels.length < 2) {
    errors.invalid(path, domain, 'should be a domain with at least two segments separated by dots')
  }
  const [rest0 = ''] = rest
  complainOfFirst(rest0.split('.'), rest0, { reasonsOf: dns1123SubdomainErrors, path, errors })
  if (name.length > signerNameMax) errors.tooLong(path, signerNameMax)
}

interface LabelRule {
  readonly reasonsOf: (label: string) => readonly string[]
  readonly path: string
  readonly errors: FieldErrors
}

/** What is wrong with the first of the labels that is wrong. */
function complainOfFirst(
  labels: readonly string[],
  value: string,
  { reasonsOf, path, errors }: LabelRule,
): void {
  const label = labels.find(each => reasonsOf(each).length > 0)
  if (label === undefined) return
  const reasons = reasonsOf(label).map(reason => `validating label ${quote(label)}: ${reason}`)
  invalidFor(errors, path, value, reasons)
}

/** A decision is taken once: approved or denied, for good. */
export function validateConditions(
  conditions: readonly CertificateSigningRequestCondition[],
  old: readonly CertificateSigningRequestCondition[],
  errors: FieldErrors,
): void {
  const types = new Set<string>()
  conditions.forEach(({ type, status }, i) => {
    const path = `status.conditions[${i}]`
    if (!type) errors.required(`${path}.type`)
    if (!status) errors.required(`${path}.status`)
    else if (type !== 'Failed' && ['Approved', 'Denied'].includes(type) && status !== 'True') {
      errors.notSupported(`${path}.status`, status, ['True'])
    } else if (!statuses.includes(status)) errors.notSupported(`${path}.status`, status, statuses)
    if (types.has(type)) errors.duplicate(`${path}.type`, type)
    types.add(type)
  })
  if (types.has('Approved') && types.has('Denied')) {
    errors.invalid('status.conditions', 'Denied', 'Approved and Denied conditions are mutually exclusive')
  }
  for (const { type } of old) {
    if ((type === 'Approved' || type === 'Denied' || type === 'Failed') && !types.has(type)) {
      errors.forbidden('status.conditions', `updates may not remove a condition of type "${type}"`)
    }
  }
}
