/** Which objects of a run have a value, so that a selector that names it looks at no others. */
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Servable } from '../context.ts'
import { memo } from './memo.ts'

type Run = readonly Servable[]
type Places = ReadonlyMap<string, readonly number[]>

/** One of these values is what an object must have to be selected. */
export interface ExactTerm {
  /** A label's key, or the function that reads a field. */
  readonly of: string | ((object: KubeObject) => string)
  readonly values: readonly string[]
}

/** Keys that nobody has cost as much as others: those of a run that were asked for before so many others are forgotten. */
const termsMax = 8
const indexes = new WeakMap<Run, Map<ExactTerm['of'], Places>>()

/** Where in `run` those lie that have one of the term's values, in order. What is found out is kept while the run is the same. */
export function placesOf(run: Run, { of, values }: ExactTerm): readonly number[] {
  const byName = memo(indexes, run, () => new Map<ExactTerm['of'], Places>())
  if (byName.size >= termsMax && !byName.has(of)) byName.clear()
  const places = memo(byName, of, () => indexBy(run, of))
  if (values.length === 1) return places.get(values[0]!) ?? nowhere
  return [...new Set(values)].flatMap(value => places.get(value) ?? nowhere).sort((a, b) => a - b)
}

const nowhere: readonly number[] = []

function indexBy(run: Run, of: ExactTerm['of']): Places {
  const places = new Map<string, number[]>()
  run.forEach(({ object }, place) => {
    const value = typeof of === 'string' ? labelOf(object, of) : of(object)
    if (value === undefined) return
    const same = places.get(value)
    if (same) same.push(place)
    else places.set(value, [place])
  })
  return places
}

function labelOf({ metadata: { labels } }: KubeObject, key: string): string | undefined {
  return labels && Object.hasOwn(labels, key) ? labels[key] : undefined
}
