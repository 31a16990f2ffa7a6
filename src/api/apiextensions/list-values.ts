/** Items of lists that are sets or maps (apiextensions-apiserver schema/listtype). */
import { isMap, type JsonMap } from '../../machinery/meta/json.ts'
import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { itemsOf, someSchema } from './schema-walk.ts'

const withKeys = new WeakMap<JSONSchemaProps, boolean>()

function hasUniqueLists(schema: JSONSchemaProps): boolean {
  let has = withKeys.get(schema)
  if (has === undefined) {
    has = someSchema(schema, each => isUnique(each['x-kubernetes-list-type']))
    withKeys.set(schema, has)
  }
  return has
}

function isUnique(listType: string | undefined): boolean {
  return listType === 'set' || listType === 'map'
}

/** Sets have no equal items, maps no two with the same keys. */
export function validateListItems(
  schema: JSONSchemaProps,
  value: unknown,
  path: string,
  errors: FieldErrors,
): void {
  if (!hasUniqueLists(schema)) return
  if (Array.isArray(value)) {
    if (isUnique(schema['x-kubernetes-list-type'])) checkUnique(schema, value, path, errors)
    const items = itemsOf(schema)
    if (items)
      for (const [index, item] of value.entries()) validateListItems(items, item, `${path}[${index}]`, errors)
  } else if (isMap(value)) validateMembers(schema, value, path, errors)
}

function validateMembers(schema: JSONSchemaProps, value: JsonMap, path: string, errors: FieldErrors): void {
  const { properties = {}, additionalProperties } = schema
  for (const [name, member] of Object.entries(value)) {
    const declared = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    if (typeof declared === 'object')
      validateListItems(declared, member, path === '' ? name : `${path}.${name}`, errors)
  }
}

function checkUnique(
  schema: JSONSchemaProps,
  value: readonly unknown[],
  path: string,
  errors: FieldErrors,
): void {
  const isMapList = schema['x-kubernetes-list-type'] === 'map'
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const seen = new Set<string>()
  for (const [index, item] of value.entries()) {
    if (isMapList && !isMap(item)) {
      errors.invalid(`${path}[${index}]`, item, 'must be an object for an array of list-type map')
      continue
    }
    const key = isMapList ? Object.fromEntries(keys.map(name => [name, (item as JsonMap)[name]])) : item
    const text = JSON.stringify(key)
    if (seen.has(text)) errors.duplicate(`${path}[${index}]`, key)
    seen.add(text)
  }
}
