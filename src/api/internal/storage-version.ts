import {
  dns1035LabelErrors,
  dns1123SubdomainErrors,
  nameIsDnsSubdomain,
  patternError,
  qualifiedNameErrors,
} from '../../machinery/meta/names.ts'
import { isGivenEmpty } from '../../machinery/schema/empties.ts'
import { firstFew, unset } from '../../machinery/table/cells.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { invalidFor } from '../../machinery/validation/field-errors.ts'
import { validateStandardFinalizers } from '../../machinery/validation/object-meta.ts'
import { defineResource } from '../define-resource.ts'
import type {
  ServerStorageVersion,
  StorageVersion,
  StorageVersionCondition,
  StorageVersionStatus,
} from '../types/internal-v1alpha1.gen.ts'

const shownMax = 3

/** `<group>.<resource>`. */
function nameErrors(name: string): readonly string[] {
  const dot = name.lastIndexOf('.')
  if (dot < 0) return ['name must be in the form of <group>.<resource>']
  return [
    ...dns1123SubdomainErrors(name.slice(0, dot)).map(text => `the group segment ${text}`),
    ...dns1035LabelErrors(name.slice(dot + 1)).map(text => `the resource segment ${text}`),
  ]
}

const versionRule = patternError(
  "a DNS-1035 label, which must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  '[a-z]([-a-z0-9]*[a-z0-9])?',
  ...['my-name', 'abc-123'],
)

/** Reasons why a text is no `group/version` or `version` (isValidAPIVersion). */
function apiVersionErrors(text: string): readonly string[] {
  const parts = text.split('/')
  if (parts.length > 2)
    return [
      `an apiVersion is ${versionRule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyVersion')`,
    ]
  const version = parts.at(-1)!
  const group = parts.length === 2 ? parts[0]! : undefined
  const empty = 'must be non-empty'
  const groupErrors = group === '' ? [empty] : group === undefined ? [] : dns1123SubdomainErrors(group)
  const versionErrors = version === '' ? [empty] : dns1035LabelErrors(version)
  return [
    ...groupErrors.map(each => `group part: ${each}`),
    ...versionErrors.map(each => `version part: ${each}`),
  ]
}

/** pkg/apis/apiserverinternal/validation validateStorageVersionStatus. */
function validateStatus({ status }: StorageVersion, errors: FieldErrors): void {
  const { storageVersions = [], conditions = [] } = status ?? {}
  storageVersions.forEach((version, i) => {
    const { apiServerID = '' } = version
    const path = `status.storageVersions[${i}]`
    if (storageVersions.findIndex(each => (each.apiServerID ?? '') === apiServerID) < i)
      errors.duplicate(`${path}.apiServerID`, apiServerID)
    validateVersion(version, path, errors)
  })
  validateCommon(status ?? {}, errors)
  validateConditions(conditions, errors)
}

function validateVersion(version: ServerStorageVersion, path: string, errors: FieldErrors): void {
  const { apiServerID = '', encodingVersion = '', decodableVersions = [], servedVersions = [] } = version
  const check = (text: string, at: string) => {
    const reasons = apiVersionErrors(text)
    if (reasons.length > 0) errors.invalid(at, text, reasons.join(','))
  }
  invalidFor(errors, `${path}.apiServerID`, apiServerID, nameIsDnsSubdomain(apiServerID, false))
  check(encodingVersion, `${path}.encodingVersion`)
  decodableVersions.forEach((each, i) => {
    check(each, `${path}.decodableVersions[${i}]`)
  })
  if (!decodableVersions.includes(encodingVersion)) {
    const text = `decodableVersions must include encodingVersion ${encodingVersion}`
    const shown = isGivenEmpty(version, 'decodableVersions') ? [] : (version.decodableVersions ?? null)
    errors.invalid(`${path}.decodableVersions`, shown, text)
  }
  servedVersions.forEach((each, i) => {
    const at = `${path}.servedVersions[${i}]`
    check(each, at)
    if (decodableVersions.includes(each)) return
    const text = `individual served version : ${each} must be included in decodableVersions : [${decodableVersions.join(' ')}]`
    errors.invalid(at, each, text)
  })
}

/** Undefined where servers write different versions, or none tells. */
function commonVersion(versions: readonly ServerStorageVersion[]): string | undefined {
  const [first, ...others] = versions.map(each => each.encodingVersion ?? '')
  return others.every(each => each === first) ? first : undefined
}

function validateCommon(
  { storageVersions = [], commonEncodingVersion: told }: StorageVersionStatus,
  errors: FieldErrors,
): void {
  const path = 'status.commonEncodingVersion'
  const common = commonVersion(storageVersions)
  if (common === told) return
  if (common === undefined) {
    const text =
      'should be nil if servers do not agree on the same encoding version, or if there is no server reporting the supported versions yet'
    return errors.invalid(path, told, text)
  }
  if (told === undefined) return errors.invalid(path, null, `the common encoding version is ${common}`)
  errors.invalid(path, told, `the actual common encoding version is ${common}`)
}

/** Upstream leaves `conditions` out of the paths. */
function validateConditions(conditions: readonly StorageVersionCondition[], errors: FieldErrors): void {
  const places = new Map<string, number>()
  conditions.forEach(({ type = '', status = '', reason, message }, i) => {
    const path = `status[${i}]`
    const other = places.get(type)
    if (other !== undefined) {
      const text = `the type of the condition is not unique, it also appears in conditions[${other}]`
      errors.invalid(`${path}.type`, type, text)
    }
    places.set(type, i)
    invalidFor(errors, `${path}.type`, type, qualifiedNameErrors(type))
    invalidFor(errors, `${path}.status`, status, qualifiedNameErrors(status))
    if (!reason) errors.required(`${path}.reason`)
    if (!message) errors.required(`${path}.message`)
  })
}

/** In which version servers store a resource, as far as they tell. Only its status says anything. */
export const storageVersions = defineResource<StorageVersion>(
  'internal.apiserver.k8s.io/v1alpha1',
  'StorageVersion',
  {
    strategy: {
      allowUnconditionalUpdate: false,
      standardFinalizers: false,
      validateName: nameErrors,
      validate(version, errors) {
        // Of a new one alone.
        validateStandardFinalizers(version.metadata, 'metadata.finalizers', errors)
        validateStatus(version, errors)
      },
      validatesOnceOnly: true,
    },
    subresources: { status: { keepsMetadata: true, strategy: { validate: validateStatus } } },
    cells: {
      CommonEncodingVersion: ({ status }) => status?.commonEncodingVersion ?? unset,
      StorageVersions({ status }) {
        const shown = (status?.storageVersions ?? []).map(
          each => `${each.apiServerID ?? ''}=${each.encodingVersion ?? ''}`,
        )
        return firstFew(shown, shownMax, unset)
      },
    },
  },
)
