/** The schema of a custom kind as documents show it (apiextensions-apiserver controller/openapi/builder). */
import type { Resource } from '../../api/define.ts'
import type { JSONSchemaProps } from '../../api/types/apiextensions-v1.gen.ts'
import type { Definitions, JsonSchema } from './schema-json.ts'
import { definitionName } from './schema-json.ts'
import { structural } from './structural-schema.ts'

const text = { type: 'string' }

/** Defines a custom kind: `example.com/v1 Widget` is `com.example.v1.Widget`. */
export function defineCustom(
  { group, version, kind, selectableFields, schema: known }: Resource,
  definitions: Definitions,
  written: JsonSchema,
): JsonSchema {
  const props = structural(written as JSONSchemaProps)
  const isV2 = definitions.version === 'v2'
  const meta = known.fields.get('metadata')?.schema
  const metadata = meta?.kind === 'object' && meta.name ? definitions.refer(meta) : { type: 'object' }
  const { properties, ...rest } = isV2 ? toV2(props) : props
  const isFree = isV2 && Boolean(props['x-kubernetes-preserve-unknown-fields'] || props.nullable)
  // A description may stand beside a reference in version 2 alone.
  const typed = { apiVersion: text, kind: text, metadata: isV2 ? metadata : { allOf: [metadata] } }
  const embedded = embedMeta(properties ?? {}, { metadata: typed.metadata, isV2 })
  const shape: JsonSchema = isFree
    ? { type: 'object' }
    : { ...rest, type: 'object', properties: { ...embedded, ...typed } }
  return definitions.define(`${definitionName(`${group}/${version}`)}.${kind}`, {
    ...shape,
    ...selectableOf(selectableFields),
  })
}

/** Which fields of a custom kind can be selected by. */
export function selectableOf(selectableFields: Resource['selectableFields']): JsonSchema {
  const paths = Object.keys(selectableFields)
  return paths.length === 0
    ? {}
    : { 'x-kubernetes-selectable-fields': paths.map(fieldPath => ({ fieldPath })) }
}

interface Embedding {
  readonly metadata: JsonSchema
  readonly isV2: boolean
}

/** Whole objects inside have type and metadata, whatever their schema says; readers of version 2 take none beside what is free. */
function embedMeta(
  properties: Record<string, JSONSchemaProps>,
  how: Embedding,
): Record<string, JSONSchemaProps> {
  const entries = Object.entries(properties)
  return Object.fromEntries(entries.map(([name, each]) => [name, embedIn(each, how)]))
}

function embedIn(props: JSONSchemaProps, how: Embedding): JSONSchemaProps {
  const { properties, items, additionalProperties } = props
  const out: JSONSchemaProps = { ...props }
  if (properties) out.properties = embedMeta(properties, how)
  if (items && !Array.isArray(items)) out.items = embedIn(items, how)
  if (typeof additionalProperties === 'object') out.additionalProperties = embedIn(additionalProperties, how)
  const isFree = how.isV2 && props['x-kubernetes-preserve-unknown-fields']
  if (!props['x-kubernetes-embedded-resource'] || isFree) return out
  const { metadata } = how
  const typed = { apiVersion: text, kind: text, metadata } as Record<string, JSONSchemaProps>
  const required = new Set([...(props.required ?? []), 'kind', 'apiVersion'])
  return { ...out, required: [...required], properties: { ...out.properties, ...typed } }
}

/** Version 2 has no junctors and no null, and its readers trip over types of what is free. */
function toV2(props: JSONSchemaProps): JSONSchemaProps {
  const { allOf: _all, anyOf: _any, oneOf: _one, not: _not, default: _default, ...kept } = props
  const out: JSONSchemaProps = { ...kept }
  const isFree = out['x-kubernetes-preserve-unknown-fields'] ?? false
  if (out.nullable) {
    delete out.type
    delete out.nullable
  }
  if (props.nullable || isFree) {
    delete out.items
    delete out.properties
  }
  if (out.type === 'array' && !out.items) delete out.type
  if (isFree && out.type === 'object') delete out.type
  return withV2Children(out)
}

function withV2Children(props: JSONSchemaProps): JSONSchemaProps {
  const { properties, items, additionalProperties, required } = props
  const out: JSONSchemaProps = { ...props }
  if (properties) {
    const entries = Object.entries(properties)
    out.properties = Object.fromEntries(entries.map(([name, each]) => [name, toV2(each)]))
    const nullable = new Set(entries.filter(([, each]) => each.nullable).map(([name]) => name))
    if (required && nullable.size > 0) out.required = required.filter(name => !nullable.has(name))
    if (out.required?.length === 0) delete out.required
  }
  if (items && !Array.isArray(items)) out.items = toV2(items)
  if (typeof additionalProperties === 'object') {
    out.additionalProperties = toV2(additionalProperties)
    if (additionalProperties.nullable) delete out.required
  }
  return out
}
