/** Rules of definitions (apiextensions-apiserver pkg/apis/apiextensions/validation). */
import { dns1035LabelErrors, dns1123SubdomainErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { immutable, validateOneOf } from '../../machinery/validation/values.ts'
import { internalValue } from '../shared/internal-value.ts'
import {
  caBundleFault,
  validateCaBundle,
  validateWebhookService,
  validateWebhookUrl,
} from '../shared/webhook-place.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  WebhookClientConfig,
} from '../types/apiextensions-v1.gen.ts'
import { validateStructuralSchema } from './structural-schema.ts'

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const versionType = 'k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1.CustomResourceDefinitionVersion'
const approvedAnnotation = 'api-approved.kubernetes.io'

/** Everything that needs no look at the old definition. */
export function validateDefinition(definition: CustomResourceDefinition, errors: FieldErrors): void {
  const { metadata, spec } = definition
  const name = metadata.name ?? ''
  // Of a stored definition neither part can change, and each says so itself.
  if (!metadata.resourceVersion && name !== `${spec.names?.plural}.${spec.group}`) {
    errors.invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group')
  }
  validateGroup(spec.group ?? '', errors)
  if (!spec.scope) errors.required('spec.scope')
  else validateOneOf(spec.scope, ['Cluster', 'Namespaced'], 'spec.scope', errors)
  validateVersions(spec, errors)
  validateNames(spec.names ?? { plural: '', kind: '' }, errors)
  if (isSingle(spec)) validateVersion(spec.versions[0]!, 'spec', 'validation', errors)
  validateConversion(spec, errors)
  if (!spec.versions?.some(({ storage }) => storage)) {
    errors.invalid('status.storedVersions', null, 'must have at least one stored version')
  }
  const { annotations = {} } = metadata
  if (/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group ?? '') && !annotations[approvedAnnotation]) {
    const detail =
      'protected groups must have approval annotation "api-approved.kubernetes.io", see https://github.com/kubernetes/enhancements/pull/1111'
    errors.required(`metadata.annotations[${approvedAnnotation}]`, detail)
  }
  if (spec.preserveUnknownFields) {
    const detail =
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead'
    errors.invalid('spec.preserveUnknownFields', true, detail)
  }
}

