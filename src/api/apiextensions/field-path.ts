import type { JSONSchemaProps } from '../types/apiextensions-v1.gen.ts'

export type FoundField =
  | { readonly path: string; readonly schema: JSONSchemaProps }
  | { readonly fault: string }

const tokens = /'(?:\\.|[^'\\])*'|[.[\]]|[^.[\]']+/g
const nowhere = 'does not refer to a valid field'

/**
 * Follows `.spec.names['a b']` through a schema (schema/cel ValidFieldPath). `path` is how complaints about that field
 * begin, without the dot in front.
 */
export function findField(jsonPath: string, root: JSONSchemaProps, allowsArrays = true): FoundField {
  const words = jsonPath.match(tokens) ?? []
  let schema = root
  let path = ''
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!
    if (word !== '.' && word !== '[') return { fault: `expected [ or . but got: ${word}` }
    const isQuoted = word === '['
    if (isQuoted && !allowsArrays) return { fault: 'array notation is not allowed' }
    const next = words[++i]
    if (next === undefined) return { fault: 'unexpected end of JSON path' }
    if (isQuoted && !(next.length > 1 && next.startsWith("'") && next.endsWith("'")))
      return { fault: `expected single quoted string but got ${next}` }
    const name = isQuoted ? next.slice(1, -1).replace(/\\(.)/g, '$1') : next
    const { properties, additionalProperties } = schema
    const inner = properties ? properties[name] : additionalProperties
    if (typeof inner !== 'object') return { fault: nowhere }
    path += properties ? `${path === '' ? '' : '.'}${name}` : `[${name}]`
    schema = inner
    if (!isQuoted) continue
    const end = words[++i]
    if (end === undefined) return { fault: 'unexpected end of JSON path' }
    if (end !== ']') return { fault: `expected ] but got ${end}` }
  }
  return { path, schema }
}
