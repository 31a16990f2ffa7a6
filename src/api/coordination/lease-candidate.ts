import { qualifiedNameErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { configMapKeyErrors, validateOneOf } from '../../machinery/validation/values.ts'
import { defineResource } from '../define-resource.ts'
import { immutableField } from '../shared/same-field.ts'
import type { LeaseCandidate } from '../types/coordination-v1beta1.gen.ts'

const oldestEmulationVersion = 'OldestEmulationVersion'
const version =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?(\+[\dA-Za-z-]+(\.[\dA-Za-z-]+)*)?$/

/** Rules of candidates for coordinated leader election (pkg/apis/coordination/validation). */
function validate({ spec }: LeaseCandidate, errors: FieldErrors): void {
  const { leaseName = '', binaryVersion = '', emulationVersion = '', strategy = '' } = spec ?? {}
  if (!leaseName) errors.required('spec.leaseName')
  const isVersion = (text: string, path: string) => {
    const fits = version.test(text)
    if (!fits) errors.invalid(path, text, 'must be a valid semantic version')
    return fits
  }
  const emulated = emulationVersion !== '' && isVersion(emulationVersion, 'spec.emulationVersion')
  if (!binaryVersion) errors.required('spec.binaryVersion')
  else if (isVersion(binaryVersion, 'spec.binaryVersion') && emulated) {
    if (Bun.semver.order(binaryVersion, emulationVersion) < 0)
      errors.invalid(
        'spec.binaryVersion',
        binaryVersion,
        'must be greater than or equal to `emulationVersion`',
      )
  }
  if (!strategy) return errors.required('spec.strategy')
  if (strategy === oldestEmulationVersion && (!emulated || emulationVersion === '0.0.0'))
    errors.required('spec.emulationVersion', "must be specified when `strategy` is 'OldestEmulationVersion'")
  // Upstream names the field twice.
  const path = 'spec.strategy.strategy'
  if (strategy.includes('/')) invalidFor(errors, path, strategy, qualifiedNameErrors(strategy))
  else validateOneOf(strategy, [oldestEmulationVersion], path, errors)
}

const specType = 'k8s.io/api/coordination/v1beta1.LeaseCandidateSpec'

const define = (served: string, deprecation?: string) =>
  defineResource<LeaseCandidate>(`coordination.k8s.io/${served}`, 'LeaseCandidate', {
    ...(deprecation !== undefined && { deprecation }),
    strategy: {
      validateName: configMapKeyErrors,
      validate,
      validateUpdate: ({ spec }, old, errors) =>
        immutableField(specType, 'leaseName', [spec, old.spec], 'spec.leaseName', errors),
      allowCreateOnUpdate: true,
      allowUnconditionalUpdate: false,
    },
    cells: {
      LeaseName: ({ spec }) => spec?.leaseName ?? '',
      BinaryVersion: ({ spec }) => spec?.binaryVersion ?? '',
      EmulationVersion: ({ spec }) => spec?.emulationVersion ?? '',
    },
  })

export const leaseCandidates = define('v1beta1')
export const leaseCandidatesAlpha = define(
  'v1alpha2',
  'coordination.k8s.io/v1alpha2 LeaseCandidate is deprecated in v1.35+, unavailable in v1.38+',
)
