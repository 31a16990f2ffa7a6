import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { compare, applyPatch as referencePatch } from 'fast-json-patch'
import { applyJsonPatch, applyMergePatch } from './index.ts'

const keys = fc.constantFrom('a', 'b', '~', '/', '0')
const documents = fc.dictionary(keys, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })

test('the difference of two documents turns the one into the other', () => {
  fc.assert(
    fc.property(documents, documents, (a, b) => {
      const patch = compare(a, b)
      expect(applyJsonPatch<unknown>(a, patch)).toEqual(referencePatch(structuredClone(a), patch).newDocument)
    }),
  )
})

const noNulls = fc.dictionary(
  keys,
  fc.oneof(fc.integer(), fc.string(), fc.array(fc.integer()), fc.dictionary(keys, fc.integer())),
  { maxKeys: 4 },
)

const patches = fc.dictionary(
  keys,
  fc.oneof(
    fc.integer(),
    fc.constant(null),
    fc.array(fc.integer()),
    fc.dictionary(keys, fc.option(fc.integer(), { nil: null })),
  ),
  { maxKeys: 4 },
)

test('merging nothing or itself changes nothing, and merging twice is merging once', () => {
  fc.assert(
    fc.property(noNulls, patches, (document, patch) => {
      expect(applyMergePatch(document, {})).toEqual(document)
      expect(applyMergePatch(document, document)).toEqual(document)
      const once = applyMergePatch<object>(document, patch)
      expect(applyMergePatch(once, patch)).toEqual(once)
    }),
  )
})
