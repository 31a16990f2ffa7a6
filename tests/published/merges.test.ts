/** The cases of structured-merge-diff's own Merge, against what Hutch merges through the same schemas. */
import { describe, expect, test } from 'bun:test'
import { mergeValues } from '../../src/machinery/apply/index.ts'
import { Atoms } from './atoms.ts'
import { literals, mergeTest, unread } from './published.ts'

const missing = unread(mergeTest)

describe.skipIf(missing !== undefined)('structured-merge-diff merges', () => {
  const cases = missing === undefined ? literals(mergeTest, 'mergeCases').mergeCases : []
  interface Published {
    readonly name: string
    readonly rootTypeName: string
    readonly schema: string
    readonly triplets: readonly (readonly [string, string, string])[]
  }
  const listed = cases as readonly Published[]

  test('there are cases', () => expect(listed.length).toBeGreaterThan(missing === undefined ? 5 : 0))

  test.each(listed.map(entry => [entry.name, entry] as const))('%s', (_, entry) => {
    const schema = new Atoms(entry.schema).schemaOf({ namedType: entry.rootTypeName })
    for (const [live, applied, wanted] of entry.triplets) {
      const merged = mergeValues(schema, JSON.parse(live), JSON.parse(applied))
      expect(merged, `${live} ${applied}`).toEqual(JSON.parse(wanted))
    }
    expect(entry.triplets.length).toBeGreaterThan(0)
  })
})
