import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { judge, sumOf } from './consult.ts'
import type { ListedDifference } from './listed.ts'
import { stockMissing } from './stock.ts'

/** Building the stock programs takes minutes, once. */
const buildMs = 20 * 60_000
const closeMs = 240_000

interface Comparison<S> {
  /** What is compared, as a skip tells it. */
  readonly subject: string
  /** What holds when nothing unlisted differs. */
  readonly claim: string
  readonly open: () => Promise<S>
  readonly compare: (stage: S) => Promise<void>
  readonly limitMs?: number
}

/** A test on a stage beside a stock control plane; skipped by name where there can be none. */
export function besideStock<S extends { close(): Promise<void> }>(comparison: Comparison<S>): void {
  const { subject, claim, open, compare, limitMs = 15 * 60_000 } = comparison
  const missing = stockMissing()
  if (missing) console.warn(`SKIP ${subject} beside a stock control plane: ${missing}`)
  describe.skipIf(missing !== undefined)(`${subject} beside a stock control plane`, () => {
    let stage: S
    beforeAll(async () => {
      stage = await open()
    }, buildMs)
    afterAll(() => stage?.close(), closeMs)
    test(claim, () => compare(stage), limitMs)
  })
}

/** Fails for what nobody listed; tells `scenarios: 0 unlisted differences, 3 listed`. */
export function expectListed(
  title: string,
  places: readonly string[],
  list: readonly ListedDifference[],
): void {
  const { unlisted, listed } = judge(places, list)
  console.log(`${title}: ${unlisted.length} unlisted differences, ${sumOf(listed)} listed`)
  expect(unlisted).toEqual([])
}
