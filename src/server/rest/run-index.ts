/** Which objects of a run have a value, so that a selector that names it looks at no others. */
import type { Resource } from '../../api/define.ts'
import type { KubeObject } from '../../machinery/meta/object.ts'
import type { Servable } from '../context.ts'
import type { CachedObject } from '../watchcache/index.ts'
import { presentRun } from './views.ts'

type Run = readonly Servable[]
type Places = ReadonlyMap<string, readonly number[]>

/** One of these values is what an object must have to be selected. */
export interface ExactTerm {
  /** A label's key, or the function that reads a field. */
  readonly of: string | ((object: KubeObject) => string)
  readonly values: readonly string[]
  /** What metrics call the index; labels, of which anybody can think up new ones, have none. */
  readonly name?: string
}

/** A run as a version of its kind shows it, and where in it which value lies. */
interface RunIndex {
  readonly resource: Resource
  readonly of: ExactTerm['of']
  readonly shown: Run
  readonly places: Places
}

/** Keys that nobody has cost as much as others: of a run the ones that were asked for last are remembered. */
const indexesMax = 8
const indexes = new WeakMap<readonly CachedObject[], RunIndex[]>()

/** The index of a run by what a term is about. It is made at the first asking, and kept while the run is the same. */
export function indexOf(resource: Resource, run: readonly CachedObject[], { of }: ExactTerm): RunIndex {
  let known = indexes.get(run)
  if (!known) {
    known = []
    indexes.set(run, known)
  }
  for (const index of known) if (index.of === of && index.resource === resource) return index
  const shown = presentRun(resource, run)
  const made = { resource, of, shown, places: placesBy(shown, of) }
  if (known.push(made) > indexesMax) known.shift()
  return made
}

/** Where those lie that have one of the term's values, in order. */
export function placesOf({ places }: RunIndex, { values }: ExactTerm): readonly number[] {
  if (values.length === 1) return places.get(values[0]!) ?? nowhere
  return [...new Set(values)].flatMap(value => places.get(value) ?? nowhere).sort((a, b) => a - b)
}

const nowhere: readonly number[] = []

function placesBy(run: Run, of: ExactTerm['of']): Places {
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
