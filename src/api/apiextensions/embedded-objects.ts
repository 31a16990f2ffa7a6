/** Whole objects inside of custom ones (apiextensions-apiserver schema/objectmeta). */

import { conform, DecodeError } from '../../machinery/codec/index.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import { dns1035LabelErrors } from '../../machinery/meta/names.ts'
import type { ObjectMeta } from '../../machinery/meta/object.ts'
import { badRequest } from '../../machinery/status/errors.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import { validateObjectMeta } from '../../machinery/validation/object-meta.ts'
import { metaSchema } from '../schema/meta-schema.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'

/** Checks type and metadata of every embedded resource below `schema`. */
export function validateEmbedded(
  schema: JSONSchemaProps,
  value: unknown,
  path: string,
  errors: FieldErrors,
): void {
  visitEmbedded(schema, value, path, (object, at) => {
    const { apiVersion, kind, metadata } = object
    if (!apiVersion) errors.required(`${at}.apiVersion`)
    else if (!fromApiVersion(String(apiVersion)))
      errors.invalid(`${at}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${String(apiVersion)}`)
    if (!kind) errors.required(`${at}.kind`)
    else {
      const reasons = dns1035LabelErrors(String(kind).toLowerCase())
      const detail = `may have mixed case, but should otherwise match: ${reasons.join(',')}`
      if (reasons.length > 0) errors.invalid(`${at}.kind`, kind, detail)
    }
    if (!isMap(metadata)) return
    const rules = { namespaced: metadata.namespace !== undefined, validateName: () => [] }
    const given = { name: 'unnamed', ...metadata } as ObjectMeta
    validateObjectMeta(given, rules, `${at}.metadata`, errors)
  })
}

/** Reads the metadata of embedded resources as its type, in place; answers the paths of fields that it has not. */
export function coerceEmbedded(schema: JSONSchemaProps, value: unknown, typeText: string): string[] {
  const unknown: string[] = []
  visitEmbedded(schema, value, '', (object, at) => {
    const { metadata } = object
    if (metadata === undefined) return
    const meta = metaSchema('ObjectMeta')
    try {
      object.metadata = conform(meta, metadata)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      const shown = JSON.stringify(metadata)
      throw badRequest(`${typeText}: ${at}.metadata: Invalid value: ${shown}: ${error.message}`)
    }
    if (!isMap(metadata)) return
    for (const name of Object.keys(metadata))
      if (!meta.fields.has(name)) unknown.push(`${at}.metadata.${name}`)
  })
  return unknown
}

type Visit = (object: JsonMap, path: string) => void

function visitEmbedded(schema: JSONSchemaProps, value: unknown, path: string, visit: Visit): void {
  if (Array.isArray(value)) {
    const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
    if (items)
      for (const [index, item] of value.entries()) visitEmbedded(items, item, `${path}[${index}]`, visit)
    return
  }
  if (!isMap(value)) return
  if (schema['x-kubernetes-embedded-resource']) visit(value, path)
  const { properties = {}, additionalProperties } = schema
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(properties, key) ? properties[key] : additionalProperties
    if (typeof inner === 'object') visitEmbedded(inner, item, path === '' ? key : `${path}.${key}`, visit)
  }
}
