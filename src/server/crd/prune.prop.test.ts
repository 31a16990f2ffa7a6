import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { prune } from '../../api/apiextensions/prune.ts'
import type { JSONSchemaProps } from '../../api/types/apiextensions-v1.gen.ts'
import type { JsonMap } from '../../machinery/meta/json.ts'
import { cloneDeep } from '../../machinery/meta/value.ts'
import { applySchemaDefaults } from '../../machinery/schema/defaults.ts'
import { toObjectSchema } from './structural.ts'

const names = fc.constantFrom('a', 'b', 'c', 'd')

const { node } = fc.letrec<{ node: JSONSchemaProps }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4 },
    fc.record({ type: fc.constant('string'), default: fc.constant('x'), nullable: fc.boolean() }),
    fc.record({ type: fc.constant('integer') }),
    fc.record({ type: fc.constant('object'), 'x-kubernetes-preserve-unknown-fields': fc.constant(true) }),
    fc.record({ type: fc.constant('object'), properties: fc.dictionary(names, tie('node'), { maxKeys: 3 }) }),
    fc.record({ type: fc.constant('object'), additionalProperties: tie('node') }),
    fc.record({ type: fc.constant('array'), items: tie('node') }),
  ),
}))

const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, 'x', 1, true),
    fc.dictionary(names, tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}))

function settle(schema: JSONSchemaProps, object: JsonMap): JsonMap {
  const settled = cloneDeep(object)
  prune(schema, settled)
  applySchemaDefaults(toObjectSchema(schema), settled)
  return settled
}

test('pruning and defaulting what is settled changes nothing, whatever the schema and the object', () => {
  fc.assert(
    fc.property(node, value, (spec, given) => {
      const schema: JSONSchemaProps = { type: 'object', properties: { spec } }
      const once = settle(schema, { spec: given, other: 1 })
      expect(settle(schema, once)).toEqual(once)
      expect(prune(schema, cloneDeep(once))).toEqual([])
      expect(once).not.toHaveProperty('other')
    }),
  )
})
