/** Schemas of custom kinds in few words. */
export type Json = Record<string, unknown>

export const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
export const group = 'rules.example.org'
export const text = { type: 'string' }
export const integer = { type: 'integer' }
export const list = (items: Json, more: Json = {}): Json => ({ type: 'array', items, ...more })
export const map = (additionalProperties: Json, more: Json = {}): Json => ({
  type: 'object',
  additionalProperties,
  ...more,
})
export const object = (properties: Json, more: Json = {}): Json => ({ type: 'object', properties, ...more })
export const short = (maxLength: number): Json => ({ type: 'string', maxLength })
export const holds = (...rules: (string | Json)[]): Json => ({
  'x-kubernetes-validations': rules.map(rule => (typeof rule === 'string' ? { rule } : rule)),
})
export const unknown = { 'x-kubernetes-preserve-unknown-fields': true }
export const keyed = { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['k'] }

/** A definition of one kind with this schema. */
export function definition(plural: string, schema: Json): Json {
  const names = { plural, singular: plural, kind: plural.replace(/^./, first => first.toUpperCase()) }
  const version = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
  return {
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names, versions: [version] },
  }
}
