import { nameIsDnsSubdomain } from '../../machinery/meta/names.ts'
import { none } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { defineResource } from '../define-resource.ts'
import { immutableField } from '../shared/same-field.ts'
import type { ClusterTrustBundle } from '../types/certificates-v1beta1.gen.ts'
import { validateSignerName } from './signing-rules.ts'
import { validateTrustAnchors } from './trust-anchors.ts'

/** A signer's bundles carry its name in front (ValidateClusterTrustBundleName). */
function nameErrors(name: string, isPrefix: boolean, { spec }: ClusterTrustBundle): readonly string[] {
  const { signerName } = spec
  if (!signerName) {
    return name.includes(':')
      ? ['ClusterTrustBundle without signer name must not have ":" in its name']
      : nameIsDnsSubdomain(name, isPrefix)
  }
  const prefix = `${signerName.replaceAll('/', ':')}:`
  return name.startsWith(prefix)
    ? nameIsDnsSubdomain(name.slice(prefix.length), isPrefix)
    : [`ClusterTrustBundle for signerName ${signerName} must be named with prefix ${prefix}`]
}

function validateSigner({ spec }: ClusterTrustBundle, errors: FieldErrors): void {
  if (spec.signerName) validateSignerName(spec.signerName, 'spec.signerName', errors)
}

const validateBundle = ({ spec }: ClusterTrustBundle, errors: FieldErrors) =>
  validateTrustAnchors(spec.trustBundle ?? '', 'spec.trustBundle', errors)

const specType = 'k8s.io/api/certificates/v1beta1.ClusterTrustBundleSpec'

const define = (version: string, deprecation?: string) =>
  defineResource<ClusterTrustBundle>(`certificates.k8s.io/${version}`, 'ClusterTrustBundle', {
    gate: 'ClusterTrustBundle',
    ...(deprecation !== undefined && { deprecation }),
    strategy: {
      allowUnconditionalUpdate: false,
      validateName: nameErrors,
      validate(bundle, errors) {
        validateSigner(bundle, errors)
        validateBundle(bundle, errors)
      },
      validatesOnceOnly: true,
      validateUpdate(bundle, old, errors) {
        const { name = '' } = bundle.metadata
        invalidFor(errors, 'metadata.name', name, nameErrors(name, false, bundle))
        validateSigner(bundle, errors)
        if (bundle.spec.trustBundle !== old.spec.trustBundle) validateBundle(bundle, errors)
        immutableField(specType, 'signerName', [bundle.spec, old.spec], 'spec.signerName', errors)
      },
    },
    cells: { SignerName: ({ spec }) => spec?.signerName || none },
    selectableFields: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  })

export const clusterTrustBundles = define('v1beta1')
export const clusterTrustBundlesAlpha = define(
  'v1alpha1',
  'certificates.k8s.io/v1alpha1 ClusterTrustBundle is deprecated in v1.34+, unavailable in v1.37+',
)
