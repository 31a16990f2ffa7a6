/** Whole objects inside of custom ones (apiextensions-apiserver schema/objectmeta). */

import { conform, DecodeError } from '../../machinery/codec/index.ts'
import { fromApiVersion } from '../../machinery/meta/group.ts'
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import { dns1035LabelErrors, nameIsPathSegment } from '../../machinery/meta/names.ts'
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
    validateType(object, at, errors)
    const { metadata } = object
    if (!isMap(metadata)) return
    const rules = { namespaced: Boolean(metadata.namespace), validateName: nameIsPathSegment }
    const given = { ...metadata, name: metadata.name || 'unnamed' } as ObjectMeta
    validateObjectMeta(given, rules, `${at}.metadata`, errors)
  })
}

/** The first of these that a text is not. */
const typeFields: Readonly<Record<'apiVersion' | 'kind', (text: string) => string | undefined>> = {
  apiVersion: text => (fromApiVersion(text) ? undefined : `unexpected GroupVersion string: ${text}`),
  kind(text) {
    const reasons = dns1035LabelErrors(text.toLowerCase())
    return reasons.length === 0
      ? undefined
      : `may have mixed case, but should otherwise match: ${reasons.join(',')}`
  },
}
const typeNames = ['apiVersion', 'kind'] as const

function validateType(object: JsonMap, at: string, errors: FieldErrors): void {
  for (const name of typeNames) {
    const value = object[name]
    if (!Object.hasOwn(object, name)) errors.required(`${at}.${name}`)
    else if (typeof value !== 'string') errors.invalid(`${at}.${name}`, value, 'must be a string')
    else {
      const fault = value === '' ? 'must not be empty' : typeFields[name](value)
      if (fault !== undefined) errors.invalid(`${at}.${name}`, value, fault)
    }
  }
}

/** Reads the metadata of embedded resources as its type, in place; answers the paths of fields that it has not. */
export function coerceEmbedded(schema: JSONSchemaProps, value: unknown, typeText: string): string[] {
  const unknown: string[] = []
  visitEmbedded(schema, value, '', (object, at) => {
    const refuse = (name: string, reason: string) =>
      badRequest(`${typeText}: ${at}.${name}: Invalid value: ${JSON.stringify(object[name])}: ${reason}`)
    for (const name of typeNames)
      if (Object.hasOwn(object, name) && typeof object[name] !== 'string')
        throw refuse(name, 'must be a string')
    const { metadata } = object
    if (metadata === undefined) return
    const meta = metaSchema('ObjectMeta')
    try {
      object.metadata = conform(meta, metadata)
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error
      throw refuse('metadata', error.message)
    }
    if (!isMap(metadata)) return
    for (const name of Object.keys(metadata))
      if (!meta.fields.has(name)) unknown.push(`${at}.metadata.${name}`)
  })
  return unknown
}

/** Whether a schema of a map says nothing of any member: of free JSON there may be very much. */
export function isFree({ properties, additionalProperties }: JSONSchemaProps): boolean {
  return properties === undefined && typeof additionalProperties !== 'object'
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
  if (isFree(schema)) return
  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (property) visitEmbedded(property, item, path === '' ? key : `${path}.${key}`, visit)
    else if (typeof additionalProperties === 'object')
      visitEmbedded(additionalProperties, item, `${path}[${key}]`, visit)
  }
}