/** Group and plural never change; scope and kind stay once the definition is served. */
export function validateDefinitionUpdate(
  { spec }: CustomResourceDefinition,
  { spec: old, status }: CustomResourceDefinition,
  errors: FieldErrors,
): void {
  if (status?.conditions?.some(({ type, status: holds }) => type === 'Established' && holds === 'True')) {
    immutable(spec.scope, old.scope, 'spec.scope', errors)
    immutable(spec.names.kind, old.names.kind, 'spec.names.kind', errors)
    validateNewCaBundle(spec, old, errors)
  }
  immutable(spec.group, old.group, 'spec.group', errors)
  immutable(spec.names.plural, old.names.plural, 'spec.names.plural', errors)
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

/**
 * Upstream holds a definition of one version as the first release of the API did, with schema, subresources and
 * columns at the top, and its complaints name those places.
 */
const isSingle = ({ versions = [] }: CustomResourceDefinitionSpec) => versions.length === 1

function validateVersions(spec: CustomResourceDefinitionSpec, errors: FieldErrors): void {
  const { versions = [] } = spec
  versions.forEach((version, i) => {
    if (!version.schema?.openAPIV3Schema) errors.required(`spec.versions[${i}].schema.openAPIV3Schema`)
  })
  versions.forEach((version, i) => {
    validateVersionName(version, `spec.versions[${i}]`, errors)
    if (!isSingle(spec)) validateVersion(version, `spec.versions[${i}]`, 'schema', errors)
  })
  const shown = versions.map(version => shownVersion(version, isSingle(spec)))
  if (new Set(versions.map(({ name }) => name)).size < versions.length) {
    errors.invalid('spec.versions', shown, 'must contain unique version names')
  }
  if (versions.filter(({ storage }) => storage).length !== 1) {
    errors.invalid('spec.versions', shown, 'must have exactly one version marked as storage version')
  }
  const [first] = versions
  const reasons = first ? dns1035LabelErrors(first.name ?? '') : []
  if (reasons.length > 0) errors.invalid('spec.version', first?.name, reasons.join(','))
}

function shownVersion(version: CustomResourceDefinitionVersion, isBare: boolean): unknown {
  const { name, served, storage, deprecated = false, deprecationWarning } = version
  const bare = {
    name,
    served,
    storage,
    deprecated,
    ...(deprecationWarning !== undefined && { deprecationWarning }),
  }
  return internalValue(versionType, isBare ? bare : version)
}

function validateVersionName(
  version: CustomResourceDefinitionVersion,
  path: string,
  errors: FieldErrors,
): void {
  const reasons = dns1035LabelErrors(version.name ?? '')
  if (reasons.length > 0) errors.invalid(`${path}.name`, version.name, reasons.join(','))
  if (version.deprecationWarning !== undefined && !version.deprecated) {
    errors.invalid(
      `${path}.deprecationWarning`,
      version.deprecationWarning,
      'can only be set for deprecated versions',
    )
  }
}

function validateVersion(
  version: CustomResourceDefinitionVersion,
  path: string,
  schemaField: string,
  errors: FieldErrors,
): void {
  const schema = version.schema?.openAPIV3Schema
  if (schema) validateStructuralSchema(schema, `${path}.${schemaField}.openAPIV3Schema`, errors)
  if (version.subresources?.scale)
    validateScale(version.subresources.scale, `${path}.subresources.scale`, errors)
  version.additionalPrinterColumns?.forEach((column, i) => {
    validateColumn(column, `${path}.additionalPrinterColumns[${i}]`, errors)
  })
}

function validateScale(scale: CustomResourceSubresourceScale, path: string, errors: FieldErrors): void {
  const { specReplicasPath = '', statusReplicasPath = '', labelSelectorPath = '' } = scale
  validateScalePath(specReplicasPath, `${path}.specReplicasPath`, ['.spec.'], errors)
  validateScalePath(statusReplicasPath, `${path}.statusReplicasPath`, ['.status.'], errors)
  if (labelSelectorPath)
    validateScalePath(labelSelectorPath, `${path}.labelSelectorPath`, ['.spec.', '.status.'], errors)
}

function validateScalePath(value: string, path: string, roots: readonly string[], errors: FieldErrors): void {
  if (!value) errors.required(path)
  else if (!value.startsWith('.')) errors.invalid(path, value, 'must be a simple json path starting with .')
  else if (!roots.some(root => value.startsWith(root))) {
    const names = roots.map(root => root.slice(0, -1)).join(' or ')
    errors.invalid(path, value, `should be a json path under ${roots.length > 1 ? 'either ' : ''}${names}`)
  }
}

function validateColumn(column: CustomResourceColumnDefinition, path: string, errors: FieldErrors): void {
  const { name, type, format, jsonPath } = column
  const typeDetail = `must be one of ${columnTypes.join(',')}`
  if (!name) errors.required(`${path}.name`)
  if (!type) errors.required(`${path}.type`, typeDetail)
  else if (!columnTypes.includes(type)) errors.invalid(`${path}.type`, type, typeDetail)
  if (format && !columnFormats.includes(format)) {
    errors.invalid(`${path}.format`, format, `must be one of ${columnFormats.join(',')}`)
  }
  if (!jsonPath) errors.required(`${path}.JSONPath`)
  else if (!jsonPath.startsWith('.')) {
    errors.invalid(`${path}.JSONPath`, jsonPath, 'must be a simple json path starting with .')
  }
}

function validateNames(names: CustomResourceDefinitionNames, errors: FieldErrors): void {
  const { plural, singular = '', kind, listKind = '', shortNames = [], categories = [] } = names
  for (const [field, value] of Object.entries({ plural, singular, kind, listKind })) {
    if (!value) errors.required(`spec.names.${field}`)
  }
  validateLabelNames({ plural, singular }, errors)
  for (const [field, value] of Object.entries({ kind, listKind })) {
    const reasons = value ? dns1035LabelErrors(value.toLowerCase()) : []
    if (reasons.length > 0) {
      const detail = `may have mixed case, but should otherwise match: ${reasons.join(',')}`
      errors.invalid(`spec.names.${field}`, value, detail)
    }
  }
  validateLabelNames(indexed('shortNames', shortNames), errors)
  if (kind && kind === listKind) {
    errors.invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same')
  }
  validateLabelNames(indexed('categories', categories), errors)
}

function validateLabelNames(labels: Readonly<Record<string, string>>, errors: FieldErrors): void {
  for (const [field, value] of Object.entries(labels)) {
    const reasons = value ? dns1035LabelErrors(value) : []
    if (reasons.length > 0) errors.invalid(`spec.names.${field}`, value, reasons.join(','))
  }
}

function indexed(field: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, i) => [`${field}[${i}]`, value]))
}

function validateConversion(
  { conversion }: CustomResourceDefinitionSpec,
  errors: FieldErrors,
): void {
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
  // Upstream passes name and namespace in the other's place, and its complaints say so.
  const { name, namespace, ...place } = service!
  validateWebhookService({ ...place, name: namespace, namespace: name }, `${path}.service`, errors)
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
