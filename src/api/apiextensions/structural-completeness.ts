import type { FieldErrors } from '../../machinery/validation/field-error.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'
import { itemsOf } from './schema-walk.ts'

interface Paths {
  /** Where the structure should say it. */
  readonly structure: string
  /** Where it is said. */
  readonly value: string
}

/** Whatever a junctor says about a field or an item must be declared outside of junctors, too. */
export function validateCompleteness(schema: JSONSchemaProps, path: string, errors: FieldErrors): void {
  validateJunctors(schema, schema, { structure: path, value: path }, errors)
}

function validateJunctors(
  { not, allOf = [], anyOf = [], oneOf = [] }: JSONSchemaProps,
  structure: JSONSchemaProps | undefined,
  paths: Paths,
  errors: FieldErrors,
): void {
  const below = (value: JSONSchemaProps, place: string) =>
    validateNested(value, structure, { ...paths, value: `${paths.value}.${place}` }, errors)
  if (not) below(not, 'not')
  for (const [i, each] of allOf.entries()) below(each, `allOf[${i}]`)
  for (const [i, each] of anyOf.entries()) below(each, `anyOf[${i}]`)
  for (const [i, each] of oneOf.entries()) below(each, `oneOf[${i}]`)
}

function validateNested(
  value: JSONSchemaProps,
  structure: JSONSchemaProps | undefined,
  paths: Paths,
  errors: FieldErrors,
): void {
  if (!structure) {
    errors.required(paths.structure, `because it is defined in ${paths.value}`)
    return
  }
  validateJunctors(value, structure, paths, errors)
  const into = (place: string): Paths => ({
    structure: `${paths.structure}.${place}`,
    value: `${paths.value}.${place}`,
  })
  const items = itemsOf(value)
  if (items) validateNested(items, itemsOf(structure), into('items'), errors)
  for (const [name, property] of Object.entries(value.properties ?? {}))
    validateNested(property, structure.properties?.[name], into(`properties[${name}]`), errors)
}
