/** Rules of definitions (apiextensions-apiserver pkg/apis/apiextensions/validation). */
import { isConditionTrue } from '../../machinery/meta/conditions.ts'
import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { validateOneOf } from '../../machinery/validation/values.ts'
import { internalValue } from '../shared/internal-value.ts'
import { immutableField } from '../shared/same-field.ts'
import {
  caBundleFault,
  validateCaBundle,
  validateWebhookService,
  validateWebhookUrl,
} from '../shared/webhook-place.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  WebhookClientConfig,
} from '../types/apiextensions-v1.gen.ts'
import { approvalAnnotation, approvalOf } from './api-approval.ts'
import { type HoistedSpec, hoist } from './hoisted.ts'
import { shownSchema } from './schema-shown.ts'
import { validateShared, validateVersion } from './version-validation.ts'

/** Everything that needs no look at the old definition. */
export function validateDefinition(definition: CustomResourceDefinition, errors: FieldErrors): void {
  const { metadata, spec, status } = definition
  const name = metadata.name ?? ''
  // Of a stored definition neither part can change, and each says so itself.
  if (
    !metadata.resourceVersion &&
    name !== '' &&
    name !== `${spec.names?.plural ?? ''}.${spec.group ?? ''}`
  ) {
    errors.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')
  }
  const hoisted = hoist(spec)
  validateGroup(spec.group ?? '', errors)
  if (!spec.scope) errors.required('spec.scope')
  else validateOneOf(spec.scope, ['Cluster', 'Namespaced'], 'spec.scope', errors)
  validateVersions(spec, hoisted, errors)
  const names = spec.names ?? { plural: '', kind: '' }
  requireNames(names, errors)
  validateNames(names, 'spec.names', errors)
  const hasStatus = spec.versions?.some(({ subresources }) => subresources?.status !== undefined) ?? false
  validateShared(hoisted.shared, hasStatus, errors)
  validateConversion(spec, errors)
  if (status) validateStoredVersions(status.storedVersions ?? null, spec.versions ?? [], errors)
  if (spec.preserveUnknownFields) {
    const detail =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.invalid('spec.preserveUnknownFields', true, detail)
  }
}

/** A protected group says who approved its API, from the first time on. */
export function validateNewApproval({ metadata, spec }: CustomResourceDefinition, errors: FieldErrors): void {
  const approval = approvalOf(spec.group ?? '', metadata.annotations)
  const path = `metadata.annotations[${approvalAnnotation}]`
  if (approval?.state === 'missing') errors.required(path, approval.reason)
  if (approval?.state === 'invalid')
    errors.invalid(path, metadata.annotations?.[approvalAnnotation], approval.reason)
}

