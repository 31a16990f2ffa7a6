/**
 * The cases of the JSON patch library that upstream uses (RFC 6902, RFC 7386) and of apimachinery's strategicpatch,
 * against what Hutch makes of the same documents and patches.
 */
import { describe, expect, test } from 'bun:test'
import { parse } from 'yaml'
import { field, struct } from '../../src/machinery/apply/testing.ts'
import { applyJsonPatch, applyMergePatch, applyStrategicPatch } from '../../src/machinery/patch/index.ts'
import type { Field, ObjectSchema } from '../../src/machinery/schema/schema.ts'
import { jsonPatchModule, literals, strategicPatchTest, unread } from './published.ts'

const patchTest = `${jsonPatchModule}/patch_test.go`
const mergePatchTest = `${jsonPatchModule}/merge_test.go`
const missing = unread(patchTest, mergePatchTest, strategicPatchTest)

describe.skipIf(missing !== undefined)('the JSON patch library', () => {
  const read = missing === undefined
  const cases = read ? literals(patchTest, 'Cases', 'MutationTestCases', 'BadCases', 'TestCases') : {}
  const rfc = read ? literals(mergePatchTest, 'rfcTests', 'rfcFailTests') : {}
  /** Documents that were computed in Go are null here. */
  const written = (list: unknown) =>
    ((list ?? []) as unknown[][]).filter(entry => typeof entry[0] === 'string' && entry[0] !== '')
  const apply = (document: string, patch: string) =>
    applyJsonPatch<unknown>(JSON.parse(document), JSON.parse(patch))

  test('what applies', () => {
    const all = written(cases.Cases) as string[][]
    expect(all.length).toBeGreaterThan(25)
    for (const [document, patch, wanted] of all) {
      const applied = apply(document!, patch!)
      // The library's own test compares objects alone: what it wrote for lists was never held against anything.
      if (document!.startsWith('{')) expect(applied, patch).toEqual(JSON.parse(wanted!))
    }
  })

  test('what changes something', () => {
    for (const [document, patch] of written(cases.MutationTestCases) as string[][]) {
      expect(apply(document!, patch!), patch).not.toEqual(JSON.parse(document!))
    }
  })

  test('what is refused', () => {
    const all = written(cases.BadCases) as string[][]
    expect(all.length).toBeGreaterThan(15)
    for (const [document, patch] of all) expect(() => apply(document!, patch!), patch).toThrow()
  })

  test('what tests true, and what does not', () => {
    const all = written(cases.TestCases) as [string, string, boolean, string][]
    expect(all.length).toBeGreaterThan(10)
    for (const [document, patch, holds, path] of all) {
      expect(
        failure(() => apply(document, patch)),
        patch,
      ).toBe(holds ? undefined : `testing value ${path} failed: test failed`)
    }
  })

  test('RFC 7386, of objects', () => {
    const all = (rfc.rfcTests as Record<'target' | 'patch' | 'expected', string>[]).filter(
      entry => entry.patch.startsWith('{') && entry.target.startsWith('{'),
    )
    expect(all.length).toBeGreaterThan(9)
    for (const { target, patch, expected } of all) {
      expect(applyMergePatch(JSON.parse(target), JSON.parse(patch)), patch).toEqual(JSON.parse(expected))
    }
    for (const line of (rfc.rfcFailTests as string).trim().split('\n')) {
      const [target, patch] = line.split('|').map(text => JSON.parse(text))
      if (patch !== null) expect(() => applyMergePatch(target, patch), line).toThrow()
    }
  })
})

/** What the library said; clients see the API server's general 422 instead. */
function failure(attempt: () => unknown): unknown {
  try {
    attempt()
    return undefined
  } catch (error) {
    return ((error as Error).cause as Error).message
  }
}

