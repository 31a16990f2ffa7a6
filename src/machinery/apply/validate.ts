/** Whether a configuration fits its schema, with the complaints of structured-merge-diff's typed validation. */
import { isNumber } from '../../std/exact-json.ts'
import type { JsonMap } from '../meta/json.ts'
import { formatGoSyntax, formatGoValue, isMap } from '../meta/json.ts'
import type { ListSchema, ScalarKind, Schema } from '../schema/schema.ts'
import { ElementError, formatElement, itemElement } from './path-element.ts'
import { memberSchema } from './typed.ts'

/** Complaints as `.spec.x: text`; empty when the configuration can be applied. */
export function configErrors(schema: Schema, config: JsonMap): string[] {
  return valueErrors(schema, config, '', false)
}

/** One complaint alone, several under a heading, as upstream prints them. */
export function formatConfigErrors(errors: readonly string[]): string {
  return errors.length === 1 ? errors[0]! : ['errors:', ...errors.map(error => `  ${error}`)].join('\n')
}

/** `isFree`: an object around it keeps what it does not know. */
function valueErrors(schema: Schema, value: unknown, path: string, isFree: boolean): string[] {
  if (value === null) return []
  switch (schema.kind) {
    case 'object':
    case 'map':
      return isMap(value)
        ? memberErrors(schema, value, path, isFree)
        : [complaint(path, `expected map, got &{${formatGoValue(value)}}`)]
    case 'list':
      if (!Array.isArray(value)) return [complaint(path, `expected list, got &{${formatGoValue(value)}}`)]
      return listErrors(schema, value, path, isFree)
    default:
      return scalarErrors(schema.kind, value, path)
  }
}

function memberErrors(schema: Schema, map: JsonMap, path: string, isFree: boolean): string[] {
  const errors: string[] = []
  const isFreeBelow = isFree || (schema.kind === 'object' && schema.preserveUnknown === true)
  // What tells of no member at all takes any, as OpenAPI has it.
  const takesAny = isFreeBelow || schema.kind !== 'object' || schema.fields.size === 0
  for (const key of Object.keys(map)) {
    const below = `${path}.${key}`
    const known = takesAny || schema.fields.has(key)
    if (!known) return [...errors, complaint(below, 'field not declared in schema')]
    errors.push(...valueErrors(memberSchema(schema, key), map[key], below, isFreeBelow))
  }
  return errors
}

function listErrors(schema: ListSchema, list: unknown[], path: string, isFree: boolean): string[] {
  const errors: string[] = []
  const seen = new Set<string>()
  for (const [index, item] of list.entries()) {
    let element = `i:${index}`
    if (schema.listType !== 'atomic') {
      try {
        element = itemElement(schema, item)
      } catch (error) {
        if (!(error instanceof ElementError)) throw error
        return [...errors, complaint(path, `element ${index}: ${error.message}`)]
      }
      if (seen.has(element))
        errors.push(complaint(path, `duplicate entries for key ${formatElement(element)}`))
      seen.add(element)
    }
    errors.push(...valueErrors(schema.items, item, `${path}${formatElement(element)}`, isFree))
  }
  return errors
}

const numeric: ReadonlySet<ScalarKind> = new Set(['int32', 'int64', 'uint32', 'uint64', 'double'])
/** What is an integer or a text has no type in what is published of it: its own reader judges it. */
const untyped: ReadonlySet<ScalarKind> = new Set(['quantity', 'time', 'microTime'])

function scalarErrors(kind: ScalarKind, value: unknown, path: string): string[] {
  if (numeric.has(kind)) {
    if (isNumber(value)) return []
    return [complaint(path, `expected numeric (int or float), got ${goTypeOf(value)}`)]
  }
  if (kind === 'bool') {
    return typeof value === 'boolean'
      ? []
      : [complaint(path, `expected boolean, got &{${formatGoValue(value)}}`)]
  }
  if (kind === 'string' || kind === 'bytes' || kind === 'duration') {
    if (typeof value === 'string') return []
    return [complaint(path, `expected string, got &value.valueUnstructured{Value:${formatGoSyntax(value)}}`)]
  }
  const wrong = untyped.has(kind) && typeof value === 'object'
  return wrong ? [complaint(path, `expected any scalar, got &{${formatGoValue(value)}}`)] : []
}

function goTypeOf(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (isMap(value)) return 'map[string]interface {}'
  return typeof value === 'boolean' ? 'bool' : 'string'
}

function complaint(path: string, text: string): string {
  return path === '' ? text : `${path}: ${text}`
}
