import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { itemsOf } from './schema-walk.ts'

const known = ['atomic', 'set', 'map']

/** Rules of `x-kubernetes-list-type` and `x-kubernetes-list-map-keys`. */
export function validateListType(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const at = `${path}.x-kubernetes-list-type`
  if (listType !== undefined && schema.type !== 'array') {
    const detail = 'must be array if x-kubernetes-list-type is specified'
    if (!schema.type) errors.required(`${path}.type`, detail)
    else errors.invalid(`${path}.type`, schema.type, detail)
  } else if (listType === 'set') validateSetItems(itemsOf(schema), `${path}.items`, errors)
  if (listType !== undefined && !known.includes(listType)) errors.notSupported(at, listType, known)
  if (keys.length > 0 && listType !== 'map') {
    const detail = 'must be map if x-kubernetes-list-map-keys is non-empty'
    if (listType === undefined) errors.required(at, detail)
    else errors.invalid(at, listType, detail)
  }
  if (listType === 'map') validateMapItems(schema, keys, path, errors)
  const items = itemsOf(schema)
  if (items && (listType === 'set' || listType === 'map')) {
    if (items.nullable)
      errors.forbidden(
        `${path}.items.nullable`,
        `cannot be nullable when x-kubernetes-list-type is ${listType}`,
      )
    if (listType === 'map') validateKeys(items, keys, path, errors)
  }
}

/** Only whole values can be members of a set. */
function validateSetItems(items: JSONSchemaProps | undefined, path: string, errors: FieldErrors): void {
  if (!items) return
  const detail = 'must be atomic as item of a list with x-kubernetes-list-type=set'
  const listType = items['x-kubernetes-list-type']
  if (items.type === 'array' && listType !== undefined && listType !== 'atomic')
    errors.invalid(`${path}.x-kubernetes-list-type`, listType, detail)
  if (items.type === 'object' && items['x-kubernetes-map-type'] !== 'atomic')
    errors.invalid(`${path}.x-kubernetes-map-type`, listType ?? null, detail)
}

function validateMapItems(
  schema: JSONSchemaProps,
  keys: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  const parent = "if parent array's x-kubernetes-list-type is map"
  const at = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) errors.required(at, 'must not be empty if x-kubernetes-list-type is map')
  if (schema.items === undefined)
    errors.required(`${path}.items`, 'must have a schema if x-kubernetes-list-type is map')
  const items = itemsOf(schema)
  if (!items) return
  if (items.type !== 'object') {
    errors.invalid(`${path}.items.type`, items.type ?? '', `must be object ${parent}`)
    return
  }
  keys.forEach((key, i) => {
    const property = items.properties?.[key]
    if (!property) errors.invalid(at, keys, 'entries must all be names of item properties')
    else if (property.type === 'array' || property.type === 'object')
      errors.invalid(`${path}.items.properties[${key}].type`, items.type, `must be a scalar type ${parent}`)
    if (keys.indexOf(key) < i) errors.invalid(at, keys, 'must not contain duplicate entries')
  })
}

/** An item is found by its keys, so each has them. */
function validateKeys(
  { properties = {}, required = [] }: JSONSchemaProps,
  keys: readonly string[],
  path: string,
  errors: FieldErrors,
): void {
  const which = 'this property is in x-kubernetes-list-map-keys, so it'
  for (const key of keys) {
    const property = properties[key]
    if (!property) continue
    const at = `${path}.items.properties[${key}]`
    if (!required.includes(key) && property.default === undefined)
      errors.required(`${at}.default`, `${which} must have a default or be a required property`)
    if (property.nullable) errors.forbidden(`${at}.nullable`, `${which} cannot be nullable`)
  }
}