/** What lies in the store in a version has to be readable until nothing does any more. */
function validateStoredVersions(
  stored: readonly string[] | null,
  versions: readonly CustomResourceDefinitionVersion[],
  errors: FieldErrors,
): void {
  const path = 'status.storedVersions'
  if (!stored || stored.length === 0)
    return errors.invalid(path, stored, 'must have at least one stored version')
  const storage = versions.find(each => each.storage && !stored.includes(each.name))
  if (storage) errors.invalid(path, stored, `must have the storage version ${storage.name}`)
  stored.forEach((name, i) => {
    if (versions.some(each => each.name === name)) return
    const detail = `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
    errors.invalid(`${path}[${i}]`, name, detail)
  })
}

const specType = 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionSpec'
const namesType = 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionNames'

/** Group and plural never change; scope and kind stay once the definition is served. */
export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  before: CustomResourceDefinition,
  errors: FieldErrors,
): void {
  const { spec } = definition
  const { spec: old, status } = before
  if (isConditionTrue(status?.conditions, 'Established')) {
    immutableField(specType, 'scope', [spec, old], 'spec.scope', errors)
    immutableField(namesType, 'kind', [spec.names, old.names], 'spec.names.kind', errors)
    validateNewCaBundle(spec, old, errors)
  }
  immutableField(specType, 'group', [spec, old], 'spec.group', errors)
  immutableField(namesType, 'plural', [spec.names, old.names], 'spec.names.plural', errors)
  const stateOf = ({ spec: { group }, metadata }: CustomResourceDefinition) =>
    approvalOf(group, metadata.annotations)?.state
  if (stateOf(definition) !== stateOf(before)) validateNewApproval(definition, errors)
}

/** Of a definition that is served only a bundle that was wrong already may be wrong. */
function validateNewCaBundle(
  { conversion }: CustomResourceDefinitionSpec,
  { conversion: old }: CustomResourceDefinitionSpec,
  errors: FieldErrors,
): void {
  const bundle = conversion?.webhook?.clientConfig?.caBundle
  const before = old?.webhook?.clientConfig?.caBundle
  if (!bundle || (before && caBundleFault(before) !== undefined)) return
  validateCaBundle(bundle, 'spec.conversion.webhookClientConfig.caBundle', errors)
}

function validateGroup(group: string, errors: FieldErrors): void {
  const reasons = dns1123SubdomainErrors(group)
  if (!group) errors.required('spec.group')
  else if (reasons.length > 0) errors.invalid('spec.group', group, reasons.join(','))
  else if (!group.includes('.'))
    errors.invalid('spec.group', group, 'should be a domain with at least one dot')
}

const versionType = 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionVersion'

function shownVersion({ schema, ...version }: CustomResourceDefinitionVersion): unknown {
  const props = schema?.openAPIV3Schema
  const shown = internalValue(versionType, { deprecated: false, ...version }) as object
  return { ...shown, Schema: props ? { OpenAPIV3Schema: shownSchema(props) } : null }
}

function validateVersions(
  spec: CustomResourceDefinitionSpec,
  hoisted: HoistedSpec,
  errors: FieldErrors,
): void {
  const given = spec.versions ?? []
  given.forEach((version, i) => {
    if (!version.schema?.openAPIV3Schema) errors.required(`spec.versions[${i}].schema.openAPIV3Schema`)
  })
  hoisted.versions.forEach((version, i) => {
    const hasStatus = given[i]?.subresources?.status !== undefined
    validateVersion(version, { path: `spec.versions[${i}]`, hasStatus }, errors)
  })
  const shown = spec.versions ? hoisted.versions.map(shownVersion) : null
  if (new Set(given.map(({ name }) => name)).size < given.length) {
    errors.invalid('spec.versions', shown, 'must contain unique version names')
  }
  if (given.filter(({ storage }) => storage).length !== 1) {
    errors.invalid('spec.versions', shown, 'must have exactly one version marked as storage version')
  }
  const [first] = given
  const reasons = first ? dns1035LabelErrors(first.name ?? '') : []
  if (reasons.length > 0 && first?.name) errors.invalid('spec.version', first.name, reasons.join(','))
}

function requireNames(names: CustomResourceDefinitionNames, errors: FieldErrors): void {
  const { plural, singular, kind, listKind } = names
  for (const [field, value] of Object.entries({ plural, singular, kind, listKind }))
    if (!value) errors.required(`spec.names.${field}`)
}

function validateNames(names: CustomResourceDefinitionNames, path: string, errors: FieldErrors): void {
  const { plural, singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names
  validateLabels({ plural, singular }, path, errors)
  for (const [field, value] of Object.entries({ kind, listKind })) {
    const reasons = value ? dns1035LabelErrors(value.toLowerCase()) : []
    if (reasons.length === 0) continue
    const detail = `may have mixed case, but should otherwise match: ${reasons.join(',')}`
    errors.invalid(`${path}.${field}`, value, detail)
  }
  validateLabels(indexed('shortNames', shortNames), path, errors)
  if (kind && kind === listKind)
    errors.invalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same')
  validateLabels(indexed('categories', categories), path, errors)
}

function validateLabels(labels: Readonly<Record<string, string>>, path: string, errors: FieldErrors): void {
  for (const [field, value] of Object.entries(labels)) {
    const reasons = value ? dns1035LabelErrors(value) : []
    if (reasons.length > 0) errors.invalid(`${path}.${field}`, value, reasons.join(','))
  }
}

function indexed(field: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}[${i}]`, value]))
}

function validateConversion({ conversion }: CustomResourceDefinitionSpec, errors: FieldErrors): void {
  if (!conversion) return
  const { strategy, webhook } = conversion
  const path = 'spec.conversion'
  if (!strategy) errors.required(`${path}.strategy`)
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.notSupported(`${path}.strategy`, strategy, ['None', 'Webhook'])
  const reviewVersions = webhook?.conversionReviewVersions ?? []
  if (strategy === 'Webhook') {
    validateConversionPlace(webhook?.clientConfig, `${path}.webhookClientConfig`, errors)
    validateReviewVersions(reviewVersions, `${path}.conversionReviewVersions`, errors)
    return
  }
  const onlyWebhook = 'should not be set when strategy is not set to Webhook'
  if (webhook?.clientConfig) errors.forbidden(`${path}.webhookClientConfig`, onlyWebhook)
  if (reviewVersions.length > 0) errors.forbidden(`${path}.conversionReviewVersions`, onlyWebhook)
}

function validateConversionPlace(
  config: WebhookClientConfig | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (!config) return errors.required(path, 'required when strategy is set to Webhook')
  const { url, service } = config
  if ((url === undefined) === (service === undefined))
    return errors.required(path, 'exactly one of url or service is required')
  if (url !== undefined) return validateWebhookUrl(url, `${path}.url`, errors)
  validateWebhookService(service!, `${path}.service`, errors)
}

const knownReviewVersions = ['v1', 'v1beta1']

function validateReviewVersions(versions: readonly string[], path: string, errors: FieldErrors): void {
  if (versions.length === 0) return errors.required(path)
  versions.forEach((version, i) => {
    if (versions.indexOf(version) < i) errors.invalid(`${path}[${i}]`, version, 'duplicate version')
    else for (const reason of dns1035LabelErrors(version)) errors.invalid(`${path}[${i}]`, version, reason)
  })
  if (!versions.some(version => knownReviewVersions.includes(version)))
    errors.invalid(path, versions, `must include at least one of ${knownReviewVersions.join(', ')}`)
}
