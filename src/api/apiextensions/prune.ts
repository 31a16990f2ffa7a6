import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { isFree } from './embedded-objects.ts'

const typeFields = new Set(['apiVersion', 'kind', 'metadata'])

/**
 * Drops what the schema does not name, and nulls that it does not allow; changes `object` in place. Answers
 * the paths of what was dropped for being unknown (apiextensions-apiserver schema/pruning, schema/defaulting).
 */
export function prune(schema: JSONSchemaProps, object: JsonMap): string[] {
  const unknown: string[] = []
  pruneMap(schema, object, '', { unknown, isRoot: true })
  return unknown
}

interface Walk {
  readonly unknown: string[]
  readonly isRoot: boolean
  /** What a list keeps, the maps in it keep. */
  readonly keeps?: boolean
}

function pruneValue(schema: JSONSchemaProps, value: unknown, path: string, walk: Walk): void {
  const keeps = walk.keeps || schema['x-kubernetes-preserve-unknown-fields'] === true
  if (Array.isArray(value)) {
    const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
    if (!items) return
    for (const [index, item] of value.entries())
      pruneValue(items, item, `${path}[${index}]`, { ...walk, keeps })
  } else if (isMap(value)) {
    const isRoot = schema['x-kubernetes-embedded-resource'] === true
    pruneMap(schema, value, path, { ...walk, keeps, isRoot })
  }
}

function pruneMap(schema: JSONSchemaProps, object: JsonMap, path: string, walk: Walk): void {
  const { properties = {}, additionalProperties } = schema
  const keeps = walk.keeps || schema['x-kubernetes-preserve-unknown-fields'] || additionalProperties === true
  if (keeps && isFree(schema)) return
  const inner = { ...walk, isRoot: false, keeps: false }
  for (const key of Object.keys(object)) {
    if (walk.isRoot && typeFields.has(key)) continue
    const at = path === '' ? key : `${path}.${key}`
    const declared = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (declared) {
      if (object[key] === null && !declared.nullable) delete object[key]
      else pruneValue(declared, object[key], at, inner)
    } else if (typeof additionalProperties === 'object') {
      if (object[key] === null && !additionalProperties.nullable) delete object[key]
      else pruneValue(additionalProperties, object[key], at, inner)
    } else if (!keeps) {
      delete object[key]
      walk.unknown.push(at)
    }
  }
}

/** Drops nulls that the schema does not allow where it has a default for them, in place (schema/defaulting isNonNullableNull). */
export function dropDefaultedNulls(schema: JSONSchemaProps, value: unknown): void {
  if (Array.isArray(value)) {
    const items = Array.isArray(schema.items) ? schema.items[0] : schema.items
    if (items) for (const item of value) dropDefaultedNulls(items, item)
  } else if (isMap(value)) {
    const { properties = {}, additionalProperties } = schema
    for (const [key, member] of Object.entries(value)) {
      const others = typeof additionalProperties === 'object' ? additionalProperties : undefined
      const declared = Object.hasOwn(properties, key) ? properties[key] : others
      if (!declared) continue
      if (member !== null) dropDefaultedNulls(declared, member)
      else if (!declared.nullable && declared.default !== undefined) delete value[key]
    }
  }
}
