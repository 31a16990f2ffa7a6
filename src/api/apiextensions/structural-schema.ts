/** What makes a schema structural (apiextensions-apiserver pkg/apiserver/schema): every node says its type. */
import { compile } from '../../machinery/cel/compile.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps, ValidationRule } from '../types/apiextensions-v1.gen.ts'

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']

/** The schema of a custom resource: an object at the root, structural below. */
export function validateStructuralSchema(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  if (schema.type && schema.type !== 'object') {
    errors.invalid(`${path}.type`, schema.type, 'must be object at the root')
  } else {
    if (schema.nullable) errors.forbidden(`${path}.nullable`, 'nullable cannot be true at the root')
    validateNode(schema, path, true, errors)
  }
}

function validateNode(schema: JSONSchemaProps, path: string, isRoot: boolean, errors: FieldErrors): void {
  const { type = '' } = schema
  const isFree = schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  if (!type && !isFree) {
    const where = isRoot ? 'at the root' : 'for specified object fields'
    errors.required(`${path}.type`, `must not be empty ${where}`)
  } else if (type && !types.includes(type)) errors.notSupported(`${path}.type`, type, types)
  if (schema.properties && schema.additionalProperties) {
    errors.forbidden(
      `${path}.additionalProperties`,
      'additionalProperties and properties are mutual exclusive',
    )
  }
  validateListType(schema, path, errors)
  validateUnsupported(schema, path, errors)
  schema['x-kubernetes-validations']?.forEach((rule, index) => {
    validateRule(rule, `${path}.x-kubernetes-validations[${index}]`, errors)
  })
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    // Metadata is always there, and its own schema wins.
    if (isRoot && name === 'metadata') continue
    validateNode(property, `${path}.properties[${name}]`, false, errors)
  }
  const { items, additionalProperties } = schema
  if (Array.isArray(items))
    errors.forbidden(`${path}.items`, 'items must be a schema object and not an array')
  else if (items) validateNode(items as JSONSchemaProps, `${path}.items`, false, errors)
  else if (type === 'array') errors.required(`${path}.items`, 'must be specified')
  if (typeof additionalProperties === 'object') {
    validateNode(additionalProperties, `${path}.additionalProperties`, false, errors)
  }
}

/** What a schema may not hold at all, and patterns that are none. */
function validateUnsupported(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  for (const field of [
    '$ref',
    'definitions',
    'dependencies',
    'patternProperties',
    'additionalItems',
  ] as const) {
    if (schema[field] !== undefined) errors.forbidden(`${path}.${field}`, `${field} is not supported`)
  }
  if (schema.uniqueItems) {
    const detail = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    errors.forbidden(`${path}.uniqueItems`, detail)
  }
  if (schema.pattern !== undefined && !isPattern(schema.pattern))
    errors.invalid(`${path}.pattern`, schema.pattern, 'must be a valid regular expression')
  if (schema['x-kubernetes-list-type'] !== undefined && schema.type && schema.type !== 'array') {
    errors.invalid(`${path}.type`, schema.type, 'must be array if x-kubernetes-list-type is specified')
  }
}

/** Whether the validator of objects can run it. */
function isPattern(pattern: string): boolean {
  try {
    return new RegExp(pattern.replace(/^\(\?[ims]+\)/, ''), 'u') !== undefined
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function validateListType(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set'])
  }
  if (listType === 'map' && keys.length === 0) {
    errors.required(
      `${path}.x-kubernetes-list-map-keys`,
      'must not be empty if x-kubernetes-list-type is map',
    )
  }
  if (listType !== 'map' || Array.isArray(schema.items)) return
  const { properties = {}, required = [] } = (schema.items ?? {}) as JSONSchemaProps
  for (const key of keys) {
    if (!properties[key] || properties[key].default !== undefined || required.includes(key)) continue
    const detail =
      'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property'
    errors.required(`${path}.items.properties[${key}].default`, detail)
  }
}

const reasons = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired']

/** A rule that does not compile is refused here, so that none is ever passed over later. */
function validateRule(rule: ValidationRule, path: string, errors: FieldErrors): void {
  const { rule: text = '', message = '', messageExpression = '', reason, fieldPath, optionalOldSelf } = rule
  if (text.trim() === '') {
    errors.required(`${path}.rule`, 'rule is not specified')
    return
  }
  if (message && message.trim() === '')
    errors.invalid(`${path}.message`, message, 'must be non-empty if specified')
  else if (/[\r\n]/.test(message.trim()))
    errors.invalid(`${path}.message`, message, 'must not contain line breaks')
  else if (/[\r\n]/.test(text.trim()) && !message)
    errors.required(`${path}.message`, 'message must be specified if rule contains line breaks')
  if (messageExpression && messageExpression.trim() === '')
    errors.required(`${path}.messageExpression`, 'messageExpression must be non-empty if specified')
  if (reason !== undefined && !reasons.includes(reason))
    errors.notSupported(`${path}.reason`, reason, reasons)
  if (fieldPath?.trim() === '' && fieldPath !== '')
    errors.invalid(`${path}.fieldPath`, fieldPath, 'must be non-empty if specified')
  const compiled = compile(text, 'bool')
  if ('fault' in compiled) errors.invalid(`${path}.rule`, shownRule(rule), compiled.fault)
  else if (optionalOldSelf !== undefined && !compiled.usesOldSelf) {
    const detail = 'may not be set if oldSelf is not used in rule'
    errors.invalid(`${path}.optionalOldSelf`, optionalOldSelf, detail)
  }
  const said = messageExpression.trim() === '' ? undefined : compile(messageExpression, 'string')
  if (said && 'fault' in said) {
    const fault = said.fault.replace(/^compilation failed/, 'messageExpression compilation failed')
    errors.invalid(`${path}.messageExpression`, shownRule(rule), fault)
  }
}

/** Upstream shows the rule in its internal form, every field of it. */
function shownRule(rule: ValidationRule): unknown {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}
