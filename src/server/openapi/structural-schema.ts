/** Schemas of custom kinds as upstream has understood them, which is how it publishes them (apiserver/schema NewStructural, Unfold). */
import type { JSONSchemaProps } from '../../api/types/apiextensions-v1.gen.ts'

type Name = keyof JSONSchemaProps

/** What is said of a value itself: as it is written, but nothing that says nothing. */
const plain: readonly Name[] = [
  ...(['type', 'title', 'description', 'nullable', 'default', 'format', 'pattern', 'enum'] as const),
  ...(['maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'multipleOf'] as const),
  ...(['maxLength', 'minLength', 'maxItems', 'minItems', 'maxProperties', 'minProperties'] as const),
  ...(['uniqueItems', 'required', 'x-kubernetes-preserve-unknown-fields'] as const),
  ...(['x-kubernetes-embedded-resource', 'x-kubernetes-int-or-string', 'x-kubernetes-list-type'] as const),
  ...(['x-kubernetes-list-map-keys', 'x-kubernetes-map-type', 'x-kubernetes-validations'] as const),
]
/** Numbers that are zero say something, and so do defaults. */
const zeros: ReadonlySet<unknown> = new Set([undefined, null, false, ''])

/** A copy of what counts of a schema: its example and its other documents are gone, what may be a number or a text says so. */
export function structural(props: JSONSchemaProps): JSONSchemaProps {
  const out: JSONSchemaProps = { ...own(props), ...inside(props, structural) }
  return props['x-kubernetes-int-or-string'] ? unfold(out) : out
}

/** Of a branch of a junctor, which describes values that are described already. */
function branch(props: JSONSchemaProps): JSONSchemaProps {
  const { additionalProperties: _, ...members } = inside(props, branch)
  return { ...own(props), ...members }
}

function own(props: JSONSchemaProps): JSONSchemaProps {
  const given = plain.filter(name => (name === 'default' ? props[name] != null : isSaid(props[name])))
  return Object.fromEntries(given.map(name => [name, props[name]]))
}

function isSaid(value: unknown): boolean {
  return !zeros.has(value) && !(Array.isArray(value) && value.length === 0)
}

type Follow = (props: JSONSchemaProps) => JSONSchemaProps

function inside(props: JSONSchemaProps, follow: Follow): JSONSchemaProps {
  const { properties = {}, items, additionalProperties: more, not } = props
  const out: JSONSchemaProps = {}
  const entries = Object.entries(properties)
  if (entries.length > 0)
    out.properties = Object.fromEntries(entries.map(([name, each]) => [name, follow(each)]))
  if (items && !Array.isArray(items)) out.items = follow(items as JSONSchemaProps)
  if (more !== undefined)
    out.additionalProperties = typeof more === 'object' ? follow(more as JSONSchemaProps) : more
  for (const junctor of ['allOf', 'anyOf', 'oneOf'] as const)
    if (isSaid(props[junctor])) out[junctor] = props[junctor]!.map(branch)
  if (not) out.not = branch(not)
  return out
}

const either: readonly JSONSchemaProps[] = [{ type: 'integer' }, { type: 'string' }]

/** A value that may be a number or a text says so in words that all readers know. */
function unfold(props: JSONSchemaProps): JSONSchemaProps {
  const { anyOf, allOf = [] } = props
  if (isEither(anyOf) || isEither(allOf[0]?.anyOf)) return props
  if (!anyOf) return { ...props, anyOf: [...either] }
  return { ...props, allOf: [{ anyOf: [...either] }, ...allOf] }
}

function isEither(branches: readonly JSONSchemaProps[] | undefined): boolean {
  return branches?.length === 2 && either.every(({ type }, index) => branches[index]!.type === type)
}
