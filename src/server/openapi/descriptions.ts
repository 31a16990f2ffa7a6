import type { JsonSchema } from './schema-json.ts'

/** Upstream's words, taken from its published documents when a release is built; see `scripts/descriptions.ts`. */
export interface Descriptions {
  /** By definition and field; the definition's own under `''`. */
  readonly types: Readonly<Record<string, Readonly<Record<string, string>>>>
  readonly parameters: Readonly<Record<string, string>>
}

/** Fills in what is known about the definitions and parameters of a document; changes it in place. */
export function describeDocument(
  document: JsonSchema,
  schemas: { [name: string]: JsonSchema },
  descriptions: Descriptions | undefined,
): JsonSchema {
  for (const [name, schema] of Object.entries(schemas)) {
    if (descriptions) describeType(schema, name, descriptions)
    if (name.startsWith('io.k8s.')) unwrapReferences(schema)
  }
  if (!descriptions) return document
  for (const item of Object.values(document.paths as Record<string, JsonSchema>))
    describeParameters(item, descriptions)
  return document
}

/** A reference that nothing is said beside stands by itself. */
function unwrapReferences({ properties }: JsonSchema): void {
  const fields = (properties ?? {}) as Record<string, JsonSchema>
  for (const [name, property] of Object.entries(fields)) {
    const [only, ...others] = (property.allOf ?? []) as JsonSchema[]
    if (only && others.length === 0 && Object.keys(property).length === 1) fields[name] = only
  }
}

const typeWords = ['apiVersion', 'kind'] as const
const example = 'io.k8s.api.core.v1.Pod'
const exampleList = 'io.k8s.api.core.v1.PodList'

function describeType(schema: JsonSchema, name: string, { types }: Descriptions): void {
  const known = types[name]
  // Custom kinds and lists have no words of their own for what all objects have.
  const common = types[schema.required && name.endsWith('List') ? exampleList : example] ?? {}
  if (known?.['']) schema.description ??= known['']
  const properties = schema.properties as Record<string, JsonSchema> | undefined
  if (!properties) return
  for (const [field, property] of Object.entries(properties)) {
    const isTyped = field === 'metadata' || typeWords.includes(field as 'kind')
    const text = known?.[field] ?? (known || !isTyped ? undefined : common[field])
    if (text) properties[field] = { ...property, description: property.description ?? text }
  }
}

function describeParameters(item: JsonSchema, { parameters }: Descriptions): void {
  const holders = [item, ...Object.values(item)] as { parameters?: JsonSchema[] }[]
  for (const holder of holders) {
    for (const parameter of holder.parameters ?? []) {
      const text = parameter.name === 'name' ? nameOf(item) : parameters[String(parameter.name)]
      if (text && parameter.in !== 'body') parameter.description = text
    }
  }
}

/** Of which object a path tells the name. */
function nameOf(item: JsonSchema): string | undefined {
  const [operation] = Object.values(item).filter(each => !Array.isArray(each)) as JsonSchema[]
  const { kind } = (operation?.['x-kubernetes-group-version-kind'] ?? {}) as { kind?: string }
  return kind && `name of the ${kind}`
}