/** The test's MergeItem, with the directives of its struct tags. */
function mergeItemSchema(): ObjectSchema {
  const own = new Map<string, Field>()
  const item: ObjectSchema = { kind: 'object', name: 'strategicpatch.MergeItem', fields: own }
  const merges = { patchStrategies: ['merge'], patchMergeKey: 'name' } as const
  const items = { kind: 'list', items: item, listType: 'atomic' } as const
  const integers = { kind: 'list', items: { kind: 'int64' }, listType: 'atomic' } as const
  const texts = ['name', 'value', 'other'].map(name => field(name, 'string'))
  const simpleMap = field('simpleMap', { kind: 'map', values: { kind: 'string' } })
  const lists = [
    field('mergingList', items, merges),
    field('nonMergingList', items),
    field('mergingIntList', integers, { patchStrategies: ['merge'] }),
  ]
  const retaining = struct('RetainKeysMergeItem', ...texts, simpleMap, ...lists)
  const fields = [
    ...texts,
    simpleMap,
    ...lists,
    field('nonMergingIntList', integers),
    field('mergeItemPtr', item, { ...merges, pointer: true }),
    field('replacingItem', 'rawExtension', { patchStrategies: ['replace'] }),
    field('retainKeysMap', retaining, { patchStrategies: ['retainKeys'] }),
    field('retainKeysMergingList', items, {
      patchStrategies: ['merge', 'retainKeys'],
      patchMergeKey: 'name',
    }),
  ]
  for (const entry of fields) own.set(entry.name, entry)
  return item
}

interface Case {
  readonly description: string
  readonly refusal?: string
  /** Lists that merge are in any order, as upstream's test sorts them. */
  readonly anyOrder: boolean
  readonly documents: Readonly<Record<string, unknown>>
}

/** Either spelling of upstream's: documents of one YAML, or each its own YAML in a Go literal. */
function casesOf(published: unknown): Case[] {
  if (typeof published === 'string') {
    return parse(published).testCases.map(({ description, ...documents }: Record<string, unknown>) => {
      return { description, anyOrder: true, documents }
    })
  }
  return (published as Record<string, unknown>[]).map(entry => {
    const { ExpectedError, ...texts } = entry.StrategicMergePatchRawTestCaseData as Record<string, string>
    const read = Object.entries(texts).map(([name, text]) => [
      name[0]!.toLowerCase() + name.slice(1),
      parse(text),
    ])
    const described = { description: String(entry.Description), anyOrder: false }
    return { ...described, refusal: ExpectedError, documents: Object.fromEntries(read) }
  })
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.keys(value)
      .toSorted()
      .map(key => [key, sorted((value as Record<string, unknown>)[key])]),
  )
}

describe.skipIf(missing !== undefined)('strategicpatch', () => {
  const sizes = {
    customStrategicMergePatchTestCaseData: 15,
    createStrategicMergePatchTestCaseData: 15,
    customStrategicMergePatchRawTestCases: 10,
    strategicMergePatchRawTestCases: 90,
    replaceRawExtensionPatchTestCases: 2,
  }
  const published = missing === undefined ? literals(strategicPatchTest, ...Object.keys(sizes)) : {}
  const schema = mergeItemSchema()

  const check = (entry: Case, original: unknown, patch: unknown, wanted: unknown) => {
    const attempt = () => applyStrategicPatch(schema, (original ?? {}) as object, patch)
    const seen = (value: unknown) => (entry.anyOrder ? sorted(value) : value)
    if (entry.refusal) expect(attempt, entry.description).toThrow(entry.refusal)
    else expect(seen(attempt()), entry.description).toEqual(seen(wanted ?? {}))
  }

  test.each(Object.entries(sizes))('%s', (name, atLeast) => {
    let asked = 0
    for (const entry of casesOf(published[name])) {
      const { original, modified, current, twoWay, threeWay, result, twoWayResult } = entry.documents
      if (twoWay) check(entry, original, twoWay, twoWayResult ?? modified)
      if (threeWay && result) check(entry, current, threeWay, result)
      asked += Number(Boolean(twoWay)) + Number(Boolean(threeWay && result))
    }
    expect(asked).toBeGreaterThanOrEqual(atLeast)
  })
})
