/** Rules of one version of a definition, and of what all its versions share. */

import { dns1035LabelErrors } from '../../machinery/meta/names.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
  SelectableField,
} from '../types/apiextensions-v1.gen.ts'
import { type FoundField, findField } from './field-path.ts'
import type { HoistedSpec } from './hoisted.ts'
import { validateSchema } from './schema-validation.ts'
import { canBeStructural } from './structural-schema.ts'

const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']
const selectableFieldsMax = 8
const warningLengthMax = 256

interface VersionPlace {
  readonly path: string
  readonly hasStatus: boolean
}

/** What a version says for itself. */
export function validateVersion(
  version: CustomResourceDefinitionVersion,
  { path, hasStatus }: VersionPlace,
  errors: FieldErrors,
): void {
  const reasons = dns1035LabelErrors(version.name ?? '')
  if (reasons.length > 0) errors.invalid(`${path}.name`, version.name ?? '', reasons.join(','))
  validateDeprecation(version, `${path}.deprecationWarning`, errors)
  validateContents(version, { path, schema: `${path}.schema`, hasStatus }, errors)
}

/** What all versions say, which stands at the top. */
export function validateShared(shared: HoistedSpec['shared'], hasStatus: boolean, errors: FieldErrors): void {
  validateContents(shared, { path: 'spec', schema: 'spec.validation', hasStatus }, errors)
}

interface ContentsPlace extends VersionPlace {
  readonly schema: string
}

function validateContents(
  contents: HoistedSpec['shared'],
  { path, schema: schemaPath, hasStatus }: ContentsPlace,
  errors: FieldErrors,
): void {
  const schema = contents.schema?.openAPIV3Schema
  if (schema) validateSchema(schema, { path: schemaPath, hasStatus }, errors)
  const { subresources, additionalPrinterColumns = [], selectableFields = [] } = contents
  if (subresources?.scale) validateScale(subresources.scale, `${path}.subresources.scale`, errors)
  additionalPrinterColumns.forEach((column, i) => {
    validateColumn(column, `${path}.additionalPrinterColumns[${i}]`, errors)
  })
  if (selectableFields.length > 0)
    validateSelectable(selectableFields, schema, `${path}.selectableFields`, errors)
}

function validateDeprecation(
  { deprecated, deprecationWarning: text }: CustomResourceDefinitionVersion,
  path: string,
  errors: FieldErrors,
): void {
  if (text === undefined) return
  if (!deprecated) return errors.invalid(path, text, 'can only be set for deprecated versions')
  if (Buffer.byteLength(text) > warningLengthMax) errors.invalid(path, text, 'must be <= 256 characters long')
  if (text === '') errors.invalid(path, text, 'must not be an empty string')
  const found = text.search(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u)
  if (found < 0) return
  const index = Buffer.byteLength(text.slice(0, found))
  const detail = `must only contain printable UTF-8 characters; non-printable character found at index ${index}`
  errors.invalid(path, text, detail)
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

const selectableTypes = ['string', 'boolean', 'integer']
const selectableDetail =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'

function validateSelectable(
  fields: readonly SelectableField[],
  schema: JSONSchemaProps | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (!schema || !canBeStructural(schema)) return
  const unique = new Set<string>()
  for (const [i, { jsonPath }] of fields.entries()) {
    const at = `${path}[${i}].jsonPath`
    const found = jsonPath ? findField(jsonPath, schema, false) : undefined
    if (!found) errors.required(at)
    else if ('fault' in found) errors.invalid(at, jsonPath, `is an invalid path: ${found.fault}`)
    else validateFound(jsonPath, found, { at, unique }, errors)
  }
  if (unique.size > selectableFieldsMax) errors.tooMany(path, unique.size, selectableFieldsMax)
}

function validateFound(
  jsonPath: string,
  found: Exclude<FoundField, { fault: string }>,
  { at, unique }: { readonly at: string; readonly unique: Set<string> },
  errors: FieldErrors,
): void {
  if (found.path.split('.')[0] === 'metadata')
    errors.invalid(at, jsonPath, 'must not point to fields in metadata')
  if (!selectableTypes.includes(found.schema.type ?? '')) errors.invalid(at, jsonPath, selectableDetail)
  if (unique.has(found.path)) errors.duplicate(at, jsonPath)
  unique.add(found.path)
}
