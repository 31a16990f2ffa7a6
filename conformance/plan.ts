import { type Selection, select } from './names.ts'
import type { Options } from './options.ts'
import type { Entry, Results } from './results.ts'

/** What a run was begun for: kept in its folder, so that a later one can go on with it. */
export interface Plan {
  /** ISO 8601. */
  readonly since: string
  readonly names: readonly string[]
}

/** A new run: the tests that the words select, of these only those with one of the results that are asked for. */
export function begin(
  names: readonly string[],
  options: Selection & Pick<Options, 'last'>,
  { tests }: Results,
  since: string,
): Plan {
  const last = new Map(tests.map(({ name, result }) => [name, result]))
  const wanted: readonly string[] = options.last
  const selected = select(names, options)
  return {
    since,
    names:
      wanted.length === 0 ? selected : selected.filter(name => wanted.includes(last.get(name) ?? 'notrun')),
  }
}

/** What a run has not ended yet, and the words select: those alone that say something. */
export function remaining({ since, names }: Plan, words: Selection, ended: readonly Entry[]): string[] {
  const done = new Set(ended.flatMap(({ name, date }) => (date >= since ? [name] : [])))
  return select(names, words).filter(name => !done.has(name))
}
