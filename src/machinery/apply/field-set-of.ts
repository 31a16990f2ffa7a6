import type { JsonMap } from '../meta/json.ts'
import { isMap } from '../meta/json.ts'
import type { ListSchema, Schema } from '../schema/schema.ts'
import { itemsByElement } from './compare.ts'
import type { FieldNode, FieldSet } from './field-set.ts'
import { leaf, nodeOf } from './field-set.ts'
import { isAlwaysLeaf, isDeclared, memberSchema, shapeOf } from './typed.ts'

/** The paths that an object mentions: what applying it claims (structured-merge-diff ToFieldSet). */
export function fieldSetOf(schema: Schema, object: JsonMap): FieldSet {
  return setOfValue(schema, object)
}

function setOfValue(schema: Schema, value: unknown): FieldSet {
  // Its members are nobody's: upstream's type of it is one value.
  const shape = schema.kind === 'rawExtension' ? 'leaf' : shapeOf(schema, value)
  if (shape === 'leaf') return leaf
  if (value === null) return undefined
  return shape === 'map'
    ? setOfMap(schema, value as JsonMap)
    : setOfList(schema as ListSchema, value as unknown[])
}

function setOfMap(schema: Schema, map: JsonMap): FieldSet {
  const children: Record<string, FieldNode> = {}
  const isPlain = schema.kind === 'map' && isAlwaysLeaf(schema.values)
  for (const key of Object.keys(map)) {
    const value = map[key]
    if (isPlain && typeof value === 'string') {
      children[`f:${key}`] = leaf
      continue
    }
    const below = setOfValue(memberSchema(schema, key), value)
    const named =
      value === null || (isMap(value) && Object.keys(value).length === 0) || !isDeclared(schema, key)
    const node = withSelf(below, named)
    if (node) children[`f:${key}`] = node
  }
  return nodeOf(false, children)
}

function setOfList(schema: ListSchema, list: unknown[]): FieldSet {
  const children: Record<string, FieldNode> = {}
  for (const [element, items] of itemsByElement(schema, list)) {
    children[element] = items.length > 1 ? leaf : withSelf(setOfValue(schema.items, items[0]), true)!
  }
  return nodeOf(false, children)
}

function withSelf(node: FieldSet, member: boolean): FieldSet {
  if (!member) return node
  return node && node !== leaf ? nodeOf(true, { ...node }) : leaf
}
