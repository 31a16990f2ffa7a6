/** Projected trust bundles and certificates (pkg/apis/core/validation validateProjectionSources). */
import { nameIsDnsSubdomain } from '../../../machinery/meta/names.ts'
import type { FieldErrors } from '../../../machinery/validation/field-error.ts'
import { invalidFor } from '../../../machinery/validation/field-errors.ts'
import { validateLabelSelector } from '../../../machinery/validation/label-selector.ts'
import { longestSeconds, validateUserAnnotations } from '../../certificates/pod-certificate-spec.ts'
import { validateSignerName } from '../../certificates/signing-rules.ts'
import { internalValue } from '../../shared/internal-value.ts'
import type { ClusterTrustBundleProjection, PodCertificateProjection } from '../../types/core-v1.gen.ts'
import { validateNonReservedPath } from './local-path.ts'

const type = 'k8s.io/api/core/v1.ClusterTrustBundleProjection'

/** A path that several sources may not share. */
type Take = (file: string) => void

/** Of `signer.example.org:foo:bar` what stands before the last colon names the signer. */
function bundleNameErrors(name: string): readonly string[] {
  const colon = name.lastIndexOf(':')
  return nameIsDnsSubdomain(colon < 0 ? name : name.slice(colon + 1), false)
}

export function validateTrustBundle(
  bundle: ClusterTrustBundleProjection,
  path: string,
  take: Take,
  errors: FieldErrors,
): void {
  const { name, signerName, labelSelector, path: file = '' } = bundle
  if (name !== undefined && signerName !== undefined)
    errors.invalid(path, internalValue(type, bundle), 'only one of name and signerName may be used')
  else if (name !== undefined) {
    if (!name) errors.required(`${path}.name`, 'must be a valid object name')
    const reasons = bundleNameErrors(name).map(reason => `not a valid clustertrustbundlename: ${reason}`)
    invalidFor(errors, `${path}.name`, name, reasons)
    if (labelSelector)
      errors.invalid(
        `${path}.labelSelector`,
        labelSelector,
        'labelSelector must be unset if name is specified',
      )
  } else if (signerName !== undefined) {
    if (!signerName) errors.required(`${path}.signerName`, 'must be a valid signer name')
    validateSignerName(signerName, `${path}.signerName`, errors)
    if (labelSelector) validateLabelSelector(labelSelector, `${path}.labelSelector`, errors)
  } else errors.required(path, 'either name or signerName must be specified')
  if (!file) errors.required(`${path}.path`)
  validateNonReservedPath(file, `${path}.path`, errors)
  take(file)
}

const keyTypes = ['RSA3072', 'RSA4096', 'ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519']
const secondsMin = 3600

export function validateCertificate(
  certificate: PodCertificateProjection,
  path: string,
  take: Take,
  errors: FieldErrors,
): void {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds, userAnnotations } = certificate
  validateSignerName(signerName, `${path}.signerName`, errors)
  validateUserAnnotations(userAnnotations, `${path}.userAnnotations`, errors)
  if (!keyTypes.includes(keyType)) errors.notSupported(`${path}.keyType`, keyType, keyTypes)
  if (seconds !== undefined) validateSeconds(seconds, signerName, `${path}.maxExpirationSeconds`, errors)
  const files = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const
  for (const kind of files) {
    const file = certificate[kind]
    if (!file) continue
    validateNonReservedPath(file, `${path}.${kind}`, errors)
    take(file)
  }
  if (!files.some(kind => certificate[kind]))
    errors.required(path, `specify at least one of ${files.slice(0, 2).join(', ')}, and ${files[2]}`)
}

function validateSeconds(seconds: number, signerName: string, path: string, errors: FieldErrors): void {
  if (seconds < secondsMin)
    errors.invalid(path, seconds, `if provided, maxExpirationSeconds must be >= ${secondsMin}`)
  const max = longestSeconds(signerName)
  if (seconds > max) errors.invalid(path, seconds, `if provided, maxExpirationSeconds must be <= ${max}`)
}
