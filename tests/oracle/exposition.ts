/** Prometheus' text format, as far as servers answer it. */

export interface ToldFamily {
  readonly type: string
  /** Values by name and labels, the bounds of buckets among these; label names in the order in which they stand. */
  readonly series: ReadonlyMap<string, number>
}

/** Families by name. */
export type Exposition = ReadonlyMap<string, ToldFamily>

/** Reads the answer of a `/metrics`. */
export function readExposition(text: string): Exposition {
  const families = new Map<string, { type: string; series: Map<string, number> }>()
  let current = { type: '', series: new Map<string, number>() }
  for (const line of text.split('\n')) {
    const [, name, type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (name !== undefined) {
      current = { type, series: new Map() }
      families.set(name, current)
    } else if (line !== '' && !line.startsWith('#')) {
      const space = line.lastIndexOf(' ')
      current.series.set(line.slice(0, space), Number(line.slice(space + 1)))
    }
  }
  return families
}

const labelPattern = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** The labels of a series, without the bounds of buckets and quantiles. */
export function labelsOf(series: string): ReadonlyMap<string, string> {
  const pairs = [...series.matchAll(labelPattern)].map(([, name = '', value = '']) => [name, value] as const)
  return new Map(pairs.filter(([name]) => name !== 'le' && name !== 'quantile'))
}

/** Label names and bounds of buckets that a family's series have. */
export function shapeOf({ type, series }: ToldFamily): string {
  const names = new Set([...series.keys()].map(each => [...labelsOf(each).keys()].join(',')))
  const bounds = new Set([...series.keys()].flatMap(each => /le="([^"]*)"/.exec(each)?.[1] ?? []))
  return `${type} {${[...names].toSorted().join(' | ')}} [${[...bounds].join(' ')}]`
}
