import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'

/** The schemas right below one, whatever the keyword that holds them. */
export function subschemas(schema: JSONSchemaProps): JSONSchemaProps[] {
  const { items, properties, additionalProperties, patternProperties, additionalItems } = schema
  const { definitions, dependencies, allOf, anyOf, oneOf, not } = schema
  const several = [items ?? [], allOf ?? [], anyOf ?? [], oneOf ?? []].flat() as JSONSchemaProps[]
  const named = [properties, patternProperties, definitions, dependencies].flatMap(each =>
    Object.values(each ?? {}),
  )
  const single = [not, additionalProperties, additionalItems]
  return [...several, ...named, ...single].filter(
    (each): each is JSONSchemaProps => typeof each === 'object' && !Array.isArray(each),
  )
}

/** Calls `visit` for a schema and for all below it. */
export function visitSchemas(schema: JSONSchemaProps, visit: (schema: JSONSchemaProps) => void): void {
  visit(schema)
  for (const below of subschemas(schema)) visitSchemas(below, visit)
}

/** Whether any schema, this one or one below it, is such. */
export function someSchema(schema: JSONSchemaProps, is: (schema: JSONSchemaProps) => boolean): boolean {
  return is(schema) || subschemas(schema).some(below => someSchema(below, is))
}

/** `items` as a single schema. */
export function itemsOf({ items }: JSONSchemaProps): JSONSchemaProps | undefined {
  return Array.isArray(items) ? undefined : items
}
